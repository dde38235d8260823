// mprotect. Taking a right away drops the page-table entries of the range: the next access faults and is judged anew. Adding rights changes
// no entry, except that a private file mapping that becomes writable gets its overlay.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>mprotect(2). Ok, InvalidArgument, NotMapped (a gap in the range: ENOMEM), AccessDenied or OutOfMemory.</summary>
    public MemoryStatus Protect(AddressSpace* space, VirtualAddress address, ulong length, Protection protection)
    {
        if (address.PageOffset != 0)
            return MemoryStatus.InvalidArgument;
        if (length == 0)
            return MemoryStatus.Ok;
        if (!TryGetRange(address, length, out ulong start, out ulong end) || !IsRangeMapped(space, address, length))
            return MemoryStatus.NotMapped;
        if (!SplitAt(space, start) || !SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        MemoryStatus status = MemoryStatus.Ok;
        int index = MappingTable.FirstEndingAfter(space, start);
        for (; status == MemoryStatus.Ok && index < space->Count && space->Table[index]->Start.Value < end; index++)
            status = ProtectMapping(space->Table[index], protection);
        MergeAround(space, start, end);
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
        if (needsOverlay && !GiveOwnObject(mapping, CreateOverlay(mapping->Object, mapping->PageOffset + mapping->Pages)))
            return MemoryStatus.OutOfMemory;
        if (needsOverlay || (mapping->Protection & ~protection) != 0)
            ClearEntries(mapping->Space, mapping->Start, mapping->End);
        mapping->Protection = protection;
        TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        return MemoryStatus.Ok;
    }

    // Joins neighbours in and around a range that differ in nothing but their place.
    private void MergeAround(AddressSpace* space, ulong start, ulong end)
    {
        int index = MappingTable.FirstEndingAfter(space, start);
        if (index > 0)
            index--;
        while (index + 1 < space->Count && space->Table[index]->Start.Value <= end)
        {
            Mapping* lower = space->Table[index];
            Mapping* upper = space->Table[index + 1];
            if (!AreJoinable(lower, upper))
            {
                index++;
                continue;
            }
            ulong pages = upper->Pages;
            EndMapping(upper);
            lower->Pages += pages;
            space->MappedPages += pages;
            TrackerOf(&lower->Header).MarkChanged(&lower->Header);
        }
    }

    private static bool AreJoinable(Mapping* lower, Mapping* upper) =>
        lower->Object == upper->Object
        && lower->End == upper->Start
        && lower->PageOffset + lower->Pages == upper->PageOffset
        && lower->Protection == upper->Protection
        && lower->MaxProtection == upper->MaxProtection
        && lower->Flags == upper->Flags
        && lower->File == upper->File;
}
