using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Captures and restores memory objects. A restored object has no page in memory and no reference until others are
/// linked.</summary>
public sealed unsafe class MemoryObjectCodec : StateCodec
{
    /// <summary>The bytes of a payload.</summary>
    public static ulong RecordBytes => (ulong)sizeof(MemoryObjectRecord);

    private readonly MemoryRestore _restore;
    private readonly ClockObjects _clocks;

    public MemoryObjectCodec(MemoryManager memory)
    {
        _restore = memory.Restore;
        _clocks = memory.ClockObjects;
    }

    public override ObjectKind Kind => ObjectKind.MemoryObject;
    public override int LargestPayload => (int)RecordBytes;

    /// <summary>Version 1 knew no overlays, version 2 no clock objects.</summary>
    public override byte Version => 3;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        MemoryObjectRecord record = RecordOf((VmObject*)header);
        MemoryMarshal.Write(payload, in record);
        return sizeof(MemoryObjectRecord);
    }

    public override bool IsSound(ObjectHeader* header)
    {
        VmObject* source = (VmObject*)header;
        return header->References >= 0
            && IsLiveOrNone(source->Backing, ObjectKind.MemoryObject)
            && (source->Backing == null || (source->Backing->Header.References > 0 && Overlays.MayBack(source, source->Backing)))
            && RecordOf(source).IsValid && _clocks.IsSound(source);
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is 0 || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != (version == 1 ? MemoryObjectRecord.SizeOfVersion1 : sizeof(MemoryObjectRecord)))
            return RestoreStatus.BadRecord;
        MemoryObjectRecord record = Read(payload);
        bool isKnown = !record.IsClock || (version > 2 && !FileIds.IsOnDemand(id));
        return record.IsValid && isKnown ? _restore.AdoptObject(tracker, id, record.SizePages, record.Flags) : RestoreStatus.BadRecord;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ids[0] = Read(payload).Backing;
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ObjectId id = Read(payload).Backing;
        if (id.IsNone)
            return RestoreStatus.Ok;
        VmObject* backing = (VmObject*)tracker.Find(id, ObjectKind.MemoryObject);
        return backing == null ? RestoreStatus.MissingReference : _restore.LinkBacking((VmObject*)header, backing);
    }

    private static MemoryObjectRecord RecordOf(VmObject* source) => new()
    {
        SizePages = source->SizePages,
        Flags = source->Flags,
        Backing = source->Backing == null ? default : source->Backing->Header.Id,
    };

    private static MemoryObjectRecord Read(ReadOnlySpan<byte> payload)
    {
        MemoryObjectRecord record = default;
        payload.CopyTo(MemoryMarshal.AsBytes(new Span<MemoryObjectRecord>(ref record)));
        return record;
    }
}
