using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>A byte address on the memory bus, as page tables and devices see it.</summary>
public readonly struct PhysicalAddress : IEquatable<PhysicalAddress>, IComparable<PhysicalAddress>
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PhysicalAddress(ulong value) => Value = value;

    public FrameNumber Frame => new(Value >> PageSize.Shift);
    public static PhysicalAddress operator +(PhysicalAddress address, ulong bytes) => new(address.Value + bytes);

    public bool Equals(PhysicalAddress other) => Value == other.Value;
    public override bool Equals(object? obj) => obj is PhysicalAddress other && Equals(other);
    public override int GetHashCode() => Value.GetHashCode();
    public int CompareTo(PhysicalAddress other) => Value.CompareTo(other.Value);
    public static bool operator ==(PhysicalAddress left, PhysicalAddress right) => left.Value == right.Value;
    public static bool operator !=(PhysicalAddress left, PhysicalAddress right) => left.Value != right.Value;
    public static bool operator <(PhysicalAddress left, PhysicalAddress right) => left.Value < right.Value;
    public static bool operator >(PhysicalAddress left, PhysicalAddress right) => left.Value > right.Value;
    public static bool operator <=(PhysicalAddress left, PhysicalAddress right) => left.Value <= right.Value;
    public static bool operator >=(PhysicalAddress left, PhysicalAddress right) => left.Value >= right.Value;
}
