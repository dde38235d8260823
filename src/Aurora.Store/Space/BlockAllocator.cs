// Allocation: next fit over the groups, so that one commit's pages and the nodes of one cut lie together and writes are long. Allocated
// blocks are New in memory only: if their commit never becomes part of the log, they are simply free again after recovery.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Finds free blocks and takes them.</summary>
internal sealed unsafe class BlockAllocator(
    StoreContext context, SpaceState state, SpaceFrames frames, SpaceCache cache, SpaceMarks marks, NewBlockTable newBlocks)
{
    private const ulong GoodRun = 32;
    private const ulong GroupsToTryForGoodRun = 8;

    // A cut has one New block of its own at a time.
    private const int GroupsOfCut = 1;

    /// <summary>
    /// Takes a run of 1 to <paramref name="want"/> free blocks. NoSpace when there is none; OutOfMemory when a commit would spread over
    /// more groups than memory is meant for, which a cut resolves. Blocks.
    /// </summary>
    public StoreStatus Allocate(ulong want, bool isForCommit, out ulong start, out ulong count)
    {
        start = 0;
        count = 0;
        ulong group = state.Cursor / SpacePage.BlocksPerGroup;
        ulong offset = state.Cursor % SpacePage.BlocksPerGroup;
        ulong minimum = want < GoodRun ? want : GoodRun;
        for (ulong tried = 0; tried <= context.Geometry.Groups + GroupsToTryForGoodRun; tried++)
        {
            if (tried == GroupsToTryForGoodRun || tried >= context.Geometry.Groups)
                minimum = 1;
            StoreStatus status = MayHaveFree(group, out bool mayHave);
            if (status == StoreStatus.Ok && mayHave)
                status = AllocateIn(group, offset, want, minimum, isForCommit, out start, out count);
            if (status != StoreStatus.Ok || count > 0)
                return status;
            offset = 0;
            group = group + 1 == context.Geometry.Groups ? 0 : group + 1;
        }
        return StoreStatus.NoSpace;
    }

    /// <summary>Allocates this very block if it can be; used to keep it out of the way for a moment.</summary>
    public bool TakeIfFree(ulong block)
    {
        if (cache.PinCount(block, out SpaceFrame* frame, out ushort* count) != StoreStatus.Ok)
            return false;
        bool isFree = marks.IsFree(*count, frame->Header->Cut) && (frame->NewBlocks > 0 || ReserveNew());
        if (isFree)
        {
            *count = SpacePage.New;
            state.AddNew(frame, 1);
            state.FreeBlocks--;
        }
        SpaceFrames.Unpin(frame);
        return isFree;
    }

    /// <summary>Makes a New block free again: its commit was given up before anything recorded it.</summary>
    public StoreStatus Return(ulong block)
    {
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        Panic.Unless(*count == SpacePage.New, "store: returned a block that is not new"u8);
        *count = 0;
        state.AddNew(frame, -1);
        state.FreeBlocks++;
        SpaceFrames.Unpin(frame);
        return StoreStatus.Ok;
    }

    /// <summary>Recovery: a record of the log owns this block. It must be free in the trees.</summary>
    public StoreStatus MarkNew(ulong block)
    {
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        ulong cut = frame->Header->Cut;
        if (*count != 0 && *count < SpacePage.FreedBefore)
        {
            status = context.Refuse(StoreStatus.Corrupt, FaultPlace.Log, block, 0, 0, *count);
        }
        else if (frame->NewBlocks == 0 && !ReserveNew())
        {
            status = StoreStatus.OutOfMemory;
        }
        else
        {
            // After falling back to the older superblock, a mark may not be free by its own cut's rule although it was when it was reused.
            if (marks.IsFree(*count, cut))
                state.FreeBlocks--;
            else
                state.FreedByCut--;
            *count = SpacePage.New;
            state.AddNew(frame, 1);
        }
        SpaceFrames.Unpin(frame);
        return status;
    }

    // Before a frame gets its first New block: every frame that has some can be given away without memory. Those a cut allocates are New
    // for a moment only; their share is in the reserve from the first commit on.
    private bool ReserveNew() => newBlocks.Reserve(state.FramesWithNew + 1 + GroupsOfCut);

    private StoreStatus MayHaveFree(ulong group, out bool mayHave)
    {
        mayHave = true;
        if (frames.Find(0, group) != null)
            return StoreStatus.Ok;
        StoreStatus status = cache.ParentEntry(0, group, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        mayHave = entry->IsPresent == 0 || entry->Free > 0;
        SpaceFrames.Unpin(parent);
        return StoreStatus.Ok;
    }

    private StoreStatus AllocateIn(
        ulong group, ulong offset, ulong want, ulong minimum, bool isForCommit, out ulong start, out ulong count)
    {
        start = 0;
        count = 0;
        StoreStatus status = cache.Pin(0, group, out SpaceFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        if (isForCommit && frame->NewBlocks == 0 && (newBlocks.Count >= newBlocks.SoftLimit || !ReserveNew()))
        {
            SpaceFrames.Unpin(frame);
            return StoreStatus.OutOfMemory;
        }
        ushort* counts = frame->Counts;
        ulong cut = frame->Header->Cut;
        ulong end = context.Geometry.DataBlocks - (group * SpacePage.BlocksPerGroup);
        end = end < SpacePage.BlocksPerGroup ? end : SpacePage.BlocksPerGroup;
        for (ulong i = offset; i < end && count == 0; i++)
        {
            ulong run = 0;
            while (i + run < end && run < want && marks.IsFree(counts[i + run], cut))
                run++;
            if (run >= minimum && run > 0)
            {
                start = i;
                count = run;
            }
            i += run;
        }
        for (ulong i = 0; i < count; i++)
            counts[start + i] = SpacePage.New;
        state.AddNew(frame, (int)count);
        state.FreeBlocks -= count;
        start += group * SpacePage.BlocksPerGroup;
        if (count > 0)
            state.Cursor = (start + count) % context.Geometry.DataBlocks;
        start += context.Geometry.DataStart;
        SpaceFrames.Unpin(frame);
        return StoreStatus.Ok;
    }
}
