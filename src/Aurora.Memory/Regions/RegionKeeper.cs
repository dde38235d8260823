using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Brings regions into memory that restored mappings show.</summary>
public abstract unsafe class RegionKeeper
{
    /// <summary>
    /// The region with a number and an identity, in memory; null with Ok when there is none any more. What was found stays until the caller
    /// waits. UnreadableRegion: it cannot be said. Blocks.
    /// </summary>
    public abstract RestoreStatus Find(ulong number, in RegionIdentity identity, out Region* region);
}
