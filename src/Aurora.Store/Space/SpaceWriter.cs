// Writing the changed pages of the map at the end of a cut, level by level, each into the slot that neither of the last two superblocks
// uses.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Writes pages of the space map.</summary>
internal sealed unsafe class SpaceWriter(StoreContext context, SpaceState state, SpaceFrames frames, SpaceMarks marks)
{
    /// <summary>
    /// Queues every changed page, and keeps them in memory until <see cref="BatchDrained"/>; afterwards the entries in the in-memory
    /// superblock are up to date. Blocks.
    /// </summary>
    public StoreStatus WriteChanges(WriteBatch batch)
    {
        frames.IsBatchPending = true;
        for (int level = 0; level < SpacePage.Levels; level++)
        {
            for (int i = 0; i < frames.Count; i++)
            {
                SpaceFrame* frame = frames.At(i);
                while (frame->State == FrameState.Busy)
                    context.Fibers.Block(&frame->Waiters);
                if (frame->State != FrameState.Ready || !frame->IsDirty || frame->Level != level)
                    continue;
                frame->Pins++;
                StoreStatus status = WriteFrame(frame, batch);
                frame->Pins--;
                if (status != StoreStatus.Ok)
                    return status;
                context.Fibers.GiveWay();
            }
        }
        return StoreStatus.Ok;
    }

    /// <summary>The cut's batch has been drained: its pages can be read again.</summary>
    public void BatchDrained()
    {
        frames.IsBatchPending = false;
        context.Fibers.WakeAll(frames.Waiters);
    }

    /// <summary>
    /// Writes a page and updates its parent; without a batch it waits for the write, and the bounce page must be the caller's. Blocks.
    /// </summary>
    public StoreStatus WriteFrame(SpaceFrame* frame, WriteBatch? batch)
    {
        SpaceEntry* entry = EntryOf(frame);
        bool stays = frame->SlotCut == state.Cut || entry->IsPresent == 0 || context.Has(SeededFaults.OverwrittenSpacePage);
        int slot = stays ? entry->Slot : (entry->Slot + 1) % SpacePage.Slots;
        byte* copy = batch == null ? frames.Bounce : frames.Outgoing;
        uint free = CopyForDisk(frame, copy);
        ulong block = context.Geometry.SpaceBlock(frame->Level, frame->Index, slot);
        frame->IsDirty = false;
        frame->SlotCut = state.Cut;
        entry->Checksum = BlockChecksum.OfSpacePage(context.HashSeed, block, copy);
        entry->Slot = (byte)slot;
        entry->IsPresent = 1;
        entry->Free = free;
        if (frame->Parent != null)
            marks.Touch(frame->Parent);
        context.Statistics.SpacePagesWritten++;
        if (batch == null)
            return context.WriteBlocks(block, (void**)&copy, 1);
        batch.Write(block, copy);
        return StoreStatus.Ok;
    }

    /// <summary>The entry about a page that is in memory.</summary>
    private SpaceEntry* EntryOf(SpaceFrame* frame)
        => frame->Parent == null
            ? (SpaceEntry*)context.Super->SpaceRoots + frame->Index
            : frame->Parent->Entries + (frame->Index % SpacePage.EntriesPerPage);

    private static uint CopyForDisk(SpaceFrame* frame, byte* copy)
    {
        StoreContext.Copy(frame->Data, copy, PageSize.Bytes);
        uint free = 0;
        if (frame->Level > 0)
        {
            // Entries of pages never written count as zero here: their blocks are free anyway and are found through IsPresent.
            for (ulong i = 0; i < SpacePage.EntriesPerPage; i++)
                free += frame->Entries[i].Free;
            return free;
        }
        ushort* counts = (ushort*)(copy + SpacePageHeader.Bytes);
        for (int i = 0; i < SpacePage.BlocksPerGroup; i++)
        {
            if (counts[i] == SpacePage.New)
                counts[i] = 0;
            else if (counts[i] >= SpacePage.FirstAge && counts[i] < SpacePage.New)
                counts[i] = SpacePage.FreedBefore;
            if (counts[i] is 0 or >= SpacePage.FreedBefore)
                free++;
        }
        return free;
    }
}
