using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>How many pages an address space has in its page tables, and may store to without the kernel seeing it.</summary>
public struct ResidentPages
{
    public ulong Present;
    public ulong Writable;
}

/// <summary>
/// Which pages of a program are in memory: in its page tables, for /proc, or where it would see them without waiting (mincore).
/// </summary>
public sealed unsafe class Residency
{
    private const ulong PagesPerTable = 512;

    private readonly PageTables _tables;
    private readonly RadixTree _tree;
    private readonly Overlays _overlays;

    internal Residency(MemoryState state, Overlays overlays)
    {
        _tables = state.Tables;
        _tree = state.Tree;
        _overlays = overlays;
    }

    /// <summary>
    /// Adds the pages in [from, end) up to a budget of table entries, from which it takes what it has looked at; true when it has come to
    /// the end, otherwise <paramref name="from"/> is where to go on.
    /// </summary>
    public bool CountResident(AddressSpace* space, ref ulong from, ulong end, ref int budget, ref ResidentPages pages)
    {
        for (ulong* table; (table = _tables.NextTable(space->Root, ref from, end)) != null;)
        {
            if (budget <= 0)
                return false;
            ulong first = (from >> PageSize.Shift) % PagesPerTable;
            ulong last = Math.Min(PagesPerTable, first + ((end - from) >> PageSize.Shift));
            for (ulong i = first; i < last; i++)
            {
                pages.Present += table[i] != 0 ? 1UL : 0;
                pages.Writable += (table[i] & PageEntry.Writable) != 0 ? 1UL : 0;
            }
            budget -= (int)(last - first);
            from += (last - first) << PageSize.Shift;
        }
        return true;
    }

    /// <summary>The frames of consecutive pages from an address on; frame 0 for pages that are not in the page tables.</summary>
    public void ShowFrames(AddressSpace* space, VirtualAddress address, Span<ulong> frames)
    {
        for (int i = 0; i < frames.Length; i++, address += PageSize.Bytes)
        {
            ulong* entry = _tables.Find(space->Root, address);
            frames[i] = entry == null || *entry == 0 ? 0 : PageEntry.FrameOf(*entry).Value;
        }
    }

    /// <summary>The page tables of an address space, the top one included.</summary>
    public ulong CountTables(AddressSpace* space) => 1 + _tables.CountTables(space->Root);

    /// <summary>
    /// About what would be free if the address space ended: the pages it shows, its page tables, and the tree nodes of its own objects.
    /// Walks all of those tables and nodes.
    /// </summary>
    public ulong FootprintPages(AddressSpace* space)
    {
        ulong pages = space->ResidentPages + _tables.CountTables(space->Root);
        for (int index = 0; index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            bool isCounted = (mapping->Flags & MappingFlags.OwnsObject) != 0 && mapping->Object->FirstMapping == mapping;
            if (isCounted)
                pages += _tree.CountNodes(mapping->Object);
        }
        return pages;
    }

    /// <summary>
    /// Which pages from an address on are in memory: 1 for those that the program sees without waiting and that somebody has touched;
    /// locked ones count always. NotMapped at a gap.
    /// </summary>
    public MemoryStatus ShowResident(AddressSpace* space, VirtualAddress address, Span<byte> pages)
    {
        for (int i = 0; i < pages.Length; i++, address += PageSize.Bytes)
        {
            Mapping* mapping = MappingTable.Find(space, address);
            if (mapping == null)
                return MemoryStatus.NotMapped;
            pages[i] = IsResident(mapping, address) ? (byte)1 : (byte)0;
        }
        return MemoryStatus.Ok;
    }

    private bool IsResident(Mapping* mapping, VirtualAddress address)
    {
        ulong page = mapping->PageAt(address);
        if ((mapping->Flags & MappingFlags.Locked) != 0)
            return true;
        ulong* entry = _tables.Find(mapping->Space->Root, address);
        if (entry != null && *entry != 0)
            return true;
        if (page >= Overlays.EndOf(mapping->Object))
            return false;
        _overlays.Shown(mapping->Object, page, out ulong slot);
        return Slot.IsResident(slot);
    }
}
