using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>How many pages an address space has in its page tables, and may store to without the kernel seeing it.</summary>
public struct ResidentPages
{
    public ulong Present;
    public ulong Writable;
}

/// <summary>What is in the page tables of a program, for /proc.</summary>
public sealed unsafe partial class MemoryManager
{
    private const ulong PagesPerTable = 512;

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

    /// <summary>The most mappings of an address space.</summary>
    public int MaxMappingsPerSpace => _maxMappingsPerSpace;

    /// <summary>The page tables of an address space, the top one included.</summary>
    public ulong CountTables(AddressSpace* space) => 1 + _tables.CountTables(space->Root);
}
