// mmap and munmap. A private mapping of a file shows the file's own object while it cannot be written; as soon as it can (here or in
// Protect) it gets an overlay over that object. Anonymous memory gets an object of its own.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>mmap, munmap, mprotect, and giving up the pages of a range.</summary>
public sealed unsafe partial class Mappings
{
    private readonly MemoryState _state;
    private readonly VmObjects _objects;
    private readonly ObjectHoles _holes;
    private readonly ReverseMap _reverse;
    private readonly SpaceMappings _list;
    private readonly Windows _windows;

    internal Mappings(MemoryState state, VmObjects objects, ObjectHoles holes, ReverseMap reverse, SpaceMappings list, Windows windows)
    {
        _state = state;
        _objects = objects;
        _holes = holes;
        _reverse = reverse;
        _list = list;
        _windows = windows;
    }

    /// <summary>mmap(2). Ok, InvalidArgument, AlreadyMapped, OverLimit, AccessDenied or OutOfMemory.</summary>
    public MemoryStatus Map(AddressSpace* space, in MapRequest request, out VirtualAddress address)
    {
        address = default;
        ulong pages = PageSize.PagesFor(request.Length);
        Protection most = request.MaxProtection != 0 ? request.MaxProtection : Protection.Read | Protection.Write | Protection.Execute;
        if (pages == 0 || pages > AddressSpace.UserEnd >> PageSize.Shift || request.PageOffset > VmObject.MaxPages - pages)
            return MemoryStatus.InvalidArgument;
        bool isOwnMemory = request.Object == null && (request.Flags & MappingFlags.Shared) == 0;
        if ((request.Flags & MappingFlags.GrowsDown) != 0 && !isOwnMemory)
            return MemoryStatus.InvalidArgument;
        if ((request.Protection & ~most) != 0)
            return MemoryStatus.AccessDenied;
        MemoryStatus status = ChooseAddress(space, request, pages, out ulong start);
        if (status != MemoryStatus.Ok)
            return status;
        Mapping model = default;
        model.Start = new VirtualAddress(start);
        model.Pages = pages;
        model.PageOffset = request.PageOffset;
        model.File = request.File;
        model.Protection = request.Protection;
        model.MaxProtection = most;
        model.Flags = request.Flags;
        VmObject* target = ObjectFor(space, request, &model);
        if (target == null)
            return MemoryStatus.OutOfMemory;
        status = Place(space, request.Placement, target, &model);
        _objects.Release(target);
        address = model.Start;
        return status;
    }

    /// <summary>munmap(2). Ok, InvalidArgument or OutOfMemory (a split failed; nothing changed).</summary>
    public MemoryStatus Unmap(AddressSpace* space, VirtualAddress address, ulong length)
    {
        if (address.PageOffset != 0 || !AddressRanges.TryGet(address, length, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        if (!_list.SplitAt(space, start) || !_list.SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        _reverse.ClearEntries(space, new VirtualAddress(start), new VirtualAddress(end));
        int first = MappingTable.FirstEndingAfter(space, start);
        int behind = first;
        DiscardBudget budget = DiscardBudget.OfOneCall;
        for (; behind < space->Count && space->Table[behind]->Start.Value < end; behind++)
            _windows.Drop(space->Table[behind], ref budget);
        MappingTable.RemoveRange(space, first, behind - first);
        return MemoryStatus.Ok;
    }

    /// <summary>
    /// Makes the mapping boundaries that <see cref="Unmap"/> needs, for whoever gives up pages before it: after that nothing may fail.
    /// False when out of memory, or over the limit of mappings.
    /// </summary>
    public bool PrepareUnmap(AddressSpace* space, VirtualAddress address, ulong length) =>
        !AddressRanges.TryGet(address, length, out ulong start, out ulong end)
            || (_list.SplitAt(space, start) && _list.SplitAt(space, end));

    private static MemoryStatus ChooseAddress(AddressSpace* space, in MapRequest request, ulong pages, out ulong start)
    {
        start = request.Address.Value;
        ulong bytes = pages << PageSize.Shift;
        bool isUsable = request.Address.PageOffset == 0 && start >= AddressSpace.UserStart
            && start < AddressSpace.UserEnd && bytes <= AddressSpace.UserEnd - start;
        bool isFree = isUsable && AddressRanges.IsFree(space, start, start + bytes);
        ulong replaced = 0;
        if (request.Placement != MapPlacement.Hint)
        {
            if (!isUsable)
                return request.Address.PageOffset != 0 ? MemoryStatus.InvalidArgument : MemoryStatus.OverLimit;
            if (!isFree && request.Placement == MapPlacement.FixedNoReplace)
                return MemoryStatus.AlreadyMapped;
            replaced = AddressRanges.MappedPagesIn(space, start, start + bytes);
        }
        else if (!isFree && !FreeRanges.Find(space, bytes, out start))
        {
            return MemoryStatus.OverLimit;
        }
        return AddressRanges.IsWithinLimit(space, pages - replaced) ? MemoryStatus.Ok : MemoryStatus.OverLimit;
    }

    // The object a new mapping shows, with a reference for the caller; completes the model's flags and offset.
    private VmObject* ObjectFor(AddressSpace* space, in MapRequest request, Mapping* model)
    {
        ObjectTracker tracker = _state.TrackerOf(&space->Header);
        bool isShared = (request.Flags & MappingFlags.Shared) != 0;
        if (request.Object == null)
        {
            model->Flags |= MappingFlags.Anonymous | (isShared ? MappingFlags.None : MappingFlags.OwnsObject);
            ulong size = (request.Flags & MappingFlags.GrowsDown) != 0 ? Windows.StackObjectPages(space, model->Pages) : model->Pages;
            model->PageOffset = size - model->Pages;
            return _objects.Create(tracker, size, VmObjectFlags.None);
        }
        if (!isShared && (request.Protection & Protection.Write) != 0)
        {
            model->Flags |= MappingFlags.OwnsObject;
            return _objects.CreateOverlay(request.Object, model->PageOffset + model->Pages);
        }
        _objects.Retain(request.Object);
        return request.Object;
    }

    private MemoryStatus Place(AddressSpace* space, MapPlacement placement, VmObject* target, Mapping* model)
    {
        if (placement == MapPlacement.Fixed)
        {
            MemoryStatus status = Unmap(space, model->Start, model->Pages << PageSize.Shift);
            if (status != MemoryStatus.Ok)
                return status;
        }
        bool isPlaced = _list.Reserve(space, 1) && _list.Add(space, target, model) != null;
        return isPlaced ? MemoryStatus.Ok : MemoryStatus.OutOfMemory;
    }
}
