using System;

namespace Aurora.Hal;

/// <summary>Converts between two rates by one 128-bit multiplication: result = ticks × (to ÷ from), rounded down, without overflow.</summary>
public readonly struct TickScale
{
    public const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>to ÷ from as a 32.32 fixed-point number.</summary>
    private readonly ulong _factor;

    private TickScale(ulong factor) => _factor = factor;

    /// <summary>The scale from one frequency to another; both in hertz, the ratio below 2^32.</summary>
    public static TickScale Between(ulong fromHertz, ulong toHertz) => new((ulong)(((UInt128)toHertz << 32) / fromHertz));

    public ulong Convert(ulong ticks)
    {
        ulong high = Math.BigMul(ticks, _factor, out ulong low);
        return (high << 32) | (low >> 32);
    }
}
