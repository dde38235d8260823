using System;
using System.Linq;
using Aurora.Memory;

namespace Aurora.Testing;

/// <summary>A vDSO that is none: any bytes. Two of them, as in two boots, never say the same generation.</summary>
public sealed class TestClockSource : ClockSource
{
    private static ulong s_generation;

    /// <summary>What the code page begins with.</summary>
    public static byte[] Bytes { get; } = [.. Enumerable.Range(0, 600).Select(index => (byte)((index * 7) + 1))];

    public override ReadOnlySpan<byte> Image => Bytes;

    public override bool HasProcessor => true;

    /// <inheritdoc/>
    public override ulong NextGeneration() => System.Threading.Interlocked.Increment(ref s_generation);
}
