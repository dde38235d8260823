namespace Aurora.Memory;

/// <summary>Who wants a frame: the lower its rank, the earlier it is refused when few are left (<see cref="FramePool.FloorOf"/>).</summary>
public enum FramePriority : byte
{
    /// <summary>What programs store, in memory or in files.</summary>
    Contents,

    /// <summary>Kernel structures made on behalf of programs: page tables, tree nodes, slabs.</summary>
    Structure,

    /// <summary>A page read from the store: it can be dropped again, so it never uses memory up.</summary>
    PageIn,

    /// <summary>What the flush needs to make dirty pages clean.</summary>
    Urgent,
}
