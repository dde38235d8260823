// The only way the kernel touches a program's memory: each page is found by walking the program's page table in software, a missing one
// goes through the fault handler like the program's own access, and the bytes are copied through the direct map. No address or length can
// hurt: whatever is not the program's is a Fault. Pages stay accessible until the kernel sleeps. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Copies between the kernel and user memory.</summary>
public sealed unsafe class UserMemory
{
    private readonly Faults _faults;
    private readonly PageTables _tables;
    private readonly FramePool _frames;

    public UserMemory(MemoryManager memory)
    {
        _faults = memory.Faults;
        _tables = memory.Tables;
        _frames = memory.Frames;
    }

    public AccessResult Read(AddressSpace* space, VirtualAddress address, Span<byte> destination)
    {
        AccessResult result = default;
        while (!destination.IsEmpty && Reach(space, address + result.Bytes, FaultAccess.Read, ref result, out byte* source))
        {
            int count = ChunkAt(address + result.Bytes, destination.Length);
            // SAFETY: source lies in a mapped frame and count stops at the frame's end.
            new ReadOnlySpan<byte>(source, count).CopyTo(destination);
            destination = destination[count..];
            result.Bytes += (ulong)count;
        }
        return result;
    }

    public AccessResult Write(AddressSpace* space, VirtualAddress address, ReadOnlySpan<byte> source)
    {
        AccessResult result = default;
        while (!source.IsEmpty && Reach(space, address + result.Bytes, FaultAccess.Write, ref result, out byte* destination))
        {
            int count = ChunkAt(address + result.Bytes, source.Length);
            // SAFETY: destination lies in a frame mapped writable and count stops at the frame's end.
            source[..count].CopyTo(new Span<byte>(destination, count));
            source = source[count..];
            result.Bytes += (ulong)count;
        }
        return result;
    }

    public AccessResult Fill(AddressSpace* space, VirtualAddress address, ulong length, byte value)
    {
        AccessResult result = default;
        while (result.Bytes < length && Reach(space, address + result.Bytes, FaultAccess.Write, ref result, out byte* destination))
        {
            ulong left = length - result.Bytes;
            int count = ChunkAt(address + result.Bytes, left > PageSize.Bytes ? PageSize.Bytes : (int)left);
            // SAFETY: as in Write.
            new Span<byte>(destination, count).Fill(value);
            result.Bytes += (ulong)count;
        }
        return result;
    }

