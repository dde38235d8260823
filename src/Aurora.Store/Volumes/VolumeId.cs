using System;

namespace Aurora.Store;

/// <summary>The number of a volume: never 0, and never given again.</summary>
public readonly record struct VolumeId(ulong Value)
{
    /// <summary>The volume that every store has from the start and that cannot be dropped.</summary>
    public static VolumeId First => new(1);

    public bool IsNone => Value == 0;

    /// <summary>It holds the parts of a large commit, or is no number of a volume at all.</summary>
    internal bool IsHidden => Value >= VolumeRecord.HiddenBit;
}
