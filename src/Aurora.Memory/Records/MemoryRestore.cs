// Bringing objects back from their records. A restored object consists of one marker ("in store") and its size; a restored address space
// has empty page tables: pages come in as they are touched.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Makes objects, mappings and address spaces from their records.</summary>
public sealed unsafe class MemoryRestore
{
    private const uint LooksAtOnce = 512;

    private readonly MemoryState _state;
    private readonly VmObjects _objects;
    private readonly AddressSpaces _spaces;
    private readonly SpaceMappings _list;

    internal MemoryRestore(MemoryState state, VmObjects objects, AddressSpaces spaces, SpaceMappings list)
    {
        _state = state;
        _objects = objects;
        _spaces = spaces;
        _list = list;
    }

    /// <summary>A restore begins: what is restored from here on is looked at when it ends.</summary>
    public void Begin(ObjectTracker group)
    {
        _state.RestoredSpaces = _state.RestoredObjects = default;
        _state.Restoring = group.Index + 1;
    }

    /// <summary>All records have been gone through, or one was refused: what is read from here on may have changed.</summary>
    public void End() => _state.Restoring = 0;

    /// <summary>Ends address spaces that were restored for a group and that nothing uses, a part of them; see below.</summary>
    public bool EndUnreferencedSpaces(ObjectTracker group, ref uint place)
    {
        place = _state.RestoredSpaces.From(place);
        for (uint left = LooksAtOnce; left > 0 && place < _state.RestoredSpaces.End; left--, place++)
        {
            AddressSpace* space = _state.Spaces.LiveAt(place);
            if (space != null && space->Header.Group == group.Index && space->Header.References == 0)
                _spaces.BeginEnd(space);
        }
        if (place < _state.RestoredSpaces.End)
            return false;
        _state.RestoredSpaces = default;
        return true;
    }

    /// <summary>
    /// Ends objects that were restored for a group and that nothing uses, a part of them: goes on at a place, which begins at zero, and is
    /// true at the end. After the spaces, which hold memory objects. Only places are looked at in which something was restored since the
    /// restore began: what a copy costs does not depend on how much there is.
    /// </summary>
    public bool EndUnreferencedObjects(ObjectTracker group, ref uint place)
    {
        place = _state.RestoredObjects.From(place);
        for (uint left = LooksAtOnce; left > 0 && place < _state.RestoredObjects.End; left--, place++)
        {
            VmObject* target = _state.Objects.LiveAt(place);
            if (target != null && target->Header.Group == group.Index && target->Header.References == 0)
                _objects.End(target);
        }
        if (place < _state.RestoredObjects.End)
            return false;
        _state.RestoredObjects = default;
        return true;
    }

    internal RestoreStatus AdoptObject(ObjectTracker tracker, ObjectId id, ulong sizePages, VmObjectFlags flags)
    {
        ClockPlace* place = (flags & VmObjectFlags.Clock) != 0 ? _state.ClockObjects.At(tracker.Index) : null;
        if (place != null && place->Object != null)
            return RestoreStatus.BadRecord;
        VmObject* restored = _state.Objects.Allocate();
        if (restored == null)
            return RestoreStatus.OutOfMemory;
        if (place != null)
            place->Object = restored;
        restored->SizePages = sizePages;
        restored->Flags = flags;
        restored->Root = place != null ? Slot.Hole : Slot.InStore;
        restored->StoredLimit = place != null ? 0 : sizePages;
        restored->IsCaptured = true;
        restored->IsAsRestored = _state.Restoring == tracker.Index + 1;
        _state.RestoredObjects.Add(_state.Objects.HandleOf(restored).Index);
        tracker.Adopt(&restored->Header, ObjectKind.MemoryObject, id);
        return RestoreStatus.Ok;
    }

    internal RestoreStatus LinkBacking(VmObject* overlay, VmObject* file)
    {
        if (!Overlays.MayBack(overlay, file) || overlay->FirstOverlay != null)
            return RestoreStatus.BadRecord;
        Overlays.Attach(overlay, file);
        return RestoreStatus.Ok;
    }

    internal RestoreStatus AdoptSpace(ObjectTracker tracker, ObjectId id, in AddressSpaceRecord record)
    {
        AddressSpace* restored = _spaces.New();
        if (restored == null)
            return RestoreStatus.OutOfMemory;
        restored->BreakStart = new VirtualAddress(record.BreakStart);
        restored->BreakEnd = new VirtualAddress(record.BreakEnd);
        restored->MapTop = new VirtualAddress(record.MapTop);
        restored->Limits = record.Limits;
        restored->LocksFuture = record.LocksFuture != 0;
        restored->Barriers = record.Barriers;
        restored->RegionSignal = record.RegionSignal;
        _state.RestoredSpaces.Add(_state.Spaces.HandleOf(restored).Index);
        tracker.Adopt(&restored->Header, ObjectKind.AddressSpace, id);
        return RestoreStatus.Ok;
    }

    internal RestoreStatus AdoptMapping(ObjectTracker tracker, ObjectId id, in MappingRecord record)
    {
        Mapping* restored = _state.Mappings.Allocate();
        if (restored == null)
            return RestoreStatus.OutOfMemory;
        restored->Start = new VirtualAddress(record.Start);
        restored->Pages = record.Pages;
        restored->PageOffset = record.PageOffset;
        restored->File = record.File;
        restored->Flags = record.Flags;
        restored->Protection = record.Protection;
        restored->MaxProtection = record.MaxProtection;
        tracker.Adopt(&restored->Header, ObjectKind.Mapping, id);
        return RestoreStatus.Ok;
    }

    // Shows a region again; with null there is none any more, and nothing is there. Whether it is what it was its program has to hear.
    internal RestoreStatus LinkRegion(Mapping* mapping, AddressSpace* space, Region* region, in MappingRecord record)
    {
        bool isSame = region != null && region->Taken == record.RegionTaken && record.IsRegionDirty == 0 && !region->IsDirty;
        space->HasOtherRegion |= !isSame;
        // What it shows from here on is what the region is now: nobody is told of the same again.
        if (!isSame)
            _state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
        if (region != null)
            return LinkRestored(mapping, space, region->Object);
        VmObject* nothing = _objects.Create(_state.TrackerOf(&space->Header), 0, VmObjectFlags.None);
        if (nothing == null)
            return RestoreStatus.OutOfMemory;
        mapping->Flags &= ~MappingFlags.Region;
        RestoreStatus status = LinkRestored(mapping, space, nothing);
        _objects.Release(nothing);
        return status;
    }

    internal RestoreStatus LinkRestored(Mapping* mapping, AddressSpace* space, VmObject* target)
    {
        if (!ClockObjects.MayShow(mapping, target) || !AddressRanges.IsFree(space, mapping->Start.Value, mapping->End.Value))
            return RestoreStatus.BadRecord;
        if (!_list.ReserveRestored(space))
            return RestoreStatus.OutOfMemory;
        _list.Place(mapping, space, target);
        return RestoreStatus.Ok;
    }
}
