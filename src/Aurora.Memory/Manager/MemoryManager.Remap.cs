// mremap. A mapping is a window on an object, so moving it copies nothing: the entries are dropped and the pages fault in at the new
// place. Growing widens the window (see Windows).
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>
    /// mremap(2) for one mapping. Ok, InvalidArgument, NotMapped (the old range is not within one mapping: EFAULT), OverLimit
    /// (cannot grow in place and may not move, or over a limit: ENOMEM) or OutOfMemory.
    /// </summary>
    public MemoryStatus Remap(AddressSpace* space, in RemapRequest request, out VirtualAddress address)
    {
        address = request.Address;
        ulong oldPages = PageSize.PagesFor(request.OldLength);
        ulong newPages = PageSize.PagesFor(request.NewLength);
        if (request.KeepsOld && newPages != oldPages)
            return MemoryStatus.InvalidArgument;
        if (request.Address.PageOffset != 0 || oldPages == 0 || newPages == 0 || newPages > AddressSpace.UserEnd >> PageSize.Shift)
            return MemoryStatus.InvalidArgument;
        if (!TryGetRange(request.Address, request.OldLength, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        Mapping* mapping = MappingTable.Find(space, request.Address);
        if (mapping == null || mapping->End.Value < end)
            return MemoryStatus.NotMapped;
        if (newPages > oldPages && !IsWithinLimit(space, newPages - oldPages))
            return MemoryStatus.OverLimit;
        if (request.KeepsOld)
            return RemapKeeping(space, request, oldPages, out address);
        if (request.IsFixed)
            return RemapFixed(space, request, oldPages, newPages, out address);
        if (newPages <= oldPages)
        {
            ulong cut = (oldPages - newPages) << PageSize.Shift;
            return cut == 0 ? MemoryStatus.Ok : Unmap(space, new VirtualAddress(end - cut), cut);
        }
        MemoryStatus status = Grow(space, start, end, newPages, request.MayMove, out address);
        MergeAround(space, start, end);
        return status;
    }

    private MemoryStatus RemapFixed(AddressSpace* space, in RemapRequest request, ulong oldPages, ulong newPages, out VirtualAddress address)
    {
        address = request.NewAddress;
        ulong bytes = newPages << PageSize.Shift;
        ulong start = request.Address.Value;
        ulong end = start + (oldPages << PageSize.Shift);
        ulong newStart = request.NewAddress.Value;
        bool isRange = request.MayMove && request.NewAddress.PageOffset == 0 && newStart >= AddressSpace.UserStart
            && TryGetRange(request.NewAddress, bytes, out _, out _);
        if (!isRange || (newStart < end && start < newStart + bytes))
            return MemoryStatus.InvalidArgument;
        MemoryStatus status = Unmap(space, request.NewAddress, bytes);
        if (status == MemoryStatus.Ok && newPages < oldPages)
        {
            ulong cut = (oldPages - newPages) << PageSize.Shift;
            status = Unmap(space, new VirtualAddress(end - cut), cut);
            end -= cut;
        }
        if (status != MemoryStatus.Ok)
            return status;
        if (!SplitAt(space, start) || !SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        Mapping* mapping = MappingTable.Find(space, request.Address);
        if (newPages > oldPages && !GrowUp(mapping, newPages - oldPages))
            return MemoryStatus.OutOfMemory;
        Move(mapping, newStart, newPages);
        return MemoryStatus.Ok;
    }

    // Grows the part [start, end) of a mapping: in place if the range above is free, otherwise somewhere else.
    private MemoryStatus Grow(AddressSpace* space, ulong start, ulong end, ulong newPages, bool mayMove, out VirtualAddress address)
    {
        address = new VirtualAddress(start);
        ulong bytes = newPages << PageSize.Shift;
        bool staysInPlace = bytes <= AddressSpace.UserEnd - start && IsRangeFree(space, end, start + bytes);
        ulong newStart = start;
        if (!staysInPlace && (!mayMove || !FindFree(space, bytes, out newStart)))
            return MemoryStatus.OverLimit;
        if (!SplitAt(space, start) || !SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        Mapping* mapping = MappingTable.Find(space, address);
        if (!GrowUp(mapping, newPages - mapping->Pages))
            return MemoryStatus.OutOfMemory;
        Move(mapping, newStart, newPages);
        address = new VirtualAddress(newStart);
        return MemoryStatus.Ok;
    }

    // Gives a mapping another place and size; its object already has the pages.
    private void Move(Mapping* mapping, ulong newStart, ulong newPages)
    {
        AddressSpace* space = mapping->Space;
        if (newStart != mapping->Start.Value)
        {
            ClearEntries(space, mapping->Start, mapping->End);
            MappingTable.RemoveAt(space, MappingTable.IndexOf(space, mapping));
            space->MappedPages += newPages - mapping->Pages;
            mapping->Start = new VirtualAddress(newStart);
            mapping->Pages = newPages;
            MappingTable.Insert(space, mapping);
        }
        else
        {
            space->MappedPages += newPages - mapping->Pages;
            mapping->Pages = newPages;
        }
        TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
    }
}
