using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>The identity of a persistent object: unique in a store, never reused. Zero names no object.</summary>
public readonly struct ObjectId : IEquatable<ObjectId>, IComparable<ObjectId>
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ObjectId(ulong value) => Value = value;

    public bool IsNone => Value == 0;

    public bool Equals(ObjectId other) => Value == other.Value;
    public override bool Equals(object? obj) => obj is ObjectId other && Equals(other);
    public override int GetHashCode() => Value.GetHashCode();
    public int CompareTo(ObjectId other) => Value.CompareTo(other.Value);
    public static bool operator ==(ObjectId left, ObjectId right) => left.Value == right.Value;
    public static bool operator !=(ObjectId left, ObjectId right) => left.Value != right.Value;
    public static bool operator <(ObjectId left, ObjectId right) => left.Value < right.Value;
    public static bool operator >(ObjectId left, ObjectId right) => left.Value > right.Value;
    public static bool operator <=(ObjectId left, ObjectId right) => left.Value <= right.Value;
    public static bool operator >=(ObjectId left, ObjectId right) => left.Value >= right.Value;
}
