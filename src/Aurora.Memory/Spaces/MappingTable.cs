// The mappings of one address space in an array ordered by address: binary search to find, a short move to insert. A few hundred
// mappings are common and 65,530 the most, so the array beats a tree in both code and cache misses. There is room before the first and
// behind the last, and the shorter side moves: programs map downwards, each time below nearly all there is. Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Search, insertion and removal in <see cref="AddressSpace.Table"/>.</summary>
public static unsafe class MappingTable
{
    /// <summary>The most mappings an address space may have, as in Linux.</summary>
    public const int MaxMappings = 65530;

    private const int PerPage = PageSize.Bytes / 8;

    /// <summary>The index of the first mapping that ends after an address; Count if there is none.</summary>
    public static int FirstEndingAfter(AddressSpace* space, ulong address)
    {
        int low = 0;
        int high = space->Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (space->Table[middle]->End.Value > address)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    public static int FirstEndingAfter(AddressSpace* space, VirtualAddress address) => FirstEndingAfter(space, address.Value);

    /// <summary>The mappings in the order of their addresses; null where there is none.</summary>
    public static Mapping* At(AddressSpace* space, int index) => index >= 0 && index < space->Count ? space->Table[index] : null;

    /// <summary>The mapping that contains an address, or null.</summary>
    public static Mapping* Find(AddressSpace* space, VirtualAddress address)
    {
        if (space->LastHit < space->Count)
        {
            Mapping* last = space->Table[space->LastHit];
            if (last->Contains(address))
                return last;
        }
        int index = FirstEndingAfter(space, address.Value);
        if (index == space->Count || !space->Table[index]->Contains(address))
            return null;
        space->LastHit = index;
        return space->Table[index];
    }

    internal static int IndexOf(AddressSpace* space, Mapping* mapping) => FirstEndingAfter(space, mapping->Start.Value);

    /// <summary>Makes room for <paramref name="more"/> mappings; false when out of memory or over the limit.</summary>
    internal static bool Reserve(AddressSpace* space, PageAllocator pages, int more, int limit, SeededMemoryFaults seeded)
    {
        int needed = space->Count + more;
        if (needed > limit)
            return false;
        if (needed <= space->CapacityPages * PerPage)
            return true;
        // A fork asks for all of its parent's mappings at once: one doubling may not do.
        int newPages = space->CapacityPages == 0 ? 1 : space->CapacityPages * 2;
        while (needed > newPages * PerPage && (seeded & SeededMemoryFaults.TableGrowsOnce) == 0)
            newPages *= 2;
        Mapping** table = (Mapping**)pages.AllocateFor(space, newPages);
        if (table == null)
            return false;
        Mapping** first = table + (((newPages * PerPage) - space->Count) / 2);
        new ReadOnlySpan<nint>(space->Table, space->Count).CopyTo(new Span<nint>(first, space->Count));
        Free(space, pages);
        space->TableMemory = table;
        space->Table = first;
        space->CapacityPages = newPages;
        return true;
    }

    /// <summary>Inserts a mapping that overlaps none, after <see cref="Reserve"/>.</summary>
    internal static void Insert(AddressSpace* space, Mapping* mapping)
    {
        int index = FirstEndingAfter(space, mapping->Start.Value);
        Panic.Unless(
            index == space->Count || space->Table[index]->Start.Value >= mapping->End.Value, "memory: inserted an overlapping mapping"u8);
        Panic.Unless(space->Count < space->CapacityPages * PerPage, "memory: inserted a mapping into a full table"u8);
        if (index < space->Count - index)
            OpenBelow(space, index);
        else
            OpenAbove(space, index);
        space->Table[index] = mapping;
        space->Count++;
        FreeRanges.NoteAdded(space, index);
    }

    // What is below an index moves down by one.
    private static void OpenBelow(AddressSpace* space, int index)
    {
        if (space->Table == space->TableMemory)
            MoveWithin(space, (RoomBehind(space) + 1) / 2);
        nint* first = (nint*)space->Table;
        // SAFETY: there is room for one more before the first.
        new ReadOnlySpan<nint>(first, index).CopyTo(new Span<nint>(first - 1, index));
        space->Table--;
    }

    // What is at an index and above moves up by one.
    private static void OpenAbove(AddressSpace* space, int index)
    {
        if (RoomBehind(space) == 0)
            MoveWithin(space, (int)(space->Table - space->TableMemory) / 2);
        nint* at = (nint*)space->Table + index;
        int above = space->Count - index;
        // SAFETY: there is room for one more behind the last.
        new ReadOnlySpan<nint>(at, above).CopyTo(new Span<nint>(at + 1, above));
    }

    private static int RoomBehind(AddressSpace* space)
        => (space->CapacityPages * PerPage) - space->Count - (int)(space->Table - space->TableMemory);

    private static void MoveWithin(AddressSpace* space, int roomBefore)
    {
        Mapping** first = space->TableMemory + roomBefore;
        new ReadOnlySpan<nint>(space->Table, space->Count).CopyTo(new Span<nint>(first, space->Count));
        space->Table = first;
    }

    internal static void RemoveAt(AddressSpace* space, int index) => RemoveRange(space, index, 1);

    /// <summary>Removes <paramref name="count"/> mappings that follow each other.</summary>
    internal static void RemoveRange(AddressSpace* space, int index, int count)
    {
        if (count == 0)
            return;
        nint* first = (nint*)space->Table;
        space->Count -= count;
        int above = space->Count - index;
        // SAFETY: all ranges lie within the entries there were.
        if (index < above)
        {
            new ReadOnlySpan<nint>(first, index).CopyTo(new Span<nint>(first + count, index));
            space->Table += count;
        }
        else
        {
            new ReadOnlySpan<nint>(first + index + count, above).CopyTo(new Span<nint>(first + index, above));
        }
        FreeRanges.NoteFreed(space, index);
    }

    /// <summary>Gives the array back; the mappings are the caller's.</summary>
    internal static void Free(AddressSpace* space, PageAllocator pages)
    {
        if (space->TableMemory != null)
            pages.FreeFor(space, space->TableMemory, space->CapacityPages);
        space->TableMemory = space->Table = null;
        space->CapacityPages = 0;
    }
}
