// mremap with MREMAP_DONTUNMAP: the pages move, and at the old place there is a mapping of the same kind, empty: fresh zeros, the file
// behind a private mapping, or the same pages of what is shared.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class Remaps
{
    private MemoryStatus RemapKeeping(AddressSpace* space, in RemapRequest request, ulong pages, out VirtualAddress address)
    {
        address = request.NewAddress;
        ulong bytes = pages << PageSize.Shift;
        ulong start = request.Address.Value;
        ulong newStart = request.NewAddress.Value;
        if (!request.MayMove || request.NewAddress.PageOffset != 0 || bytes > AddressSpace.UserEnd
            || newStart > AddressSpace.UserEnd - bytes
            || (newStart < start + bytes && start < newStart + bytes))
            return MemoryStatus.InvalidArgument;
        if (!AddressRanges.IsWithinLimit(space, pages))
            return MemoryStatus.OverLimit;
        MemoryStatus status = MemoryStatus.Ok;
        if (request.IsFixed)
            status = newStart < AddressSpace.UserStart ? MemoryStatus.InvalidArgument : _mappings.Unmap(space, request.NewAddress, bytes);
        else if (newStart < AddressSpace.UserStart || !AddressRanges.IsFree(space, newStart, newStart + bytes))
            status = FreeRanges.Find(space, bytes, out newStart) ? MemoryStatus.Ok : MemoryStatus.OverLimit;
        if (status != MemoryStatus.Ok)
            return status;
        address = new VirtualAddress(newStart);
        bool hasRoom = _list.SplitAt(space, start) && _list.SplitAt(space, start + bytes)
            && _list.Reserve(space, 1);
        return hasRoom && MoveAndRefill(MappingTable.Find(space, request.Address), newStart) ? MemoryStatus.Ok : MemoryStatus.OutOfMemory;
    }

    private bool MoveAndRefill(Mapping* mapping, ulong newStart)
    {
        AddressSpace* space = mapping->Space;
        Mapping model = *mapping;
        model.Flags &= ~MappingFlags.Locked;
        VmObject* refill = RefillOf(mapping);
        if (refill == null)
            return false;
        _list.Move(mapping, newStart, mapping->Pages);
        bool isRefilled = _list.Add(space, refill, &model) != null;
        if (!isRefilled)
            _list.Move(mapping, model.Start.Value, model.Pages);
        _objects.Release(refill);
        return isRefilled;
    }

    // What shows at the old place, with a reference for the caller.
    private VmObject* RefillOf(Mapping* mapping)
    {
        VmObject* target = mapping->Object;
        if ((mapping->Flags & MappingFlags.OwnsObject) == 0)
        {
            _objects.Retain(target);
            return target;
        }
        return target->Backing != null
            ? _objects.CreateOverlay(target->Backing, target->SizePages)
            : _objects.Create(_state.TrackerOf(&mapping->Space->Header), target->SizePages, target->Flags);
    }
}
