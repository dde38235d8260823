// Giving up the pages of a range: madvise(MADV_DONTNEED), and what munmap gives up before it unmaps. One commit has to hold all that is
// given up, so a call gives up only so many pages and says how far it came (see ObjectHoles).
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class Mappings
{
    /// <summary>
    /// madvise(MADV_DONTNEED): private pages become what a new mapping would show, zeros or the file's; shared ones are only unmapped; gaps
    /// are passed over. Ok, InvalidArgument, NotMapped (no range of a program), OutOfMemory or WouldBlock. <paramref name="done"/> is how
    /// far it came in bytes (see <see cref="ObjectHoles.MaxDiscardPages"/>); the caller goes on there after a checkpoint has had its
    /// chance, or after the wait.
    /// </summary>
    public MemoryStatus DropPages(AddressSpace* space, VirtualAddress address, ulong length, out ulong done, out WaitQueue* wait)
    {
        done = 0;
        wait = null;
        if (address.PageOffset != 0)
            return MemoryStatus.InvalidArgument;
        if (length == 0)
            return MemoryStatus.Ok;
        if (!AddressRanges.TryGet(address, length, out _, out _))
            return MemoryStatus.NotMapped;
        return GiveUpPages(space, address, length, willUnmap: false, out done, out wait);
    }

    /// <summary>
    /// As <see cref="DropPages"/> for a range that will be unmapped: gaps do not matter, and objects that end with it need no steps.
    /// </summary>
    public MemoryStatus GiveUpPages(AddressSpace* space, VirtualAddress address, ulong length, out ulong done, out WaitQueue* wait) =>
        GiveUpPages(space, address, length, willUnmap: true, out done, out wait);

    private MemoryStatus GiveUpPages(
        AddressSpace* space, VirtualAddress address, ulong length, bool willUnmap, out ulong done, out WaitQueue* wait)
    {
        done = 0;
        wait = null;
        if (address.PageOffset != 0 || !AddressRanges.TryGet(address, length, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        DiscardBudget budget = DiscardBudget.OfOneCall;
        _reverse.ClearEntries(space, new VirtualAddress(start), new VirtualAddress(end));
        for (int index = MappingTable.FirstEndingAfter(space, start); index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            if (mapping->Start.Value >= end)
                break;
            bool endsWithIt = willUnmap && mapping->Object->Header.References == 1 && mapping->Start.Value >= start
                && mapping->End.Value <= end;
            if ((mapping->Flags & MappingFlags.OwnsObject) == 0 || endsWithIt)
                continue;
            ulong first = mapping->Start.Value > start ? mapping->Start.Value : start;
            ulong last = mapping->End.Value < end ? mapping->End.Value : end;
            ulong firstPage = mapping->PageAt(new VirtualAddress(first));
            ulong endPage = firstPage + ((last - first) >> PageSize.Shift);
            if (endPage > mapping->Object->SizePages)
                endPage = mapping->Object->SizePages;
            ulong page = firstPage;
            MemoryStatus status = _holes.DiscardUnmapped(mapping->Object, ref page, endPage, ref budget, UnknownPages.Ask, out wait);
            done = first + ((page - firstPage) << PageSize.Shift) - start;
            if (status != MemoryStatus.Ok || page < endPage)
                return status;
        }
        done = end - start;
        return MemoryStatus.Ok;
    }
}
