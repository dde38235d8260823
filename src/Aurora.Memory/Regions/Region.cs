// A region in memory: an object of which threads make changes durable themselves. It belongs to an index of its own that is ephemeral, so
// no change list and no freeze knows it. A page of it is dirty exactly if it is in one list (RegionList), and in flight while a chunk with
// it is in a RegionFlight. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>What virtual memory knows of a region.</summary>
public unsafe struct Region
{
    /// <summary>The pages.</summary>
    public VmObject* Object;

    /// <summary>What it is; captured with its mappings.</summary>
    public RegionIdentity Identity;

    /// <summary>Where it is stored, and what programs name it by; captured with its mappings.</summary>
    public ulong Number;

    /// <summary>
    /// The persist that it would be as after, without what is dirty: the last one that was taken and not refused. Captured with its
    /// mappings.
    /// </summary>
    public ulong Taken;

    /// <summary>Pages in lists.</summary>
    public ulong DirtyPages;

    /// <summary>Pages in flight.</summary>
    public ulong FlyingPages;

    /// <summary>Pages that were given up, as far as they have not been asked for since.</summary>
    internal ulong GivenUp;

    /// <summary>All that is dirty is being given up: nothing more becomes dirty meanwhile.</summary>
    public bool IsStill;

    /// <summary>How many give pages back that were in flight and were refused.</summary>
    public int Returns;

    /// <summary>Woken when something has landed, or nothing shows the region any more.</summary>
    public WaitQueue Changed;

    /// <summary>Lists that have, or had, pages of it.</summary>
    internal RegionList* FirstList;

    /// <summary>It has what no persist has.</summary>
    public readonly bool IsDirty => DirtyPages != 0 || IsReturning;

    /// <summary>Pages that were in flight were refused, and become dirty again: nothing may be taken meanwhile.</summary>
    public readonly bool IsReturning => Returns != 0;

    /// <summary>Some program shows it, be it one that has ended and whose mappings have not gone yet.</summary>
    public readonly bool IsMapped => Object->IsMapped;

    /// <summary>The mapping behind another one of those that show it, or the first; null at the end.</summary>
    public readonly Mapping* NextMapping(Mapping* after) => after == null ? Object->FirstMapping : after->NextOfObject;

    /// <summary>Something of it is on its way to the store.</summary>
    public readonly bool IsFlying => FlyingPages != 0;
}
