// Writing the changed pages of the map at the end of a cut, level by level, each into the slot that neither of the last two superblocks uses.
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    /// <summary>Queues every changed page, and keeps them in memory until <see cref="BatchDrained"/>; afterwards the entries in the in-memory superblock are up to date. Blocks.</summary>
    public StoreStatus WriteChanges(WriteBatch batch)
    {
        _isBatchPending = true;
        for (int level = 0; level < SpacePage.Levels; level++)
        {
            for (int i = 0; i < _frameCount; i++)
            {
                SpaceFrame* frame = &_frames[i];
                while (frame->State == FrameState.Busy)
                    _context.Fibers.Block(&frame->Waiters);
                if (frame->State != FrameState.Ready || !frame->IsDirty || frame->Level != level)
                    continue;
                frame->Pins++;
                StoreStatus status = WriteFrame(frame, batch);
                frame->Pins--;
                if (status != StoreStatus.Ok)
                    return status;
            }
        }
        return StoreStatus.Ok;
    }

    /// <summary>The cut's batch has been drained: its pages can be read again.</summary>
    public void BatchDrained()
    {
        _isBatchPending = false;
        _context.Fibers.WakeAll(FrameWaiters);
    }

    /// <summary>Writes a page and updates its parent; without a batch it waits for the write, and the bounce page must be the caller's.</summary>
    private StoreStatus WriteFrame(SpaceFrame* frame, WriteBatch? batch)
    {
        SpaceEntry* entry = EntryOf(frame);
        bool stays = frame->SlotCut == _cut || entry->IsPresent == 0 || _context.Has(SeededFaults.OverwrittenSpacePage);
        int slot = stays ? entry->Slot : (entry->Slot + 1) % SpacePage.Slots;
        byte* copy = batch == null ? _bounce : _outgoing;
        uint free = CopyForDisk(frame, copy);
        ulong block = BlockOf(frame->Level, frame->Index, slot);
        frame->IsDirty = false;
        frame->SlotCut = _cut;
        entry->Checksum = BlockChecksum.OfSpacePage(_context.HashSeed, block, copy);
        entry->Slot = (byte)slot;
        entry->IsPresent = 1;
        entry->Free = free;
        if (frame->Parent != null)
            Touch(frame->Parent);
        _context.Statistics.SpacePagesWritten++;
        if (batch == null)
            return _context.WriteBlocks(block, (void**)&copy, 1);
        batch.Write(block, copy);
        return StoreStatus.Ok;
    }

    private static uint CopyForDisk(SpaceFrame* frame, byte* copy)
    {
        StoreContext.Copy(frame->Data, copy, PageSize.Bytes);
        uint free = 0;
        if (frame->Level > 0)
        {
            // Entries of pages never written count as zero here: their blocks are free anyway and are found through IsPresent.
            for (ulong i = 0; i < SpacePage.EntriesPerPage; i++)
                free += EntryIn(frame, i)->Free;
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
