// Where an object has pages and where holes, for programs that copy only what is there (lseek with SEEK_DATA and SEEK_HOLE, st_blocks), and
// making holes.
//
// Giving up pages (a hole in a file, madvise with MADV_DONTNEED, the end of a window): what it costs is what is there, not how large the
// range is: holes are skipped by whole subtrees, and where a restored object only knows that something may be in the store, the store is
// asked first which page it has next (a probe, see PageIn). What is given up becomes holes in memory now and in the store with the next
// checkpoint; since one commit has to hold all of them, a call gives up only so many and says how far it came.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The holes of objects: making them, finding them, counting what is not one.</summary>
public sealed unsafe class ObjectHoles
{
    /// <summary>The most pages one call makes holes of: each is a line in the commit that covers it.</summary>
    public const ulong MaxDiscardPages = 4096;

    // Steps of a count, since nothing may take long: 128 leaves (256 megabytes), or many more that are not there. Beyond them everything
    // counts.
    internal const ulong MostCounted = 4096;

    // Pages that a search looks at in one call.
    private const ulong MostSearched = 2048;

    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly ObjectPages _pages;
    private readonly PageIns _pageIns;
    private readonly ReverseMap _reverse;
    private readonly SeededMemoryFaults _seeded;

    internal ObjectHoles(MemoryState state, ObjectPages pages, PageIns pageIns, ReverseMap reverse)
    {
        _frames = state.Frames;
        _tree = state.Tree;
        _pages = pages;
        _pageIns = pageIns;
        _reverse = reverse;
        _seeded = state.Seeded;
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
        _reverse.UnmapPages(target, firstPage, end - firstPage);
        // The caller starts again at the beginning, over the holes that it has made: skipping them must not use the call up.
        var budget = new DiscardBudget { Pages = MaxDiscardPages, Skips = ulong.MaxValue };
        result.Status = DiscardUnmapped(target, ref firstPage, end, ref budget, UnknownPages.Ask, out result.Wait);
        return result;
    }

    /// <summary>
    /// Moves on to the first page before <paramref name="end"/> that is there (or is not): Ok with the page or the end; WouldBlock;
    /// OutOfMemory.
    /// <paramref name="isFound"/> is false when there is more to look at: call again.
    /// </summary>
    public PageAccess Seek(VmObject* target, ref ulong page, ulong end, bool isData, out bool isFound)
    {
        PageAccess result = default;
        ulong left = MostSearched;
        isFound = true;
        for (; page < end && left > 0; left--)
        {
            ulong next = _tree.NextUsed(target, page, end, ref left);
            bool isStopped = left == 0;
            if (!isData && next > page)
                return result;
            page = next;
            if (isStopped || page >= end)
                break;
            if (IsUnknown(target, page))
            {
                result.Status = _pageIns.Ask(target, page, out result.Wait);
                return result;
            }
            if (isData)
                return result;
            page++;
        }
        isFound = page >= end;
        return result;
    }

    /// <summary>
    /// <see cref="Seek"/> for data among what a mapping of the object shows: its own pages, and where it is an overlay the file's behind
    /// them.
    /// </summary>
    public PageAccess SeekShown(VmObject* target, ref ulong page, ulong end, out bool isFound)
    {
        ulong own = page;
        PageAccess result = Seek(target, ref own, end, isData: true, out isFound);
        // Before that page there is nothing but what shows through.
        bool mayShow = target->Backing != null && own > page;
        if (mayShow)
        {
            PageAccess behind = Seek(target->Backing, ref page, own, isData: true, out bool isShown);
            if (!behind.IsOk || page < own)
            {
                isFound = isShown;
                return behind;
            }
        }
        page = own;
        return result;
    }

    /// <summary>
    /// How many of an object's pages there are: neither holes nor beyond its end. What only the store knows counts as there.
    /// </summary>
    public ulong CountPages(VmObject* target)
    {
        // Programs ask for st_blocks with every stat, and hardly one reads it.
        if (target->CountedPages == 0)
            target->CountedPages = _tree.CountUsed(target, target->SizePages, MostCounted) + 1;
        return target->CountedPages - 1;
    }

    // Makes pages that nothing shows holes, as far as the budget goes.
    internal MemoryStatus DiscardUnmapped(
        VmObject* target, ref ulong page, ulong end, ref DiscardBudget budget, UnknownPages unknown, out WaitQueue* wait)
    {
        wait = null;
        page = _tree.NextUsed(target, page, end, ref budget.Skips);
        while (page < end && !budget.IsSpent)
        {
            if (unknown == UnknownPages.Ask && IsUnknown(target, page))
                return _pageIns.Ask(target, page, out wait);
            budget.Pages--;
            ulong* slot = _tree.PrivateSlot(target, page);
            if (slot == null || !_pages.MarkDirty(target, page, slot))
                return MemoryStatus.OutOfMemory;
            ulong old = *slot;
            *slot = Slot.Dirty;
            if (Slot.IsResident(old))
                _frames.Release(Slot.FrameOf(old));
            page = _tree.NextUsed(target, page + 1, end, ref budget.Skips);
        }
        return MemoryStatus.Ok;
    }

    // The first page in [from, end) that is there, or the end; with a wait while only the store knows.
    internal ulong NextKnown(VmObject* target, ulong from, ulong end, out WaitQueue* wait)
    {
        wait = null;
        ulong unlimited = ulong.MaxValue;
        ulong page = _tree.NextUsed(target, from, end, ref unlimited);
        if (page < end && IsUnknown(target, page))
            _ = _pageIns.Ask(target, page, out wait);
        return page;
    }

    private bool IsUnknown(VmObject* target, ulong page) =>
        _tree.Lookup(target, page) == Slot.InStore && !_seeded.Has(SeededMemoryFaults.SparseForgotten);
}
