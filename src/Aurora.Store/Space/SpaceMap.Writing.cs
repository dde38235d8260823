// Writing the changed pages of the map at the end of a cut, level by level, each into the slot that neither of the last two superblocks uses.
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    /// <summary>Queues every changed page; afterwards the entries in the in-memory superblock are up to date. Blocks.</summary>
    public StoreStatus WriteChanges(WriteBatch batch)
    {
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

    /// <summary>Writes a page and updates its parent; without a batch it waits for the write.</summary>
    private StoreStatus WriteFrame(SpaceFrame* frame, WriteBatch? batch)
    {
        if (batch == null)
            _isBounceBusy = true;
        StoreStatus status = ParentEntry(frame->Level, frame->Index, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status == StoreStatus.Ok)
        {
            int slot = frame->SlotCut == _cut || entry->IsPresent == 0 ? entry->Slot : (entry->Slot + 1) % SpacePage.Slots;
            byte* copy = batch == null ? _bounce : _outgoing;
            uint free = CopyForDisk(frame, copy);
            ulong block = BlockOf(frame->Level, frame->Index, slot);
            frame->IsDirty = false;
            frame->SlotCut = _cut;
            entry->Checksum = BlockChecksum.OfSpacePage(_context.HashSeed, block, copy);
            entry->Slot = (byte)slot;
            entry->IsPresent = 1;
            entry->Free = free;
            if (parent != null)
            {
                Touch(parent);
                Unpin(parent);
            }
            _context.Statistics.SpacePagesWritten++;
            if (batch != null)
                batch.Write(block, copy);
            else
                status = _context.WriteBlocks(block, (void**)&copy, 1);
        }
        if (batch == null)
            _isBounceBusy = false;
        return status;
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
            if (counts[i] is 0 or >= SpacePage.FreedBefore)
                free++;
        }
        return free;
    }
}
