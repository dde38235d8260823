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
        references = raw >= SpacePage.New ? 0u : raw;
        Unpin(frame);
        return StoreStatus.Ok;
    }

    /// <summary>True when the group's page was ever written; otherwise all its blocks are free.</summary>
    public StoreStatus IsGroupPresent(ulong group, out bool isPresent)
    {
        isPresent = true;
        if (Find(0, group) != null)
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
            actual += CountsOf(frame)[i] is 0 or >= SpacePage.New ? 1u : 0u;
        Unpin(frame);
        return StoreStatus.Ok;
    }
}
