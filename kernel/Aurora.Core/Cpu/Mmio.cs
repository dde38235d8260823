// The only way to device registers. A plain pointer access may be merged, moved out of a loop or dropped by the compiler, so every read
// is an acquire and every write a release of exactly the named width.
using System.Runtime.CompilerServices;
using System.Threading;

namespace Aurora.Core;

/// <summary>Reads and writes of memory-mapped registers.</summary>
public static unsafe class Mmio
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Read8(void* address) => Volatile.Read(ref *(byte*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Read16(void* address) => Volatile.Read(ref *(ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Read32(void* address) => Volatile.Read(ref *(uint*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read64(void* address) => Volatile.Read(ref *(ulong*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write8(void* address, byte value) => Volatile.Write(ref *(byte*)address, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write16(void* address, ushort value) => Volatile.Write(ref *(ushort*)address, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write32(void* address, uint value) => Volatile.Write(ref *(uint*)address, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write64(void* address, ulong value) => Volatile.Write(ref *(ulong*)address, value);
}