    /// <summary>Reads a blittable value of any alignment.</summary>
    public AccessResult Read<T>(AddressSpace* space, VirtualAddress address, out T value)
        where T : unmanaged
    {
        AccessResult result = default;
        if (address.PageOffset + (ulong)sizeof(T) <= PageSize.Bytes)
        {
            value = default;
            if (Reach(space, address, FaultAccess.Read, ref result, out byte* source))
            {
                // SAFETY: the value lies within one mapped frame.
                value = Unsafe.ReadUnaligned<T>(source);
                result.Bytes = (ulong)sizeof(T);
            }
            return result;
        }
        value = default;
        return Read(space, address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    /// <summary>Writes a blittable value of any alignment.</summary>
    public AccessResult Write<T>(AddressSpace* space, VirtualAddress address, in T value)
        where T : unmanaged
    {
        AccessResult result = default;
        if (address.PageOffset + (ulong)sizeof(T) > PageSize.Bytes)
            return Write(space, address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
        if (Reach(space, address, FaultAccess.Write, ref result, out byte* destination))
        {
            // SAFETY: the value lies within one frame mapped writable.
            Unsafe.WriteUnaligned(destination, value);
            result.Bytes = (ulong)sizeof(T);
        }
        return result;
    }

    /// <summary>Reads a string up to its NUL, which is not stored; Bytes is the length. TooLong when the buffer is full before.</summary>
    public AccessResult ReadString(AddressSpace* space, VirtualAddress address, Span<byte> buffer)
    {
        AccessResult result = default;
        while (Reach(space, address + result.Bytes, FaultAccess.Read, ref result, out byte* source))
        {
            int room = buffer.Length - (int)result.Bytes;
            // The NUL may be just behind a full buffer: look one byte further than there is room.
            int count = ChunkAt(address + result.Bytes, room + 1);
            // SAFETY: as in Read.
            var chunk = new ReadOnlySpan<byte>(source, count);
            int end = chunk.IndexOf((byte)0);
            int text = end >= 0 ? end : count;
            if (text > room)
            {
                result.Status = MemoryStatus.TooLong;
                return result;
            }
            chunk[..text].CopyTo(buffer[(int)result.Bytes..]);
            result.Bytes += (ulong)text;
            if (end >= 0)
                return result;
        }
        return result;
    }

    /// <summary>Reads an array of struct iovec.</summary>
    public AccessResult ReadVectors(AddressSpace* space, VirtualAddress address, Span<UserVector> vectors) =>
        Read(space, address, MemoryMarshal.AsBytes(vectors));

    /// <summary>Makes every page of a range accessible now, so that copies cannot fail or wait until the kernel sleeps.</summary>
    public AccessResult Probe(AddressSpace* space, VirtualAddress address, ulong length, bool write) =>
        Probe(space, address, length, write, null);

    /// <summary>As above, and says where they are, unless <paramref name="found"/> is null.</summary>
    public AccessResult Probe(AddressSpace* space, VirtualAddress address, ulong length, bool write, UserPages* found)
    {
        AccessResult result = default;
        FaultAccess access = write ? FaultAccess.Write : FaultAccess.Read;
        VirtualAddress next = address;
        while (result.Bytes < length && Reach(space, next, access, ref result, out byte* at))
        {
            ulong left = length - result.Bytes;
            ulong inPage = PageSize.Bytes - next.PageOffset;
            ulong bytes = left < inPage ? left : inPage;
            if (found != null)
                found->Add(next, at, bytes);
            result.Bytes += bytes;
            next = address + result.Bytes;
        }
        return result;
    }

    /// <summary>The direct-map address of a naturally aligned word, for atomic operations (futex); valid until the kernel sleeps.</summary>
    public AccessResult Locate(AddressSpace* space, VirtualAddress address, bool write, out byte* pointer)
    {
        AccessResult result = default;
        Reach(space, address, write ? FaultAccess.Write : FaultAccess.Read, ref result, out pointer);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ChunkAt(VirtualAddress address, int wanted)
    {
        int inPage = PageSize.Bytes - (int)address.PageOffset;
        return wanted < inPage ? wanted : inPage;
    }

    // The direct-map address of one user byte. False with the reason in result.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Reach(AddressSpace* space, VirtualAddress address, FaultAccess access, ref AccessResult result, out byte* pointer)
    {
        pointer = Translate(space, address, access);
        return pointer != null || ReachByFault(space, address, access, ref result, out pointer);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Translate(AddressSpace* space, VirtualAddress address, FaultAccess access)
        => access == FaultAccess.Write ? TranslateForWrite(space, address) : TranslateForRead(space, address);

    private byte* TranslateForRead(AddressSpace* space, VirtualAddress address)
    {
        ulong* entry = _tables.Find(space->Root, address);
        return entry == null || (*entry & PageEntry.Present) == 0 ? null : Shown(*entry, address);
    }

    private byte* TranslateForWrite(AddressSpace* space, VirtualAddress address)
    {
        const ulong needed = PageEntry.Present | PageEntry.Writable;
        ulong* entry = _tables.Find(space->Root, address);
        if (entry == null || (*entry & needed) != needed)
            return null;
        // As the CPU does: an opened page has changed.
        *entry |= PageEntry.Dirty;
        return Shown(*entry, address);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Shown(ulong entry, VirtualAddress address) => _frames.AddressBehind(entry) + address.PageOffset;

    private bool ReachByFault(AddressSpace* space, VirtualAddress address, FaultAccess access, ref AccessResult result, out byte* pointer)
    {
        FaultResult fault = _faults.Handle(space, address, access);
        pointer = fault.Status == MemoryStatus.Ok ? Translate(space, address, access) : null;
        if (pointer != null)
            return true;
        Panic.Unless(fault.Status != MemoryStatus.Ok, "user memory: a resolved fault left the page inaccessible"u8);
        result.Wait = fault.Wait;
        result.Status = fault.Status is MemoryStatus.WouldBlock or MemoryStatus.OutOfMemory ? fault.Status : MemoryStatus.Fault;
        return false;
    }
}
