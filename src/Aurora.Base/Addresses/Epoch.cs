using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>The number of a checkpoint. Epoch e + 1 never commits without e.</summary>
public readonly struct Epoch : IEquatable<Epoch>, IComparable<Epoch>
{
    public readonly ulong Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Epoch(ulong value) => Value = value;

    public Epoch Next => new(Value + 1);

    public bool Equals(Epoch other) => Value == other.Value;
    public override bool Equals(object? obj) => obj is Epoch other && Equals(other);
    public override int GetHashCode() => Value.GetHashCode();
    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);
    public static bool operator ==(Epoch left, Epoch right) => left.Value == right.Value;
    public static bool operator !=(Epoch left, Epoch right) => left.Value != right.Value;
    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;
    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;
    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;
    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;
}
