using System;
using Aurora.Base;
namespace Aurora.Memory;
#pragma warning disable CA1801, IDE0060
/// <summary>The only way the kernel touches user memory: any address and length is safe.</summary>
public sealed unsafe class UserMemory
{
    public UserMemory(MemoryManager memory) { }
    public AccessResult Read(AddressSpace* space, VirtualAddress address, Span<byte> destination) { Later(); return default; }
    public AccessResult Write(AddressSpace* space, VirtualAddress address, ReadOnlySpan<byte> source) { Later(); return default; }
    public AccessResult Read<T>(AddressSpace* space, VirtualAddress address, out T value) where T : unmanaged { Later(); value = default; return default; }
    public AccessResult Write<T>(AddressSpace* space, VirtualAddress address, in T value) where T : unmanaged { Later(); return default; }
    public AccessResult Fill(AddressSpace* space, VirtualAddress address, ulong length, byte value) { Later(); return default; }
    /// <summary>Reads up to and without the NUL; Bytes is the length. TooLong when the buffer ends first.</summary>
    public AccessResult ReadString(AddressSpace* space, VirtualAddress address, Span<byte> buffer) { Later(); return default; }
    public AccessResult ReadVectors(AddressSpace* space, VirtualAddress address, Span<UserVector> vectors) { Later(); return default; }
    /// <summary>Makes every page of a range accessible now, so that the following copy cannot fail or wait.</summary>
    public AccessResult Probe(AddressSpace* space, VirtualAddress address, ulong length, bool write) { Later(); return default; }
    /// <summary>The direct-map address of an aligned word, for atomic operations (futex). Valid until the kernel next sleeps.</summary>
    public AccessResult Locate(AddressSpace* space, VirtualAddress address, bool write, out byte* pointer) { Later(); pointer = null; return default; }
    private static void Later() => Panic.Fail("memory: not wired up"u8);
}
