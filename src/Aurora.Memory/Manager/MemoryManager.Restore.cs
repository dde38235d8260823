// Bringing objects back from their records. A restored object consists of one marker ("in store") and its size; a restored address space
// has empty page tables: pages come in as they are touched.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    internal RestoreStatus AdoptObject(ObjectTracker tracker, ObjectId id, ulong sizePages, VmObjectFlags flags)
    {
        VmObject* restored = _objects.Allocate();
        if (restored == null)
            return RestoreStatus.OutOfMemory;
        restored->SizePages = sizePages;
        restored->Flags = flags;
        restored->Root = Slot.InStore;
        restored->StoredLimit = sizePages;
        restored->IsCaptured = true;
        tracker.Adopt(&restored->Header, ObjectKind.MemoryObject, id);
        return RestoreStatus.Ok;
    }

    internal RestoreStatus LinkBacking(VmObject* overlay, VmObject* file)
    {
        if (!MayBack(overlay, file) || overlay->FirstOverlay != null)
            return RestoreStatus.BadRecord;
        AttachBacking(overlay, file);
        return RestoreStatus.Ok;
    }

    internal RestoreStatus AdoptSpace(ObjectTracker tracker, ObjectId id, in AddressSpaceRecord record)
    {
        AddressSpace* restored = NewSpace();
        if (restored == null)
            return RestoreStatus.OutOfMemory;
        restored->BreakStart = new VirtualAddress(record.BreakStart);
        restored->BreakEnd = new VirtualAddress(record.BreakEnd);
        restored->MapTop = new VirtualAddress(record.MapTop);
        restored->Limits = record.Limits;
        restored->LocksFuture = record.LocksFuture != 0;
        restored->Barriers = record.Barriers;
        tracker.Adopt(&restored->Header, ObjectKind.AddressSpace, id);
        return RestoreStatus.Ok;
    }

    internal RestoreStatus AdoptMapping(ObjectTracker tracker, ObjectId id, in MappingRecord record)
    {
        Mapping* restored = _mappings.Allocate();
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

    internal RestoreStatus LinkRestored(Mapping* mapping, AddressSpace* space, VmObject* target)
    {
        if (!IsRangeFree(space, mapping->Start.Value, mapping->End.Value))
            return RestoreStatus.BadRecord;
        if (!MappingTable.Reserve(space, _pages, 1, MappingTable.MaxMappings, _seeded))
            return RestoreStatus.OutOfMemory;
        mapping->Space = space;
        mapping->Object = target;
        Retain(target);
        LinkMapping(mapping);
        MappingTable.Insert(space, mapping);
        space->MappedPages += mapping->Pages;
        return RestoreStatus.Ok;
    }
}
