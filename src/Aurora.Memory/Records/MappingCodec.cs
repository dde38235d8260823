using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Captures and restores mappings. Linking puts one into its address space and takes a reference on its object.</summary>
public sealed unsafe class MappingCodec : StateCodec
{
    private const MappingFlags NewFlags = MappingFlags.DontFork | MappingFlags.WipeOnFork | MappingFlags.Locked;

    private readonly MemoryRestore _restore;
    private readonly RegionKeeper? _regions;

    /// <summary><paramref name="regions"/> is null where there are none: then a mapping of one shows nothing.</summary>
    public MappingCodec(MemoryManager memory, RegionKeeper? regions = null)
    {
        _restore = memory.Restore;
        _regions = regions;
    }

    public override ObjectKind Kind => ObjectKind.Mapping;
    public override int LargestPayload => sizeof(MappingRecord);

    /// <summary>Version 1 had fewer flags, version 2 none of regions, version 3 none of segments.</summary>
    public override byte Version => 4;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        MappingRecord record = RecordOf((Mapping*)header);
        MemoryMarshal.AsBytes(new ReadOnlySpan<MappingRecord>(in record))[..record.Size].CopyTo(payload);
        return record.Size;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Mapping* mapping = (Mapping*)header;
        return IsLive(mapping->Space, ObjectKind.AddressSpace) && IsHeld(mapping->Object, ObjectKind.MemoryObject)
            && ((mapping->Flags & MappingFlags.Region) != 0) == (mapping->Object->Region != null) && RecordOf(mapping).IsValid
            && ClockObjects.MayShow(mapping, mapping->Object);
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is 0 || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length < MappingRecord.SizeWithoutRegion || payload.Length > sizeof(MappingRecord))
            return RestoreStatus.BadRecord;
        MappingRecord record = Read(payload);
        bool isKnown = (version > 1 || (record.Flags & NewFlags) == 0) && (version > 2 || !record.IsRegion)
            && (version > 3 || !record.IsSegment)
            && payload.Length == record.Size;
        return record.IsValid && isKnown ? _restore.AdoptMapping(tracker, id, record) : RestoreStatus.BadRecord;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        MappingRecord record = Read(payload);
        ids[0] = record.IsRegion ? default : record.Object;
        ids[1] = FileIds.InodeOf(record.File);
        return 2;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        MappingRecord record = Read(payload);
        AddressSpace* space = (AddressSpace*)tracker.Find(record.Space, ObjectKind.AddressSpace);
        if (record.IsRegion)
            return space == null ? RestoreStatus.MissingReference : LinkRegion((Mapping*)header, space, in record);
        VmObject* target = (VmObject*)tracker.Find(record.Object, ObjectKind.MemoryObject);
        if (space == null || target == null)
            return RestoreStatus.MissingReference;
        return _restore.LinkRestored((Mapping*)header, space, target);
    }

    private RestoreStatus LinkRegion(Mapping* mapping, AddressSpace* space, in MappingRecord record)
    {
        Region* region = null;
        RestoreStatus status = RestoreStatus.Ok;
        if (_regions != null)
            status = _regions.Find(record.Object.Value, in record.RegionIdentity, out region);
        return status == RestoreStatus.Ok ? _restore.LinkRegion(mapping, space, region, in record) : status;
    }

    private static MappingRecord Read(ReadOnlySpan<byte> payload)
    {
        MappingRecord record = default;
        payload.CopyTo(MemoryMarshal.AsBytes(new Span<MappingRecord>(ref record)));
        return record;
    }

    private static MappingRecord RecordOf(Mapping* source)
    {
        MappingRecord record = FieldsOf(source);
        Region* region = (source->Flags & MappingFlags.Region) != 0 ? source->Object->Region : null;
        if (region == null)
            return record;
        record.Object = new ObjectId(region->Number);
        record.RegionIdentity = region->Identity;
        record.RegionTaken = region->Taken;
        record.IsRegionDirty = region->IsDirty ? 1u : 0;
        return record;
    }

    private static MappingRecord FieldsOf(Mapping* source) => new()
    {
        Space = source->Space->Header.Id,
        Object = source->Object->Header.Id,
        Start = source->Start.Value,
        Pages = source->Pages,
        PageOffset = source->PageOffset,
        File = source->File,
        Flags = source->Flags,
        Protection = source->Protection,
        MaxProtection = source->MaxProtection,
    };
}
