// What only a check asks the space map.
namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    /// <summary>The references on a block (zero: free, new or freed) and the raw count.</summary>
    public StoreStatus Read(ulong block, out uint references, out ushort raw)
    {
        references = 0;
        raw = 0;
        StoreStatus status = PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        raw = *count;
        references = raw >= SpacePage.FirstAge ? 0u : raw;
        Unpin(frame);
        return StoreStatus.Ok;
    }

    /// <summary>Counts the blocks that can be allocated, from the counts of all groups. Blocks.</summary>
    public StoreStatus CountFree(out ulong free)
    {
        free = 0;
        StoreStatus status = StoreStatus.Ok;
        for (ulong group = 0; group < _context.Geometry.Groups && status == StoreStatus.Ok; group++)
        {
            ulong end = _context.Geometry.DataBlocks - (group * SpacePage.BlocksPerGroup);
            end = end < SpacePage.BlocksPerGroup ? end : SpacePage.BlocksPerGroup;
            status = IsGroupPresent(group, out bool isPresent);
            if (status == StoreStatus.Ok && isPresent)
                status = CountFreeIn(group, (int)end, ref free);
            else
                free += end;
            _context.Fibers.Yield();
        }
        return status;
    }

    /// <summary>True when the group's page was ever written, or the log has blocks in it; otherwise all its blocks are free.</summary>
    public StoreStatus IsGroupPresent(ulong group, out bool isPresent)
    {
        isPresent = true;
        if (Find(0, group) != null || _newBlocks.Has(group))
            return StoreStatus.Ok;
        StoreStatus status = ParentEntry(0, group, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        isPresent = entry->IsPresent != 0;
        Unpin(parent);
        return StoreStatus.Ok;
    }

    /// <summary>For a page of the map: what its parent's entry says is free below it, and what is.</summary>
    public StoreStatus CompareFree(int level, ulong index, out ulong block, out uint stored, out uint actual)
    {
        block = 0;
        stored = 0;
        actual = 0;
        StoreStatus status = ParentEntry(level, index, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        bool isPresent = entry->IsPresent != 0;
        stored = entry->Free;
        block = isPresent ? BlockOf(level, index, entry->Slot % SpacePage.Slots) : 0;
        Unpin(parent);
        if (!isPresent)
            return StoreStatus.Ok;
        status = Pin(level, index, out SpaceFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        for (ulong i = 0; level > 0 && i < SpacePage.EntriesPerPage; i++)
            actual += EntryIn(frame, i)->Free;
        for (int i = 0; level == 0 && i < SpacePage.BlocksPerGroup; i++)
            actual += CountsOf(frame)[i] is 0 or >= SpacePage.FirstAge ? 1u : 0u;
        Unpin(frame);
        return StoreStatus.Ok;
    }

    private StoreStatus CountFreeIn(ulong group, int end, ref ulong free)
    {
        StoreStatus status = Pin(0, group, out SpaceFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        ulong cut = ((SpacePageHeader*)frame->Data)->Cut;
        for (int i = 0; i < end; i++)
            free += IsFree(CountsOf(frame)[i], cut) ? 1u : 0u;
        Unpin(frame);
        return StoreStatus.Ok;
    }
}
