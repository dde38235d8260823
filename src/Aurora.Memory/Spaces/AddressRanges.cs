// Ranges of an address space: what a program may name, what is free, and what a limit allows.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Questions about ranges of an address space.</summary>
public static unsafe class AddressRanges
{
    /// <summary>True when mappings cover every page of the range.</summary>
    public static bool IsMapped(AddressSpace* space, VirtualAddress address, ulong length)
    {
        if (!TryGet(address, length, out ulong start, out ulong end))
            return false;
        int index = MappingTable.FirstEndingAfter(space, start);
        for (; start < end; index++)
        {
            if (index == space->Count || space->Table[index]->Start.Value > start)
                return false;
            start = space->Table[index]->End.Value;
        }
        return true;
    }

    /// <summary>A page-aligned user range from a program's arguments; false if it is empty, wraps or leaves user space.</summary>
    internal static bool TryGet(VirtualAddress address, ulong length, out ulong start, out ulong end)
    {
        start = address.PageStart.Value;
        end = 0;
        if (length == 0 || address.Value >= AddressSpace.UserEnd || length > AddressSpace.UserEnd - address.Value)
            return false;
        end = (address.Value + length + PageSize.OffsetMask) & ~PageSize.OffsetMask;
        return true;
    }

    /// <summary>True when nothing is mapped in [start, end).</summary>
    internal static bool IsFree(AddressSpace* space, ulong start, ulong end)
    {
        int index = MappingTable.FirstEndingAfter(space, start);
        return index == space->Count || space->Table[index]->Start.Value >= end;
    }

    /// <summary>How many pages of [start, end) are mapped.</summary>
    internal static ulong MappedPagesIn(AddressSpace* space, ulong start, ulong end)
    {
        ulong pages = 0;
        for (int index = MappingTable.FirstEndingAfter(space, start); index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            if (mapping->Start.Value >= end)
                break;
            ulong first = mapping->Start.Value > start ? mapping->Start.Value : start;
            ulong last = mapping->End.Value < end ? mapping->End.Value : end;
            pages += (last - first) >> PageSize.Shift;
        }
        return pages;
    }

    /// <summary>False when so many more pages would exceed the limit of the space.</summary>
    internal static bool IsWithinLimit(AddressSpace* space, ulong morePages) =>
        space->MappedPages + morePages <= space->Limits.TotalBytes >> PageSize.Shift;
}
