// Allocation: next fit over the groups, so that one commit's pages and the nodes of one cut lie together and writes are long. Allocated
// blocks are New in memory only: if their commit never becomes part of the log, they are simply free again after recovery.
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    private const ulong GoodRun = 32;
    private const ulong GroupsToTryForGoodRun = 8;

    // A cut has one New block of its own at a time.
    private const int GroupsOfCut = 1;

    private int _framesWithNew;

    // The index of the data block where the next search starts.
    private ulong _cursor;

    /// <summary>
    /// Takes a run of 1 to <paramref name="want"/> free blocks. NoSpace when there is none; OutOfMemory when a commit would spread over more
    /// groups than memory is meant for, which a cut resolves. Blocks.
    /// </summary>
    public StoreStatus Allocate(ulong want, bool isForCommit, out ulong start, out ulong count)
    {
        start = 0;
        count = 0;
        ulong group = _cursor / SpacePage.BlocksPerGroup;
        ulong offset = _cursor % SpacePage.BlocksPerGroup;
        ulong minimum = want < GoodRun ? want : GoodRun;
        for (ulong tried = 0; tried <= _context.Geometry.Groups + GroupsToTryForGoodRun; tried++)
        {
            if (tried == GroupsToTryForGoodRun || tried >= _context.Geometry.Groups)
                minimum = 1;
            StoreStatus status = MayHaveFree(group, out bool mayHave);
            if (status == StoreStatus.Ok && mayHave)
                status = AllocateIn(group, offset, want, minimum, isForCommit, out start, out count);
            if (status != StoreStatus.Ok || count > 0)
                return status;
            offset = 0;
            group = group + 1 == _context.Geometry.Groups ? 0 : group + 1;
        }
        return StoreStatus.NoSpace;
    }

    /// <summary>Allocates this very block if it can be; used to keep it out of the way for a moment.</summary>
    public bool TakeIfFree(ulong block)
    {
        if (PinCount(block, out SpaceFrame* frame, out ushort* count) != StoreStatus.Ok)
            return false;
        bool isFree = IsFree(*count, ((SpacePageHeader*)frame->Data)->Cut) && (frame->NewBlocks > 0 || ReserveNew());
        if (isFree)
        {
            *count = SpacePage.New;
            AddNew(frame, 1);
            FreeBlocks--;
        }
        Unpin(frame);
        return isFree;
    }

    /// <summary>Makes a New block free again: its commit was given up before anything recorded it.</summary>
    public StoreStatus Return(ulong block)
    {
        StoreStatus status = PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        Panic.Unless(*count == SpacePage.New, "store: returned a block that is not new"u8);
        *count = 0;
        AddNew(frame, -1);
        FreeBlocks++;
        Unpin(frame);
        return StoreStatus.Ok;
    }

    /// <summary>Recovery: a record of the log owns this block. It must be free in the trees.</summary>
    public StoreStatus MarkNew(ulong block)
    {
        StoreStatus status = PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        ulong cut = ((SpacePageHeader*)frame->Data)->Cut;
        if (*count != 0 && *count < SpacePage.FreedBefore)
        {
            status = _context.Refuse(StoreStatus.Corrupt, FaultPlace.Log, block, 0, 0, *count);
        }
        else if (frame->NewBlocks == 0 && !ReserveNew())
        {
            status = StoreStatus.OutOfMemory;
        }
        else
        {
            // After falling back to the older superblock, a mark may not be free by its own cut's rule although it was when it was reused.
            if (IsFree(*count, cut))
                FreeBlocks--;
            else
                _freedByCut--;
            *count = SpacePage.New;
            AddNew(frame, 1);
        }
        Unpin(frame);
        return status;
    }

    // Before a frame gets its first New block: every frame that has some can be given away without memory. Those a cut allocates are New
    // for a moment only; their share is in the reserve from the first commit on.
    private bool ReserveNew() => _newBlocks.Reserve(_framesWithNew + 1 + GroupsOfCut);

    // Known ones come back from the table and are counted already.
    private void AddNew(SpaceFrame* frame, int blocks, bool isKnown = false)
    {
        _framesWithNew += (frame->NewBlocks + blocks > 0 ? 1 : 0) - (frame->NewBlocks > 0 ? 1 : 0);
        frame->NewBlocks += blocks;
        if (!isKnown)
            NewBlocks += (ulong)(long)blocks;
    }

    private StoreStatus MayHaveFree(ulong group, out bool mayHave)
    {
        mayHave = true;
        if (Find(0, group) != null)
            return StoreStatus.Ok;
        StoreStatus status = ParentEntry(0, group, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        mayHave = entry->IsPresent == 0 || entry->Free > 0;
        Unpin(parent);
        return StoreStatus.Ok;
    }

    private StoreStatus AllocateIn(
        ulong group, ulong offset, ulong want, ulong minimum, bool isForCommit, out ulong start, out ulong count)
    {
        start = 0;
        count = 0;
        StoreStatus status = Pin(0, group, out SpaceFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        if (isForCommit && frame->NewBlocks == 0 && (_newBlocks.Count >= _newBlocks.SoftLimit || !ReserveNew()))
        {
            Unpin(frame);
            return StoreStatus.OutOfMemory;
        }
        ushort* counts = CountsOf(frame);
        ulong cut = ((SpacePageHeader*)frame->Data)->Cut;
        ulong end = _context.Geometry.DataBlocks - (group * SpacePage.BlocksPerGroup);
        end = end < SpacePage.BlocksPerGroup ? end : SpacePage.BlocksPerGroup;
        for (ulong i = offset; i < end && count == 0; i++)
        {
            ulong run = 0;
            while (i + run < end && run < want && IsFree(counts[i + run], cut))
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
        AddNew(frame, (int)count);
        FreeBlocks -= count;
        start += group * SpacePage.BlocksPerGroup;
        if (count > 0)
            _cursor = (start + count) % _context.Geometry.DataBlocks;
        start += _context.Geometry.DataStart;
        Unpin(frame);
        return StoreStatus.Ok;
    }
}
