// The reference counts of all data blocks, cached in a fixed number of page frames. Its parts: the counters (SpaceState) and the frames
// (SpaceFrames) are state; SpaceCache brings pages into frames and SpaceWriter writes them, SpaceMarks says which freed blocks are
// free, ReferenceCounts changes counts, BlockAllocator takes free blocks. Commits only turn free blocks into New ones, in memory;
// counts change only while a cut is made, by one fiber. Protected by the kernel lock.
namespace Aurora.Store;

/// <summary>The space map of an open store, put together.</summary>
internal sealed unsafe class SpaceMap
{
    private readonly NewBlockTable _newBlocks;

    public readonly SpaceState State = new();
    public readonly SpaceMarks Marks;
    public readonly SpaceWriter Writer;
    public readonly ReferenceCounts Counts;
    public readonly BlockAllocator Allocator;
    public readonly SpaceAudit Audit;

    public SpaceMap(StoreContext context, byte* memory, int frameCount, FreedExtents freed)
    {
        var frames = new SpaceFrames(memory, frameCount);
        _newBlocks = new NewBlockTable(context.Pages, frameCount);
        Marks = new SpaceMarks(context, State, frames);
        Writer = new SpaceWriter(context, State, frames, Marks);
        var cache = new SpaceCache(context, State, frames, _newBlocks, Marks, Writer);
        Counts = new ReferenceCounts(context, State, cache, Marks, freed);
        Allocator = new BlockAllocator(context, State, frames, cache, Marks, _newBlocks);
        Audit = new SpaceAudit(context, frames, cache, Marks, _newBlocks);
    }

    /// <summary>Returns what was allocated beyond the constructor's memory.</summary>
    public void FreeMemory() => _newBlocks.Free();
}
