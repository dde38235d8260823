// mremap. A mapping is a window on an object, so moving it copies nothing: the entries are dropped and the pages fault in at the new
// place. Growing widens the window (see Windows).
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>mremap.</summary>
public sealed unsafe partial class Remaps
{
    private readonly MemoryState _state;
    private readonly VmObjects _objects;
    private readonly Mappings _mappings;
    private readonly SpaceMappings _list;
    private readonly Windows _windows;

    internal Remaps(MemoryState state, VmObjects objects, Mappings mappings, SpaceMappings list, Windows windows)
    {
        _state = state;
        _objects = objects;
        _mappings = mappings;
        _list = list;
        _windows = windows;
    }

    /// <summary>
    /// mremap(2) for one mapping. Ok, InvalidArgument, NotMapped (the old range is not within one mapping, or is a clock object's, which
    /// does not grow: EFAULT), OverLimit (cannot grow in place and may not move, or over a limit: ENOMEM) or OutOfMemory.
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
        if (!AddressRanges.TryGet(request.Address, request.OldLength, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        Mapping* mapping = MappingTable.Find(space, request.Address);
        if (mapping == null || mapping->End.Value < end)
            return MemoryStatus.NotMapped;
        if (mapping->Object->IsClock && newPages > oldPages)
            return MemoryStatus.NotMapped;
        if (mapping->Object->IsClock && request.KeepsOld)
            return MemoryStatus.InvalidArgument;
        if (newPages > oldPages && !AddressRanges.IsWithinLimit(space, newPages - oldPages))
            return MemoryStatus.OverLimit;
        if (request.KeepsOld)
            return RemapKeeping(space, request, oldPages, out address);
        if (request.IsFixed)
            return RemapFixed(space, request, oldPages, newPages, out address);
        if (newPages <= oldPages)
        {
            ulong cut = (oldPages - newPages) << PageSize.Shift;
            return cut == 0 ? MemoryStatus.Ok : _mappings.Unmap(space, new VirtualAddress(end - cut), cut);
        }
        MemoryStatus status = Grow(space, start, end, newPages, request.MayMove, out address);
        _list.MergeAround(space, start, end);
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
            && AddressRanges.TryGet(request.NewAddress, bytes, out _, out _);
        if (!isRange || (newStart < end && start < newStart + bytes))
            return MemoryStatus.InvalidArgument;
        MemoryStatus status = _mappings.Unmap(space, request.NewAddress, bytes);
        if (status == MemoryStatus.Ok && newPages < oldPages)
        {
            ulong cut = (oldPages - newPages) << PageSize.Shift;
            status = _mappings.Unmap(space, new VirtualAddress(end - cut), cut);
            end -= cut;
        }
        if (status != MemoryStatus.Ok)
            return status;
        if (!_list.SplitAt(space, start) || !_list.SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        Mapping* mapping = MappingTable.Find(space, request.Address);
        if (newPages > oldPages && !_windows.GrowUp(mapping, newPages - oldPages))
            return MemoryStatus.OutOfMemory;
        _list.Move(mapping, newStart, newPages);
        _list.NoteMoved(mapping);
        return MemoryStatus.Ok;
    }

    // Grows the part [start, end) of a mapping: in place if the range above is free, otherwise somewhere else.
    private MemoryStatus Grow(AddressSpace* space, ulong start, ulong end, ulong newPages, bool mayMove, out VirtualAddress address)
    {
        address = new VirtualAddress(start);
        ulong bytes = newPages << PageSize.Shift;
        bool staysInPlace = bytes <= AddressSpace.UserEnd - start && AddressRanges.IsFree(space, end, start + bytes);
        ulong newStart = start;
        if (!staysInPlace && (!mayMove || !FreeRanges.Find(space, bytes, out newStart)))
            return MemoryStatus.OverLimit;
        if (!_list.SplitAt(space, start) || !_list.SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        Mapping* mapping = MappingTable.Find(space, address);
        if (!_windows.GrowUp(mapping, newPages - mapping->Pages))
            return MemoryStatus.OutOfMemory;
        _list.Move(mapping, newStart, newPages);
        if (!staysInPlace)
            _list.NoteMoved(mapping);
        address = new VirtualAddress(newStart);
        return MemoryStatus.Ok;
    }
}
