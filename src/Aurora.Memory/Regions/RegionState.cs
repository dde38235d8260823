using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The lists of regions, and whose lists count now. Protected by the kernel lock.</summary>
internal sealed unsafe class RegionState
{
    // Of the frames, one in so many may be dirty or in flight.
    private const ulong DirtyShare = 2;

    public RegionState(PageAllocator pages, FramePool frames, in MemoryOptions options)
    {
        int chunks = options.MaxDirtyPages / RegionChunk.Capacity;
        Lists = new Slab<RegionList>(pages, chunks + 1);
        Chunks = new Slab<RegionChunk>(pages, chunks + 1);
        Nobody = (RegionWriter*)pages.Allocate(1);
        Panic.Unless(Nobody != null, "memory: no room for the lists of regions"u8);
        Room = (WaitQueue*)(Nobody + 1);
        Work = (FiberQueue*)(Room + 1);
        Writer = Nobody;
        MostOwed = frames.TotalFrames / DirtyShare;
    }

    public Slab<RegionList> Lists { get; }
    public Slab<RegionChunk> Chunks { get; }

    /// <summary>Who stores while no thread does.</summary>
    public RegionWriter* Nobody { get; }

    /// <summary>Where threads wait that may not make a page dirty now.</summary>
    public WaitQueue* Room { get; }

    /// <summary>Woken when nothing shows some region any more.</summary>
    public FiberQueue* Work { get; }

    /// <summary>Whoever stores now.</summary>
    public RegionWriter* Writer;

    /// <summary>Pages of all regions that are dirty or in flight, and how many may be.</summary>
    public ulong Owed;
    public ulong MostOwed { get; }

    /// <summary>Regions that something of is in flight.</summary>
    public ulong Flying;
}
