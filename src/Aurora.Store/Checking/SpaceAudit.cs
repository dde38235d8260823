// What only a check asks the space map.
namespace Aurora.Store;

/// <summary>Reads the space map, and counts again what it counts.</summary>
internal sealed unsafe class SpaceAudit(
    StoreContext context, SpaceFrames frames, SpaceCache cache, SpaceMarks marks, NewBlockTable newBlocks)
{
    /// <summary>The references on a block (zero: free, new or freed) and the raw count.</summary>
    public StoreStatus Read(ulong block, out uint references, out ushort raw)
    {
        references = 0;
        raw = 0;
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        raw = *count;
        references = raw >= SpacePage.FirstAge ? 0u : raw;
        SpaceFrames.Unpin(frame);
        return StoreStatus.Ok;
    }

    /// <summary>Counts the blocks that can be allocated, from the counts of all groups. Blocks.</summary>
    public StoreStatus CountFree(out ulong free)
    {
        free = 0;
        StoreStatus status = StoreStatus.Ok;
        for (ulong group = 0; group < context.Geometry.Groups && status == StoreStatus.Ok; group++)
        {
            ulong end = context.Geometry.DataBlocks - (group * SpacePage.BlocksPerGroup);
            end = end < SpacePage.BlocksPerGroup ? end : SpacePage.BlocksPerGroup;
            status = IsGroupPresent(group, out bool isPresent);
            if (status == StoreStatus.Ok && isPresent)
                status = CountFreeIn(group, (int)end, ref free);
            else
                free += end;
            context.Fibers.Yield();
        }
        return status;
    }

    /// <summary>True when the group's page was ever written, or the log has blocks in it; otherwise all its blocks are free.</summary>
    public StoreStatus IsGroupPresent(ulong group, out bool isPresent)
    {
        isPresent = true;
        if (frames.Find(0, group) != null || newBlocks.Has(group))
            return StoreStatus.Ok;
        StoreStatus status = cache.ParentEntry(0, group, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        isPresent = entry->IsPresent != 0;
        SpaceFrames.Unpin(parent);
        return StoreStatus.Ok;
    }

    /// <summary>For a page of the map: what its parent's entry says is free below it, and what is.</summary>
    public StoreStatus CompareFree(int level, ulong index, out ulong block, out uint stored, out uint actual)
    {
        block = 0;
        stored = 0;
        actual = 0;
        StoreStatus status = cache.ParentEntry(level, index, out SpaceEntry* entry, out SpaceFrame* parent);
        if (status != StoreStatus.Ok)
            return status;
        bool isPresent = entry->IsPresent != 0;
        stored = entry->Free;
        block = isPresent ? context.Geometry.SpaceBlock(level, index, entry->Slot % SpacePage.Slots) : 0;
        SpaceFrames.Unpin(parent);
        if (!isPresent)
            return StoreStatus.Ok;
        status = cache.Pin(level, index, out SpaceFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        for (ulong i = 0; level > 0 && i < SpacePage.EntriesPerPage; i++)
            actual += frame->Entries[i].Free;
        for (int i = 0; level == 0 && i < SpacePage.BlocksPerGroup; i++)
            actual += frame->Counts[i] is 0 or >= SpacePage.FirstAge ? 1u : 0u;
        SpaceFrames.Unpin(frame);
        return StoreStatus.Ok;
    }

    private StoreStatus CountFreeIn(ulong group, int end, ref ulong free)
    {
        StoreStatus status = cache.Pin(0, group, out SpaceFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        ulong cut = frame->Header->Cut;
        for (int i = 0; i < end; i++)
            free += marks.IsFree(frame->Counts[i], cut) ? 1u : 0u;
        SpaceFrames.Unpin(frame);
        return StoreStatus.Ok;
    }
}
