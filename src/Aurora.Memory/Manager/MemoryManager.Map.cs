// mmap and munmap. A private mapping of a file shows the file's own object while it cannot be written; as soon as it can (here or in
// Protect) it gets an overlay over that object. Anonymous memory gets an object of its own.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    /// <summary>mmap(2). Ok, InvalidArgument, AlreadyMapped, OverLimit, AccessDenied or OutOfMemory.</summary>
    public MemoryStatus Map(AddressSpace* space, in MapRequest request, out VirtualAddress address)
    {
        address = default;
        ulong pages = PageSize.PagesFor(request.Length);
        Protection most = request.MaxProtection != 0 ? request.MaxProtection : Protection.Read | Protection.Write | Protection.Execute;
        if (pages == 0 || pages > AddressSpace.UserEnd >> PageSize.Shift || request.PageOffset > MaxObjectPages - pages)
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
        Release(target);
        address = model.Start;
        return status;
    }

    /// <summary>munmap(2). Ok, InvalidArgument or OutOfMemory (a split failed; nothing changed).</summary>
    public MemoryStatus Unmap(AddressSpace* space, VirtualAddress address, ulong length)
    {
        if (address.PageOffset != 0 || !TryGetRange(address, length, out ulong start, out ulong end))
            return MemoryStatus.InvalidArgument;
        if (!SplitAt(space, start) || !SplitAt(space, end))
            return MemoryStatus.OutOfMemory;
        ClearEntries(space, new VirtualAddress(start), new VirtualAddress(end));
        int first = MappingTable.FirstEndingAfter(space, start);
        int behind = first;
        DiscardBudget budget = DiscardBudget.OfOneCall;
        for (; behind < space->Count && space->Table[behind]->Start.Value < end; behind++)
            DropWindow(space->Table[behind], ref budget);
        MappingTable.RemoveRange(space, first, behind - first);
        return MemoryStatus.Ok;
    }

    /// <summary>
    /// Makes the mapping boundaries that <see cref="Unmap"/> needs, for whoever gives up pages before it: after that nothing may fail.
    /// False when out of memory, or over the limit of mappings.
    /// </summary>
    public bool PrepareUnmap(AddressSpace* space, VirtualAddress address, ulong length) =>
        !TryGetRange(address, length, out ulong start, out ulong end) || (SplitAt(space, start) && SplitAt(space, end));

    // A page-aligned user range from a program's arguments; false if it is empty, wraps or leaves user space.
    private static bool TryGetRange(VirtualAddress address, ulong length, out ulong start, out ulong end)
    {
        start = address.PageStart.Value;
        end = 0;
        if (length == 0 || address.Value >= AddressSpace.UserEnd || length > AddressSpace.UserEnd - address.Value)
            return false;
        end = (address.Value + length + PageSize.OffsetMask) & ~PageSize.OffsetMask;
        return true;
    }

    private static MemoryStatus ChooseAddress(AddressSpace* space, in MapRequest request, ulong pages, out ulong start)
    {
        start = request.Address.Value;
        ulong bytes = pages << PageSize.Shift;
        bool isUsable = request.Address.PageOffset == 0 && start >= AddressSpace.UserStart
            && start < AddressSpace.UserEnd && bytes <= AddressSpace.UserEnd - start;
        bool isFree = isUsable && IsRangeFree(space, start, start + bytes);
        ulong replaced = 0;
        if (request.Placement != MapPlacement.Hint)
        {
            if (!isUsable)
                return request.Address.PageOffset != 0 ? MemoryStatus.InvalidArgument : MemoryStatus.OverLimit;
            if (!isFree && request.Placement == MapPlacement.FixedNoReplace)
                return MemoryStatus.AlreadyMapped;
            replaced = MappedPagesIn(space, start, start + bytes);
        }
        else if (!isFree && !FindFree(space, bytes, out start))
        {
            return MemoryStatus.OverLimit;
        }
        return IsWithinLimit(space, pages - replaced) ? MemoryStatus.Ok : MemoryStatus.OverLimit;
    }

    private static ulong MappedPagesIn(AddressSpace* space, ulong start, ulong end)
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

    private static bool IsRangeFree(AddressSpace* space, ulong start, ulong end)
    {
        int index = MappingTable.FirstEndingAfter(space, start);
        return index == space->Count || space->Table[index]->Start.Value >= end;
    }

    // The highest free range below MapTop, or above it if there is none; stacks keep their guard gap.
    private static bool FindFree(AddressSpace* space, ulong bytes, out ulong start)
    {
        return FindFreeBelow(space, bytes, space->MapTop.Value, out start)
            || FindFreeBelow(space, bytes, AddressSpace.UserEnd, out start);
    }

    private static bool FindFreeBelow(AddressSpace* space, ulong bytes, ulong top, out ulong start)
    {
        for (int index = space->Count; index >= 0; index--)
        {
            ulong low = index == 0 ? AddressSpace.UserStart : space->Table[index - 1]->End.Value;
            ulong high = AddressSpace.UserEnd;
            if (index < space->Count)
            {
                Mapping* above = space->Table[index];
                high = above->Start.Value;
                if ((above->Flags & MappingFlags.GrowsDown) != 0)
                    high = high > StackGuardPages << PageSize.Shift ? high - (StackGuardPages << PageSize.Shift) : 0;
            }
            if (high > top)
                high = top;
            if (high >= low && high - low >= bytes)
            {
                start = high - bytes;
                return true;
            }
        }
        start = 0;
        return false;
    }

    // The object a new mapping shows, with a reference for the caller; completes the model's flags and offset.
    private VmObject* ObjectFor(AddressSpace* space, in MapRequest request, Mapping* model)
    {
        ObjectTracker tracker = TrackerOf(&space->Header);
        bool isShared = (request.Flags & MappingFlags.Shared) != 0;
        if (request.Object == null)
        {
            model->Flags |= MappingFlags.Anonymous | (isShared ? MappingFlags.None : MappingFlags.OwnsObject);
            ulong size = (request.Flags & MappingFlags.GrowsDown) != 0 ? StackObjectPages(space, model->Pages) : model->Pages;
            model->PageOffset = size - model->Pages;
            return CreateObject(tracker, size, VmObjectFlags.None);
        }
        if (!isShared && (request.Protection & Protection.Write) != 0)
        {
            model->Flags |= MappingFlags.OwnsObject;
            return CreateOverlay(request.Object, model->PageOffset + model->Pages);
        }
        Retain(request.Object);
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
        bool isPlaced = MappingTable.Reserve(space, _pages, 1, _maxMappingsPerSpace, _seeded) && NewMapping(space, target, model) != null;
        return isPlaced ? MemoryStatus.Ok : MemoryStatus.OutOfMemory;
    }

    // Makes a mapping boundary at an address, if a mapping spans it. False when out of memory.
    private bool SplitAt(AddressSpace* space, ulong address)
    {
        Mapping* lower = MappingTable.Find(space, new VirtualAddress(address));
        if (lower == null || lower->Start.Value == address)
            return true;
        if (!MappingTable.Reserve(space, _pages, 1, _maxMappingsPerSpace, _seeded))
            return false;
        Mapping upper = *lower;
        ulong lowerPages = (address - lower->Start.Value) >> PageSize.Shift;
        upper.Start = new VirtualAddress(address);
        upper.Pages = lower->Pages - lowerPages;
        upper.PageOffset = lower->PageOffset + lowerPages;
        ulong oldPages = lower->Pages;
        lower->Pages = lowerPages;
        space->MappedPages -= upper.Pages;
        if (NewMapping(space, lower->Object, &upper) == null)
        {
            lower->Pages = oldPages;
            space->MappedPages += upper.Pages;
            return false;
        }
        TrackerOf(&lower->Header).MarkChanged(&lower->Header);
        return true;
    }
}
