using System;

namespace Aurora.Checkpoint;

/// <summary>Deliberate bugs of persists that the crash suite must detect. Never set outside the tests.</summary>
[Flags]
internal enum SeededRegionFaults
{
    None = 0,

    /// <summary>A persist does not wait for the one of its region before it: an older page may get over a newer one.</summary>
    UnorderedPersists = 1 << 0,

    /// <summary>A persist counts as durable when it has been submitted, before the FLUSH.</summary>
    EarlyPromise = 1 << 1,

    /// <summary>What was taken behind a persist that is refused is not refused with it.</summary>
    LostRefusal = 1 << 2,
}

internal static class SeededRegionFaultsExtensions
{
    public static bool Has(this SeededRegionFaults seeded, SeededRegionFaults fault) => (seeded & fault) != 0;
}
