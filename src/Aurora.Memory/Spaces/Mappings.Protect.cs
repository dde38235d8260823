// mprotect. Taking a right away drops the page-table entries of the range: the next access faults and is judged anew. Adding rights changes
// no entry, except that a private file mapping that becomes writable gets its overlay.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class Mappings
{
    /// <summary>mprotect(2). Ok, InvalidArgument, NotMapped (a gap in the range: ENOMEM), AccessDenied or OutOfMemory.</summary>
    public MemoryStatus Protect(AddressSpace* space, VirtualAddress address, ulong length, Protection protection)
    {
        if (address.PageOffset != 0)
            return MemoryStatus.InvalidArgument;
        if (length == 0)
            return MemoryStatus.Ok;
        if (!AddressRanges.TryGet(address, length, out ulong start, out ulong end) || !AddressRanges.IsMapped(space, address, length))
            return MemoryStatus.NotMapped;
        if (!_list.SplitAt(space, start) || !_list.SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        MemoryStatus status = MemoryStatus.Ok;
        int index = MappingTable.FirstEndingAfter(space, start);
        for (; status == MemoryStatus.Ok && index < space->Count && space->Table[index]->Start.Value < end; index++)
            status = ProtectMapping(space->Table[index], protection);
        _list.MergeAround(space, start, end);
        return status;
    }

    private MemoryStatus ProtectMapping(Mapping* mapping, Protection protection)
    {
        if (mapping->Protection == protection)
            return MemoryStatus.Ok;
        if ((protection & ~mapping->MaxProtection) != 0)
            return MemoryStatus.AccessDenied;
        const MappingFlags KeepsObject = MappingFlags.Shared | MappingFlags.OwnsObject;
        bool needsOverlay = (protection & Protection.Write) != 0 && (mapping->Flags & KeepsObject) == 0;
        if (needsOverlay && !_windows.GiveOwnObject(mapping, _objects.CreateOverlay(mapping->Object, mapping->PageOffset + mapping->Pages)))
            return MemoryStatus.OutOfMemory;
        if (needsOverlay || (mapping->Protection & ~protection) != 0)
            _reverse.ClearEntries(mapping->Space, mapping->Start, mapping->End);
        mapping->Protection = protection;
        _state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        return MemoryStatus.Ok;
    }
}
