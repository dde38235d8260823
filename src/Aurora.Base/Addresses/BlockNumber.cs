using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>The number of a 4-KiB block on a block device, whatever the device's own sector size.</summary>
public readonly struct BlockNumber : IEquatable<BlockNumber>, IComparable<BlockNumber>
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BlockNumber(ulong value) => Value = value;

    public static BlockNumber operator +(BlockNumber block, ulong count) => new(block.Value + count);

    public bool Equals(BlockNumber other) => Value == other.Value;
    public override bool Equals(object? obj) => obj is BlockNumber other && Equals(other);
    public override int GetHashCode() => Value.GetHashCode();
    public int CompareTo(BlockNumber other) => Value.CompareTo(other.Value);
    public static bool operator ==(BlockNumber left, BlockNumber right) => left.Value == right.Value;
    public static bool operator !=(BlockNumber left, BlockNumber right) => left.Value != right.Value;
    public static bool operator <(BlockNumber left, BlockNumber right) => left.Value < right.Value;
    public static bool operator >(BlockNumber left, BlockNumber right) => left.Value > right.Value;
    public static bool operator <=(BlockNumber left, BlockNumber right) => left.Value <= right.Value;
    public static bool operator >=(BlockNumber left, BlockNumber right) => left.Value >= right.Value;
}
