using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>A byte address as a program sees it; never dereferenced directly by the kernel.</summary>
public readonly struct VirtualAddress : IEquatable<VirtualAddress>, IComparable<VirtualAddress>
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VirtualAddress(ulong value) => Value = value;

    public ulong PageOffset => Value & PageSize.OffsetMask;
    public VirtualAddress PageStart => new(Value & ~PageSize.OffsetMask);
    public static VirtualAddress operator +(VirtualAddress address, ulong bytes) => new(address.Value + bytes);
    public static VirtualAddress operator -(VirtualAddress address, ulong bytes) => new(address.Value - bytes);
    public static ulong operator -(VirtualAddress left, VirtualAddress right) => left.Value - right.Value;

    public bool Equals(VirtualAddress other) => Value == other.Value;
    public override bool Equals(object? obj) => obj is VirtualAddress other && Equals(other);
    public override int GetHashCode() => Value.GetHashCode();
    public int CompareTo(VirtualAddress other) => Value.CompareTo(other.Value);
    public static bool operator ==(VirtualAddress left, VirtualAddress right) => left.Value == right.Value;
    public static bool operator !=(VirtualAddress left, VirtualAddress right) => left.Value != right.Value;
    public static bool operator <(VirtualAddress left, VirtualAddress right) => left.Value < right.Value;
    public static bool operator >(VirtualAddress left, VirtualAddress right) => left.Value > right.Value;
    public static bool operator <=(VirtualAddress left, VirtualAddress right) => left.Value <= right.Value;
    public static bool operator >=(VirtualAddress left, VirtualAddress right) => left.Value >= right.Value;
}
