// Changing counts. All of it happens while a cut is made; the pages touched become dirty and take the cut's number, and their marks are
// first brought up to date (SpaceMap.Marks).
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    /// <summary>Blocks that can be allocated now.</summary>
    public ulong FreeBlocks { get; private set; }

    /// <summary>Blocks with a reference.</summary>
    public ulong UsedBlocks { get; private set; }

    /// <summary>Allocated, and not yet referenced by a tree.</summary>
    public ulong NewBlocks { get; private set; }

    /// <summary>Blocks freed by the cut being made, or the last one made.</summary>
    public ulong FreedByCut => _freedByCut;

    /// <summary>Freed, and not free yet.</summary>
    public ulong PendingFreeBlocks => FreedByCut + _freedByLast + _ages.TotalWaiting + _viewMarks;

    /// <summary>Takes over the state of a superblock.</summary>
    public void Start(ulong cut, ulong usedBlocks, ulong freedBlocks)
    {
        _cut = cut;
        _durableCut = cut;
        _reusableCut = cut;
        UsedBlocks = usedBlocks;
        _freedByCut = freedBlocks;
        FreeBlocks = _context.Geometry.DataBlocks - usedBlocks - freedBlocks;
    }

    /// <summary>Counts change from here on as part of this cut.</summary>
    public void BeginCut(ulong cut)
    {
        _cut = cut;
        _freedByLast = _freedByCut;
        _freedByCut = 0;
    }

    /// <summary>Adds a reference from a tree; a New block gets its first, and one that was freed but not yet reusable gets one again.</summary>
    public StoreStatus Increment(ulong block) => Increment(block, out _);

    /// <summary>As above; tells whether the block had been freed.</summary>
    public StoreStatus Increment(ulong block, out bool wasFreed)
    {
        wasFreed = false;
        StoreStatus status = PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        Touch(frame);
        switch (*count)
        {
            case SpacePage.New:
                *count = 1;
                AddNew(frame, -1);
                UsedBlocks++;
                break;
            case SpacePage.Freed:
                *count = 1;
                _freedByCut--;
                UsedBlocks++;
                wasFreed = true;
                break;
            case SpacePage.FreedBefore:
                *count = 1;
                WaitingFor(_cut)--;
                UsedBlocks++;
                wasFreed = true;
                break;
            case >= SpacePage.FirstAge:
                *count = 1;
                AddViewMarks(frame, -1);
                UsedBlocks++;
                wasFreed = true;
                break;
            case 0:
                status = _context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, 0, *count);
                break;
            case < SpacePage.Saturated:
                (*count)++;
                break;
        }
        Unpin(frame);
        return status;
    }

    /// <summary>Removes a reference and says how many are left.</summary>
    public StoreStatus Decrement(ulong block, out uint left)
    {
        left = 0;
        StoreStatus status = PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        Touch(frame);
        if (*count is 0 or >= SpacePage.FirstAge)
            status = _context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, 0, *count);
        else if (*count >= SpacePage.Saturated)
            left = *count;
        else if (*count > 1)
            left = --(*count);
        else
            MarkFreed(block, count);
        Unpin(frame);
        return status;
    }

    /// <summary>Frees a block that no tree came to reference: what it held was overwritten before the cut.</summary>
    public StoreStatus FreeIfNew(ulong block)
    {
        StoreStatus status = PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        if (*count == SpacePage.New)
        {
            Touch(frame);
            *count = SpacePage.Freed;
            AddNew(frame, -1);
            _freedByCut++;
            Freed.Add(block);
        }
        Unpin(frame);
        return StoreStatus.Ok;
    }

    private void MarkFreed(ulong block, ushort* count)
    {
        Freed.Add(block);
        *count = SpacePage.Freed;
        UsedBlocks--;
        _freedByCut++;
    }

    private StoreStatus PinCount(ulong block, out SpaceFrame* frame, out ushort* count)
    {
        frame = null;
        count = null;
        if (!_context.Geometry.IsDataBlock(block))
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block);
        ulong index = block - _context.Geometry.DataStart;
        StoreStatus status = Pin(0, index / SpacePage.BlocksPerGroup, out frame);
        if (status == StoreStatus.Ok)
            count = CountsOf(frame) + (index % SpacePage.BlocksPerGroup);
        return status;
    }

    private void Touch(SpaceFrame* frame)
    {
        SpacePageHeader* header = (SpacePageHeader*)frame->Data;
        frame->IsDirty = true;
        if (header->Cut == _cut)
            return;
        if (frame->Level == 0)
            UpdateMarks(frame);
        header->Cut = _cut;
    }
}
