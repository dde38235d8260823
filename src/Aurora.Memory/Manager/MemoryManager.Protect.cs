// mprotect and madvise. Taking a right away drops the page-table entries of the range: the next access faults and is judged anew. Adding
// rights changes no entry, except that a private file mapping that becomes writable gets its clone.
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

    /// <summary>
    /// madvise(MADV_DONTNEED): private anonymous pages become zero; all others are only unmapped. Ok, InvalidArgument, NotMapped or OutOfMemory.
    /// At most <see cref="MaxDiscardPages"/> pages are given up: <paramref name="done"/> is how far it came in bytes, and the caller goes on
    /// there after a checkpoint has had its chance, since one commit has to hold all of them.
    /// </summary>
    public MemoryStatus DropPages(AddressSpace* space, VirtualAddress address, ulong length, out ulong done)
    {
        done = 0;
        if (address.PageOffset != 0)
            return MemoryStatus.InvalidArgument;
        if (length == 0)
            return MemoryStatus.Ok;
        if (!TryGetRange(address, length, out _, out _) || !IsRangeMapped(space, address, length))
            return MemoryStatus.NotMapped;
        return GiveUpPages(space, address, length, willUnmap: false, out done);
    }

    /// <summary>
    /// As <see cref="DropPages"/> for a range that will be unmapped: gaps do not matter, and objects that end with it need no steps.
    /// </summary>
    public MemoryStatus GiveUpPages(AddressSpace* space, VirtualAddress address, ulong length, out ulong done) =>
        GiveUpPages(space, address, length, willUnmap: true, out done);

    private MemoryStatus GiveUpPages(AddressSpace* space, VirtualAddress address, ulong length, bool willUnmap, out ulong done)
    {
        done = 0;
        if (address.PageOffset != 0 || !TryGetRange(address, length, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        ulong left = MaxDiscardPages;
        ClearEntries(space, new VirtualAddress(start), new VirtualAddress(end));
        for (int index = MappingTable.FirstEndingAfter(space, start); index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            if (mapping->Start.Value >= end)
                break;
            const MappingFlags OwnAnonymous = MappingFlags.OwnsObject | MappingFlags.Anonymous;
            bool endsWithIt = willUnmap && mapping->Object->Header.References == 1 && mapping->Start.Value >= start && mapping->End.Value <= end;
            if ((mapping->Flags & OwnAnonymous) != OwnAnonymous || endsWithIt)
                continue;
            ulong first = mapping->Start.Value > start ? mapping->Start.Value : start;
            ulong last = mapping->End.Value < end ? mapping->End.Value : end;
            ulong firstPage = mapping->PageAt(new VirtualAddress(first));
            ulong endPage = firstPage + ((last - first) >> PageSize.Shift);
            if (endPage > mapping->Object->SizePages)
                endPage = mapping->Object->SizePages;
            ulong page = firstPage;
            MemoryStatus status = page < endPage ? DiscardUnmapped(mapping->Object, ref page, endPage, ref left) : MemoryStatus.Ok;
            done = first + ((page - firstPage) << PageSize.Shift) - start;
            if (status != MemoryStatus.Ok || page < endPage)
                return status;
        }
        done = end - start;
        return MemoryStatus.Ok;
    }

    private MemoryStatus ProtectMapping(Mapping* mapping, Protection protection)
    {
        if (mapping->Protection == protection)
            return MemoryStatus.Ok;
        if ((protection & ~mapping->MaxProtection) != 0)
            return MemoryStatus.AccessDenied;
        const MappingFlags KeepsObject = MappingFlags.Shared | MappingFlags.OwnsObject;
        bool needsClone = (protection & Protection.Write) != 0 && (mapping->Flags & KeepsObject) == 0;
        if (needsClone && !GiveOwnObject(mapping))
            return MemoryStatus.OutOfMemory;
        if (needsClone || (mapping->Protection & ~protection) != 0)
            ClearEntries(mapping->Space, mapping->Start, mapping->End);
        mapping->Protection = protection;
        TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        return MemoryStatus.Ok;
    }

    // Makes a private mapping of a file's object show a clone that only it writes.
    private bool GiveOwnObject(Mapping* mapping)
    {
        VmObject* shared = mapping->Object;
        VmObject* clone = CloneObject(shared);
        if (clone == null)
            return false;
        UnlinkMapping(mapping);
        mapping->Object = clone;
        mapping->Flags |= MappingFlags.OwnsObject;
        LinkMapping(mapping);
        Release(shared);
        return true;
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
