// Who shows a page: an object lists its mappings, and each mapping's page table is consulted. Called whenever a frame is replaced, cut,
// discarded or evicted, so that no program goes on seeing it.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The mappings that show an object, and the page-table entries that show its pages.</summary>
internal sealed unsafe class ReverseMap(MemoryState state, TlbControl tlb)
{
    private readonly PageTables _tables = state.Tables;
    private readonly TlbControl _tlb = tlb;
    private readonly SeededMemoryFaults _seeded = state.Seeded;

    /// <summary>Puts a mapping on the list of the object that it shows.</summary>
    public static void Link(Mapping* mapping)
    {
        VmObject* target = mapping->Object;
        mapping->PreviousOfObject = null;
        mapping->NextOfObject = target->FirstMapping;
        if (target->FirstMapping != null)
            target->FirstMapping->PreviousOfObject = mapping;
        target->FirstMapping = mapping;
        target->SharedWriters += mapping->IsSharedWriter ? 1 : 0;
    }

    public static void Unlink(Mapping* mapping)
    {
        mapping->Object->SharedWriters -= mapping->IsSharedWriter ? 1 : 0;
        if (mapping->PreviousOfObject != null)
            mapping->PreviousOfObject->NextOfObject = mapping->NextOfObject;
        else
            mapping->Object->FirstMapping = mapping->NextOfObject;
        if (mapping->NextOfObject != null)
            mapping->NextOfObject->PreviousOfObject = mapping->PreviousOfObject;
        mapping->NextOfObject = mapping->PreviousOfObject = null;
    }

    /// <summary>True if nothing but this mapping shows the pages of its object.</summary>
    public static bool IsAlone(Mapping* mapping) =>
        mapping->Object->FirstMapping == mapping && mapping->NextOfObject == null && mapping->Object->FirstOverlay == null;

    /// <summary>Clears every entry that shows a page of the object, with shootdown.</summary>
    public void UnmapPage(VmObject* target, ulong page)
    {
        if (_seeded.Has(SeededMemoryFaults.ForgottenUnmap))
            return;
        for (Mapping* mapping = FirstShowing(target); mapping != null; mapping = NextShowing(target, mapping))
        {
            ulong delta = page - mapping->PageOffset;
            if (delta >= mapping->Pages)
                continue;
            VirtualAddress address = mapping->Start + (delta << PageSize.Shift);
            ulong* entry = _tables.Find(mapping->Space->Root, address);
            if (entry == null || *entry == 0)
                continue;
            _tables.Set(entry, 0);
            mapping->Space->ResidentPages--;
            _tlb.InvalidatePage(mapping->Space->Root, address);
        }
    }

    /// <summary>Clears every entry that shows one of a range of pages, with shootdown.</summary>
    public void UnmapPages(VmObject* target, ulong firstPage, ulong pages)
    {
        for (Mapping* mapping = FirstShowing(target); mapping != null; mapping = NextShowing(target, mapping))
        {
            ulong first = firstPage > mapping->PageOffset ? firstPage : mapping->PageOffset;
            ulong end = firstPage + pages < mapping->PageOffset + mapping->Pages ? firstPage + pages : mapping->PageOffset + mapping->Pages;
            if (first >= end)
                continue;
            VirtualAddress start = mapping->Start + ((first - mapping->PageOffset) << PageSize.Shift);
            ClearEntries(mapping->Space, start, start + ((end - first) << PageSize.Shift));
        }
    }

    /// <summary>Clears every entry that shows one of the marked pages of a leaf, with shootdown; looks at each mapping once.</summary>
    public void UnmapMarked(VmObject* target, ulong leafPage, PageMarks* marks)
    {
        for (Mapping* mapping = FirstShowing(target); mapping != null; mapping = NextShowing(target, mapping))
            UnmapMarkedIn(mapping, leafPage, marks);
    }

    private void UnmapMarkedIn(Mapping* mapping, ulong leafPage, PageMarks* marks)
    {
        ulong first = leafPage > mapping->PageOffset ? leafPage : mapping->PageOffset;
        ulong leafEnd = leafPage + RadixTree.FanOut;
        ulong end = leafEnd < mapping->PageOffset + mapping->Pages ? leafEnd : mapping->PageOffset + mapping->Pages;
        ulong cleared = 0;
        while (first < end)
        {
            ulong last = first;
            while (last < end && marks->Has((int)(last - leafPage)))
                last++;
            if (last > first)
            {
                VirtualAddress start = mapping->Start + ((first - mapping->PageOffset) << PageSize.Shift);
                cleared += _tables.ClearRange(mapping->Space->Root, start, start + ((last - first) << PageSize.Shift));
            }
            first = last + 1;
        }
        mapping->Space->ResidentPages -= cleared;
        if (cleared != 0)
            _tlb.InvalidateSpace(mapping->Space->Root);
    }

    /// <summary>Takes the write bits away from all entries that show the object's own pages; how many had one. No shootdown.</summary>
    public ulong ProtectAll(VmObject* target)
    {
        ulong count = 0;
        for (Mapping* mapping = target->FirstMapping; mapping != null; mapping = mapping->NextOfObject)
            count += _tables.ProtectRange(mapping->Space->Root, mapping->Start, mapping->End);
        return count;
    }

    /// <summary>Takes the write bits away from all entries that show one of the object's own pages. No shootdown.</summary>
    public void ProtectPage(VmObject* target, ulong page)
    {
        for (Mapping* mapping = target->FirstMapping; mapping != null; mapping = mapping->NextOfObject)
        {
            ulong delta = page - mapping->PageOffset;
            ulong* entry = delta < mapping->Pages
                ? _tables.Find(mapping->Space->Root, mapping->Start + (delta << PageSize.Shift)) : null;
            if (entry != null)
                _tables.Protect(entry);
        }
    }

    // All mappings that may show a page of an object: its own, then those of its overlays.
    private static Mapping* FirstShowing(VmObject* target) =>
        target->FirstMapping != null ? target->FirstMapping : FirstOfOverlays(target->FirstOverlay);

    private static Mapping* NextShowing(VmObject* target, Mapping* mapping)
    {
        if (mapping->NextOfObject != null)
            return mapping->NextOfObject;
        return FirstOfOverlays(mapping->Object == target ? target->FirstOverlay : mapping->Object->NextOverlay);
    }

    private static Mapping* FirstOfOverlays(VmObject* overlay)
    {
        while (overlay != null && overlay->FirstMapping == null)
            overlay = overlay->NextOverlay;
        return overlay == null ? null : overlay->FirstMapping;
    }

    /// <summary>Clears the entries of a range of an address space, with shootdown. The pages stay with their objects.</summary>
    public void ClearEntries(AddressSpace* space, VirtualAddress start, VirtualAddress end)
    {
        ulong cleared = _tables.ClearRange(space->Root, start, end);
        space->ResidentPages -= cleared;
        if (cleared != 0)
            _tlb.InvalidateSpace(space->Root);
    }
}
