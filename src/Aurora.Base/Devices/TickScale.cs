using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>
/// Converts between two rates without a 128-bit multiplication: result = ticks × (to ÷ from), rounded down, without overflow.
/// </summary>
public readonly struct TickScale
{
    public const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>to ÷ from as a 32.32 fixed-point number.</summary>
    public readonly ulong Factor;

    private TickScale(ulong factor) => Factor = factor;

    /// <summary>The scale between equal rates.</summary>
    public static TickScale Same => new(1UL << 32);

    /// <summary>The scale from one frequency to another; both in hertz, the ratio below 2^32.</summary>
    public static TickScale Between(ulong fromHertz, ulong toHertz) => new((ulong)(((UInt128)toHertz << 32) / fromHertz));

    // The four products of the halves: without BMI2 Math.BigMul is five times as long.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Convert(ulong ticks)
    {
        ulong high = ticks >> 32;
        ulong low = (uint)ticks;
        ulong whole = Factor >> 32;
        ulong fraction = (uint)Factor;
        return ((high * whole) << 32) + (high * fraction) + (low * whole) + ((low * fraction) >> 32);
    }
}
