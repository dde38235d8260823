// A mapping is a window on its object. The windows on an object that belongs to an address space (MappingFlags.OwnsObject: anonymous memory,
// overlays) never overlap: a split parts a window, a move keeps it, a join puts neighbours together, and a fork gives the child objects of its
// own. Everything that widens or ends a window is here, because it must keep that rule and may rely on it:
//
//  - A window that grows (mremap, brk, a stack) shows no page that another one shows, and nothing that somebody has left behind there: fresh
//    zeros, or the file's own pages behind an overlay.
//  - The pages of a window that ends are shown by nobody, so they are given up.
//
// Pages behind a window may still be there although no window shows them (a drop gives up only so many at once): growing clears them.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Widens and ends the windows that mappings are.</summary>
internal sealed unsafe class Windows(MemoryState state, VmObjects objects, ObjectHoles holes, SpaceMappings list)
{
    // The largest object made for a stack, in pages: what it can grow to when the stack limit is higher.
    private const ulong MaxStackObjectPages = 1 << 18;

    private readonly MemoryState _state = state;
    private readonly VmObjects _objects = objects;
    private readonly ObjectHoles _holes = holes;
    private readonly SpaceMappings _list = list;
    private readonly SeededMemoryFaults _seeded = state.Seeded;

    /// <summary>The size of the object for a stack of so many pages.</summary>
    public static ulong StackObjectPages(AddressSpace* space, ulong pages)
    {
        ulong size = space->Limits.StackBytes >> PageSize.Shift;
        size = size > MaxStackObjectPages ? MaxStackObjectPages : size;
        return size < pages ? pages : size;
    }

    /// <summary>
    /// Makes room for more pages above a window, which the caller then widens. Files and shared memory are as long as they are: behind
    /// their end is a bus error. False when out of memory.
    /// </summary>
    public bool GrowUp(Mapping* mapping, ulong morePages)
    {
        if ((mapping->Flags & MappingFlags.OwnsObject) == 0)
            return mapping->PageOffset + mapping->Pages + morePages <= VmObject.MaxPages;
        ulong end = mapping->PageOffset + mapping->Pages;
        if (end < mapping->Object->SizePages && !_seeded.Has(SeededMemoryFaults.SharedGrowth))
        {
            // What lies above belongs to other pieces of a split mapping, or was left behind.
            if (mapping->Object->Header.References > 1 && !PartFromOthers(mapping))
                return false;
            if (_objects.Resize(mapping->Object, end) != MemoryStatus.Ok)
                return false;
        }
        return _objects.Resize(mapping->Object, end + morePages) == MemoryStatus.Ok;
    }

    /// <summary>
    /// Lets a stack grow down by so many pages, and returns the mapping that now contains them: the stack if the pages below its window are
    /// nobody's and empty, otherwise a mapping of its own. WouldBlock while the store is asked what it has of them.
    /// </summary>
    public MemoryStatus GrowDown(Mapping* stack, ulong pages, out Mapping* grown, out WaitQueue* wait)
    {
        grown = stack;
        wait = null;
        bool isOwn = pages <= stack->PageOffset && !IsShownByOthers(stack, stack->PageOffset - pages, stack->PageOffset);
        ulong used = isOwn ? _holes.NextKnown(stack->Object, stack->PageOffset - pages, stack->PageOffset, out wait) : 0;
        if (wait != null)
            return MemoryStatus.WouldBlock;
        if (!isOwn || (used != stack->PageOffset && !_seeded.Has(SeededMemoryFaults.StackGrowth)))
            return ContinueStack(stack, pages, out grown);
        AddressSpace* space = stack->Space;
        stack->Start = new VirtualAddress(stack->Start.Value - (pages << PageSize.Shift));
        stack->PageOffset -= pages;
        stack->Pages += pages;
        space->MappedPages += pages;
        _state.TrackerOf(&stack->Header).MarkChanged(&stack->Header);
        return MemoryStatus.Ok;
    }

    // The part that grows becomes a stack of its own below the other.
    private MemoryStatus ContinueStack(Mapping* stack, ulong pages, out Mapping* grown)
    {
        grown = null;
        AddressSpace* space = stack->Space;
        ulong size = StackObjectPages(space, pages);
        Mapping model = *stack;
        model.Start = new VirtualAddress(stack->Start.Value - (pages << PageSize.Shift));
        model.Pages = pages;
        model.PageOffset = size - pages;
        model.Flags |= MappingFlags.OwnsObject | MappingFlags.Anonymous;
        if (!_list.Reserve(space, 1))
            return MemoryStatus.OutOfMemory;
        VmObject* own = _objects.Create(_state.TrackerOf(&space->Header), size, VmObjectFlags.None);
        if (own == null)
            return MemoryStatus.OutOfMemory;
        grown = _list.Add(space, own, &model);
        _objects.Release(own);
        return grown == null ? MemoryStatus.OutOfMemory : MemoryStatus.Ok;
    }

    private bool IsShownByOthers(Mapping* mapping, ulong first, ulong end)
    {
        if (_seeded.Has(SeededMemoryFaults.StackGrowth))
            return false;
        for (Mapping* other = mapping->Object->FirstMapping; other != null; other = other->NextOfObject)
        {
            if (other != mapping && other->PageOffset < end && other->PageOffset + other->Pages > first)
                return true;
        }
        return false;
    }

    // Gives a mapping a copy of its object for itself; each gives up what only the other shows, except what lies above.
    private bool PartFromOthers(Mapping* mapping)
    {
        VmObject* old = mapping->Object;
        _objects.Retain(old);
        bool parts = GiveOwnObject(mapping, _objects.Clone(old));
        DiscardBudget budget = DiscardBudget.OfOneCall;
        if (parts)
        {
            GiveUpWindow(old, mapping->PageOffset, mapping->Pages, ref budget);
            GiveUpWindow(mapping->Object, 0, mapping->PageOffset, ref budget);
        }
        _objects.Release(old);
        return parts;
    }

    /// <summary>
    /// Makes a mapping show another object at the same pages; the caller's reference on it goes to the mapping. False if there is none.
    /// </summary>
    public bool GiveOwnObject(Mapping* mapping, VmObject* own)
    {
        if (own == null)
            return false;
        VmObject* old = mapping->Object;
        ReverseMap.Unlink(mapping);
        mapping->Object = own;
        mapping->Flags |= MappingFlags.OwnsObject;
        ReverseMap.Link(mapping);
        _objects.Release(old);
        _state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        return true;
    }

    /// <summary>Ends a mapping whose entries have been cleared and that the caller takes out of the table.</summary>
    public void Drop(Mapping* mapping, ref DiscardBudget budget)
    {
        VmObject* target = mapping->Object;
        ulong first = mapping->PageOffset;
        ulong pages = mapping->Pages;
        bool outlives = (mapping->Flags & MappingFlags.OwnsObject) != 0 && target->Header.References > 1;
        _list.EndUnlisted(mapping);
        if (outlives)
            GiveUpWindow(target, first, pages, ref budget);
    }

    // Best effort: without memory for the books, and beyond what one commit should hold, the pages just stay, unreachable, until the object ends.
    private void GiveUpWindow(VmObject* target, ulong first, ulong pages, ref DiscardBudget budget)
    {
        if (first >= target->SizePages)
            return;
        if (first + pages >= target->SizePages)
            _ = _objects.Shrink(target, first, mayBeShown: false);
        else
            _ = _holes.DiscardUnmapped(target, ref first, first + pages, ref budget, UnknownPages.GiveUp, out _);
    }
}
