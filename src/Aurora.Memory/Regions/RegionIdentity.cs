namespace Aurora.Memory;

/// <summary>What tells a region from every other there ever was, on whatever machine: random bits. Zero is none's.</summary>
public struct RegionIdentity
{
    public ulong Low;
    public ulong High;

    /// <summary>No region's.</summary>
    public readonly bool IsNone => (Low | High) == 0;

    /// <summary>They are the same region's.</summary>
    public readonly bool Is(in RegionIdentity other) => Low == other.Low && High == other.High;
}
