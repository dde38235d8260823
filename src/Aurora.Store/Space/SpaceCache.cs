// The pages of the space map in memory: finding and loading them, and making room. See SpaceFormat for the layout on the device. A
// frame with changes is written before it is given away, one with New blocks leaves their numbers in the NewBlockTable. A page keeps
// its parent in memory: whoever waits for a frame waits for the device only. Other fibers' reads and writes end by themselves, so a
// fiber that finds every frame taken waits for one of them and looks again; memory is short only when all frames stay pinned.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The cache of the pages of the space map.</summary>
internal sealed unsafe class SpaceCache(
    StoreContext context, SpaceState state, SpaceFrames frames, NewBlockTable newBlocks, SpaceMarks marks, SpaceWriter writer)
{
    private const int IdleRescans = 64;

    /// <summary>Pins the page of the map, reading it when it is not in memory. Blocks.</summary>
    public StoreStatus Pin(int level, ulong index, out SpaceFrame* pinned)
    {
        pinned = null;
        while (true)
        {
            SpaceFrame* frame = frames.Find(level, index);
            if (frame == null)
            {
                StoreStatus status = Load(level, index);
                if (status != StoreStatus.Ok)
                    return status;
                continue;
            }
            if (frame->State == FrameState.Busy)
            {
                context.Fibers.Block(&frame->Waiters);
                continue;
            }
            frame->Pins++;
            frame->IsRecent = true;
            pinned = frame;
            return StoreStatus.Ok;
        }
    }

    /// <summary>The count of a data block; the frame that holds it comes back pinned. Blocks.</summary>
    public StoreStatus PinCount(ulong block, out SpaceFrame* frame, out ushort* count)
    {
        frame = null;
        count = null;
        if (!context.Geometry.IsDataBlock(block))
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block);
        ulong index = block - context.Geometry.DataStart;
        StoreStatus status = Pin(0, index / SpacePage.BlocksPerGroup, out frame);
        if (status == StoreStatus.Ok)
            count = frame->Counts + (index % SpacePage.BlocksPerGroup);
        return status;
    }

    /// <summary>The entry about a page; the frame that holds it (null for the superblock) comes back pinned. Blocks.</summary>
    public StoreStatus ParentEntry(int level, ulong index, out SpaceEntry* entry, out SpaceFrame* parent)
    {
        entry = null;
        parent = null;
        if (level == SpacePage.Levels - 1)
        {
            entry = (SpaceEntry*)context.Super->SpaceRoots + index;
            return StoreStatus.Ok;
        }
        StoreStatus status = Pin(level + 1, index / SpacePage.EntriesPerPage, out parent);
        if (status == StoreStatus.Ok)
            entry = parent->Entries + (index % SpacePage.EntriesPerPage);
        return status;
    }

    private StoreStatus Load(int level, ulong index)
    {
        StoreStatus status = ParentEntry(level, index, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        status = TakeFrame(out SpaceFrame* frame);
        if (status != StoreStatus.Ok || frames.Find(level, index) != null)
        {
            // Another fiber may have loaded it while this one made room.
            SpaceFrames.Unpin(parent);
            return status;
        }
        frames.Insert(frame, level, index);
        frame->Parent = parent;
        SpaceEntry found = *entry;
        status = Read(frame, found);
        if (status == StoreStatus.Ok && level == 0)
            state.AddNew(frame, newBlocks.Restore(index, frame->Counts), isKnown: true);
        if (status != StoreStatus.Ok)
            frames.Remove(frame);
        frame->State = status == StoreStatus.Ok ? FrameState.Ready : FrameState.Empty;
        context.Fibers.WakeAll(&frame->Waiters);
        return status;
    }

    private StoreStatus Read(SpaceFrame* frame, SpaceEntry entry)
    {
        SpacePageHeader* header = frame->Header;
        frame->IsDirty = false;
        frame->NewBlocks = 0;
        frame->ViewMarks = 0;
        frame->SlotCut = 0;
        if (entry.IsPresent == 0)
        {
            StoreContext.Clear(frame->Data, PageSize.Bytes);
            header->Magic = StoreFormat.SpaceMagic;
            header->Level = (uint)frame->Level;
            header->Index = frame->Index;
            return StoreStatus.Ok;
        }
        if (entry.Slot >= SpacePage.Slots)
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, 0, 0, frame->Index);
        ulong block = context.Geometry.SpaceBlock(frame->Level, frame->Index, entry.Slot);
        StoreStatus status = context.ReadBlock(block, frame->Data);
        if (status != StoreStatus.Ok)
            return status;
        if (BlockChecksum.OfSpacePage(context.HashSeed, block, frame->Data) != entry.Checksum)
            return context.Refuse(StoreStatus.BadChecksum, FaultPlace.SpaceMap, block, 0, frame->Index);
        bool isOfPlace = header->Magic == StoreFormat.SpaceMagic && header->Level == (uint)frame->Level && header->Index == frame->Index;
        if (!isOfPlace || header->Cut > state.Cut)
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, frame->Index);
        if (frame->Level == 0 && frame->CountSpan.ContainsAnyInRange(SpacePage.FirstAge, SpacePage.New))
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, frame->Index, SpacePage.New);
        frame->SlotCut = header->Cut;
        return StoreStatus.Ok;
    }

    /// <summary>Finds an empty frame, writing or forgetting an unused page. OutOfMemory when all stay in use. Blocks.</summary>
    private StoreStatus TakeFrame(out SpaceFrame* taken)
    {
        taken = null;
        for (int idle = 0; idle < IdleRescans;)
        {
            StoreStatus status = Scan(out taken, out FiberQueue* waitFor);
            if (status != StoreStatus.Ok || taken != null)
                return status;
            if (waitFor != null)
            {
                context.Fibers.Block(waitFor);
            }
            else
            {
                idle++;
                context.Fibers.Yield();
            }
        }
        return StoreStatus.OutOfMemory;
    }

    // Three rounds: the first forgives recent use and leaves dirty parents alone, the second those, the third nothing.
    private StoreStatus Scan(out SpaceFrame* taken, out FiberQueue* waitFor)
    {
        taken = null;
        waitFor = null;
        for (int step = 0; step < 3 * frames.Count; step++)
        {
            SpaceFrame* frame = frames.Turn();
            if (frame->State == FrameState.Empty)
            {
                taken = frame;
                return StoreStatus.Ok;
            }
            if (frame->State == FrameState.Busy)
                waitFor = &frame->Waiters;
            if (frame->State == FrameState.Busy || frame->Pins != 0)
                continue;
            if (frame->IsRecent)
            {
                frame->IsRecent = false;
                continue;
            }
            if (IsHeldBack(frame))
            {
                waitFor = frames.Waiters;
                continue;
            }
            if (frame->IsDirty && frame->Level > 0 && step < frames.Count)
                continue;
            StoreStatus status = Evict(frame, out bool isGone);
            if (status != StoreStatus.Ok || isGone)
            {
                taken = status == StoreStatus.Ok ? frame : null;
                return status;
            }
        }
        return StoreStatus.Ok;
    }

    private bool IsHeldBack(SpaceFrame* frame)
        => frame->IsDirty ? frames.IsBounceBusy : frames.IsBatchPending && frame->SlotCut == state.Cut;

    private StoreStatus Evict(SpaceFrame* frame, out bool isGone)
    {
        isGone = false;
        if (frame->IsDirty)
        {
            // Only while a cut is made.
            frame->State = FrameState.Busy;
            frames.IsBounceBusy = true;
            StoreStatus status = writer.WriteFrame(frame, null);
            frames.IsBounceBusy = false;
            frame->State = FrameState.Ready;
            context.Fibers.WakeAll(&frame->Waiters);
            context.Fibers.WakeAll(frames.Waiters);
            if (status != StoreStatus.Ok)
                return status;
            if (frame->IsDirty || frame->Pins != 0)
                return StoreStatus.Ok;
        }
        if (frame->NewBlocks > 0 && !newBlocks.Save(frame->Index, frame->Counts))
            return StoreStatus.Ok;
        state.AddNew(frame, -frame->NewBlocks, isKnown: true);
        marks.ForgetViewMarks(frame);
        frames.Remove(frame);
        frame->State = FrameState.Empty;
        isGone = true;
        return StoreStatus.Ok;
    }
}
