using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Captures and restores mappings. Linking puts one into its address space and takes a reference on its object.</summary>
public sealed unsafe class MappingCodec : StateCodec
{
    /// <summary>The bytes of a payload.</summary>
    public static ulong RecordBytes => (ulong)sizeof(MappingRecord);

    private const MappingFlags NewFlags = MappingFlags.DontFork | MappingFlags.WipeOnFork | MappingFlags.Locked;

    private readonly MemoryRestore _restore;

    public MappingCodec(MemoryManager memory) => _restore = memory.Restore;

    public override ObjectKind Kind => ObjectKind.Mapping;
    public override int LargestPayload => (int)RecordBytes;

    /// <summary>Version 1 had fewer flags.</summary>
    public override byte Version => 2;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        MappingRecord record = RecordOf((Mapping*)header);
        MemoryMarshal.Write(payload, in record);
        return sizeof(MappingRecord);
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Mapping* mapping = (Mapping*)header;
        return IsLive(mapping->Space, ObjectKind.AddressSpace) && IsHeld(mapping->Object, ObjectKind.MemoryObject)
            && RecordOf(mapping).IsValid;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is 0 || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != sizeof(MappingRecord))
            return RestoreStatus.BadRecord;
        MappingRecord record = MemoryMarshal.Read<MappingRecord>(payload);
        bool isKnown = version > 1 || (record.Flags & NewFlags) == 0;
        return record.IsValid && isKnown ? _restore.AdoptMapping(tracker, id, record) : RestoreStatus.BadRecord;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        MappingRecord record = MemoryMarshal.Read<MappingRecord>(payload);
        ids[0] = record.Object;
        ids[1] = FileIds.InodeOf(record.File);
        return 2;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        MappingRecord record = MemoryMarshal.Read<MappingRecord>(payload);
        AddressSpace* space = (AddressSpace*)tracker.Find(record.Space, ObjectKind.AddressSpace);
        VmObject* target = (VmObject*)tracker.Find(record.Object, ObjectKind.MemoryObject);
        if (space == null || target == null)
            return RestoreStatus.MissingReference;
        return _restore.LinkRestored((Mapping*)header, space, target);
    }

    private static MappingRecord RecordOf(Mapping* source) => new()
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
