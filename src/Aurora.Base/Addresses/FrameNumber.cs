using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>The number of a 4-KiB physical page frame: physical address / 4096.</summary>
public readonly struct FrameNumber : IEquatable<FrameNumber>, IComparable<FrameNumber>
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameNumber(ulong value) => Value = value;

    public PhysicalAddress Address => new(Value << PageSize.Shift);

    public bool Equals(FrameNumber other) => Value == other.Value;
    public override bool Equals(object? obj) => obj is FrameNumber other && Equals(other);
    public override int GetHashCode() => Value.GetHashCode();
    public int CompareTo(FrameNumber other) => Value.CompareTo(other.Value);
    public static bool operator ==(FrameNumber left, FrameNumber right) => left.Value == right.Value;
    public static bool operator !=(FrameNumber left, FrameNumber right) => left.Value != right.Value;
    public static bool operator <(FrameNumber left, FrameNumber right) => left.Value < right.Value;
    public static bool operator >(FrameNumber left, FrameNumber right) => left.Value > right.Value;
    public static bool operator <=(FrameNumber left, FrameNumber right) => left.Value <= right.Value;
    public static bool operator >=(FrameNumber left, FrameNumber right) => left.Value >= right.Value;
}
