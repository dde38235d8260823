using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Captures and restores memory objects. A restored object has no page in memory and no reference until others are linked.</summary>
public sealed unsafe class MemoryObjectCodec : StateCodec
{
    /// <summary>The bytes of a payload.</summary>
    public static ulong RecordBytes => (ulong)sizeof(MemoryObjectRecord);

    private readonly MemoryManager _memory;

    public MemoryObjectCodec(MemoryManager memory) => _memory = memory;

    public override ObjectKind Kind => ObjectKind.MemoryObject;
    public override int LargestPayload => (int)RecordBytes;
    public override byte Version => 1;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        VmObject* source = (VmObject*)header;
        MemoryObjectRecord record = default;
        record.SizePages = source->SizePages;
        record.Flags = source->Flags;
        MemoryMarshal.Write(payload, in record);
        return sizeof(MemoryObjectRecord);
    }

    public override bool IsSound(ObjectHeader* header)
        => header->References >= 0 && ((VmObject*)header)->SizePages <= MemoryManager.MaxObjectPages;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version != Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != sizeof(MemoryObjectRecord))
            return RestoreStatus.BadRecord;
        MemoryObjectRecord record = MemoryMarshal.Read<MemoryObjectRecord>(payload);
        bool isValid = record.SizePages <= MemoryManager.MaxObjectPages && (record.Flags & ~VmObjectFlags.File) == 0;
        return isValid ? _memory.AdoptObject(tracker, id, record.SizePages, record.Flags) : RestoreStatus.BadRecord;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;
}
