// Giving up pages: a hole in a file, madvise(MADV_DONTNEED), the end of a window. What it costs is what is there, not how large the range is:
// holes are skipped by whole subtrees, and where a restored object only knows that something may be in the store, the store is asked first
// which page it has next (a probe, see PageIn). What is given up becomes holes in memory now and in the store with the next checkpoint; since
// one commit has to hold all of them, a call gives up only so many and says how far it came.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>The most pages one call makes holes of: each is a line in the commit that covers it.</summary>
    public const ulong MaxDiscardPages = 4096;

    // What to do with a page of which only the store knows whether it exists.
    private enum UnknownPages
    {
        Ask,
        GiveUp,
    }

    // What one call may do: pages to give up, and stretches of holes to skip.
    private struct DiscardBudget
    {
        public ulong Pages;
        public ulong Skips;

        public static DiscardBudget OfOneCall => new() { Pages = MaxDiscardPages, Skips = MaxDiscardPages };

        public readonly bool IsSpent => Pages == 0 || Skips == 0;
    }

    /// <summary>
    /// Makes pages holes. Ok, OutOfMemory or WouldBlock. <paramref name="firstPage"/> moves on to the first page that is not done: the end,
    /// unless there were more than <see cref="MaxDiscardPages"/> pages.
    /// </summary>
    public PageAccess Discard(VmObject* target, ref ulong firstPage, ulong end)
    {
        PageAccess result = default;
        if (end > target->SizePages)
            end = target->SizePages;
        if (firstPage >= end)
            return result;
        UnmapPages(target, firstPage, end - firstPage);
        // The caller starts again at the beginning, over the holes that it has made: skipping them must not use the call up.
        var budget = new DiscardBudget { Pages = MaxDiscardPages, Skips = ulong.MaxValue };
        result.Status = DiscardUnmapped(target, ref firstPage, end, ref budget, UnknownPages.Ask, out result.Wait);
        return result;
    }

    /// <summary>
    /// madvise(MADV_DONTNEED): private pages become what a new mapping would show, zeros or the file's; shared ones are only unmapped; gaps
    /// are passed over. Ok, InvalidArgument, NotMapped (no range of a program), OutOfMemory or WouldBlock. <paramref name="done"/> is how
    /// far it came in bytes (see
    /// <see cref="MaxDiscardPages"/>); the caller goes on there after a checkpoint has had its chance, or after the wait.
    /// </summary>
    public MemoryStatus DropPages(AddressSpace* space, VirtualAddress address, ulong length, out ulong done, out WaitQueue* wait)
    {
        done = 0;
        wait = null;
        if (address.PageOffset != 0)
            return MemoryStatus.InvalidArgument;
        if (length == 0)
            return MemoryStatus.Ok;
        if (!TryGetRange(address, length, out _, out _))
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
        if (address.PageOffset != 0 || !TryGetRange(address, length, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        DiscardBudget budget = DiscardBudget.OfOneCall;
        ClearEntries(space, new VirtualAddress(start), new VirtualAddress(end));
        for (int index = MappingTable.FirstEndingAfter(space, start); index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            if (mapping->Start.Value >= end)
                break;
            bool endsWithIt = willUnmap && mapping->Object->Header.References == 1 && mapping->Start.Value >= start && mapping->End.Value <= end;
            if ((mapping->Flags & MappingFlags.OwnsObject) == 0 || endsWithIt)
                continue;
            ulong first = mapping->Start.Value > start ? mapping->Start.Value : start;
            ulong last = mapping->End.Value < end ? mapping->End.Value : end;
            ulong firstPage = mapping->PageAt(new VirtualAddress(first));
            ulong endPage = firstPage + ((last - first) >> PageSize.Shift);
            if (endPage > mapping->Object->SizePages)
                endPage = mapping->Object->SizePages;
            ulong page = firstPage;
            MemoryStatus status = DiscardUnmapped(mapping->Object, ref page, endPage, ref budget, UnknownPages.Ask, out wait);
            done = first + ((page - firstPage) << PageSize.Shift) - start;
            if (status != MemoryStatus.Ok || page < endPage)
                return status;
        }
        done = end - start;
        return MemoryStatus.Ok;
    }

    // Makes pages that nothing shows holes, as far as the budget goes.
    private MemoryStatus DiscardUnmapped(
        VmObject* target, ref ulong page, ulong end, ref DiscardBudget budget, UnknownPages unknown, out WaitQueue* wait)
    {
        wait = null;
        page = _tree.NextUsed(target, page, end, ref budget.Skips);
        while (page < end && !budget.IsSpent)
        {
            if (unknown == UnknownPages.Ask && IsUnknown(target, page))
                return Ask(target, page, out wait);
            budget.Pages--;
            ulong* slot = _tree.PrivateSlot(target, page);
            if (slot == null || !MarkDirty(target, page, slot))
                return MemoryStatus.OutOfMemory;
            ulong old = *slot;
            *slot = Slot.Dirty;
            if (Slot.IsResident(old))
                Frames.Release(Slot.FrameOf(old));
            page = _tree.NextUsed(target, page + 1, end, ref budget.Skips);
        }
        return MemoryStatus.Ok;
    }

    // The first page in [from, end) that is there, or the end; with a wait while only the store knows.
    private ulong NextKnown(VmObject* target, ulong from, ulong end, out WaitQueue* wait)
    {
        wait = null;
        ulong unlimited = ulong.MaxValue;
        ulong page = _tree.NextUsed(target, from, end, ref unlimited);
        if (page < end && IsUnknown(target, page))
            _ = Ask(target, page, out wait);
        return page;
    }

    private bool IsUnknown(VmObject* target, ulong page) =>
        _tree.Lookup(target, page) == Slot.InStore && !Has(SeededMemoryFaults.SparseForgotten);
}
