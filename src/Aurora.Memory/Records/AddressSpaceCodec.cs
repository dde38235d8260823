using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Captures and restores address spaces. A restored one maps nothing until its mappings link themselves into it.</summary>
public sealed unsafe class AddressSpaceCodec : StateCodec
{
    private readonly MemoryRestore _restore;

    public AddressSpaceCodec(MemoryManager memory) => _restore = memory.Restore;

    public override ObjectKind Kind => ObjectKind.AddressSpace;
    public override int LargestPayload => sizeof(AddressSpaceRecord);

    /// <summary>
    /// Version 1 did not know whether what is mapped later is locked, version 2 nothing of barriers, version 3 nothing of regions.
    /// </summary>
    public override byte Version => 4;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        AddressSpaceRecord record = RecordOf((AddressSpace*)header);
        MemoryMarshal.Write(payload, in record);
        return sizeof(AddressSpaceRecord);
    }

    public override bool IsSound(ObjectHeader* header) => RecordOf((AddressSpace*)header).IsValid;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is 0 || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != (version == 1 ? AddressSpaceRecord.SizeOfVersion1 : sizeof(AddressSpaceRecord)))
            return RestoreStatus.BadRecord;
        AddressSpaceRecord record = default;
        payload.CopyTo(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref record, 1)));
        bool isKnown = version > 3 || record.RegionSignal == 0;
        return record.IsValid && isKnown ? _restore.AdoptSpace(tracker, id, record) : RestoreStatus.BadRecord;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;

    private static AddressSpaceRecord RecordOf(AddressSpace* source) => new()
    {
        BreakStart = source->BreakStart.Value,
        BreakEnd = source->BreakEnd.Value,
        MapTop = source->MapTop.Value,
        Limits = source->Limits,
        LocksFuture = source->LocksFuture ? (byte)1 : (byte)0,
        Barriers = source->Barriers,
        RegionSignal = source->RegionSignal,
    };
}
