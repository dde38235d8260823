using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a segment of shared memory.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SharedSegmentRecord
{
    public const int Bytes = 88;

    public IpcIdentityRecord Ipc;
    public ulong Size;
    public ObjectId Object;
    public ulong AttachSeconds, DetachSeconds, ChangeSeconds;
    public int Creator, LastProcess;
    public uint LockedBy;
    public uint Reserved;
}

/// <summary>Captures segments and puts them back. Who has them attached is in the records of mappings.</summary>
public sealed unsafe class SharedSegmentCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.SharedSegment;
    public override int LargestPayload => sizeof(SharedSegmentRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((SharedSegment*)header));

    public override bool IsSound(ObjectHeader* header)
    {
        SharedSegment* segment = (SharedSegment*)header;
        IpcSpace* space = Ipc.State.Of(header);
        return IsHeld(segment->Object, ObjectKind.MemoryObject) && segment->Object->MayBeContents
            && segment->Object->Segment == segment && IsWhole(segment)
            && IsValid(Describe(segment)) && space != null && IsFound(&space->Segments, (IpcObject*)segment);
    }

    // A removed one is there because somebody shows it.
    private static bool IsWhole(SharedSegment* segment)
        => segment->Object->SizePages == segment->Pages && (!segment->IsDestroyed || segment->Object->Attaches > 0);

    private static bool IsValid(in SharedSegmentRecord record)
    {
        const uint Flags = SharedSegment.Destroyed | SharedSegment.Locked;
        bool isLocked = (record.Ipc.Mode & SharedSegment.Locked) != 0;
        bool isDestroyed = (record.Ipc.Mode & SharedSegment.Destroyed) != 0;
        return record.Ipc.IsValid(Flags) && record.Size != 0 && record.Reserved == 0 && (isLocked || record.LockedBy == 0)
            && (!isDestroyed || record.Ipc.Key == IpcIdentity.Private) && record.Creator >= 0 && record.LastProcess >= 0;
    }

    private static SharedSegmentRecord Describe(SharedSegment* segment) => new()
    {
        Ipc = IpcIdentityRecord.Of(in segment->Ipc),
        Size = segment->Size,
        Object = IdOf(segment->Object),
        AttachSeconds = segment->AttachSeconds,
        DetachSeconds = segment->DetachSeconds,
        ChangeSeconds = segment->ChangeSeconds,
        Creator = segment->Creator,
        LastProcess = segment->LastProcess,
        LockedBy = segment->LockedBy,
    };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out SharedSegmentRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        SharedSegment* segment = Ipc.State.Segments.Allocate();
        if (segment == null)
            return RestoreStatus.OutOfMemory;
        record.Ipc.Fill(ref segment->Ipc);
        segment->Size = record.Size;
        segment->AttachSeconds = record.AttachSeconds;
        segment->DetachSeconds = record.DetachSeconds;
        segment->ChangeSeconds = record.ChangeSeconds;
        segment->Creator = record.Creator;
        segment->LastProcess = record.LastProcess;
        segment->LockedBy = record.LockedBy;
        tracker.Adopt(&segment->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        SharedSegment* segment = (SharedSegment*)header;
        VmObject* memory = (VmObject*)tracker.Find(Reread<SharedSegmentRecord>(payload).Object, ObjectKind.MemoryObject);
        IpcSpace* space = Ipc.State.Of(tracker);
        if (memory == null || space == null)
            return RestoreStatus.MissingReference;
        if (memory->Segment != null || memory->Keeper != null || memory->Region != null || !memory->MayBeContents)
            return RestoreStatus.BadRecord;
        RestoreStatus status = Place(&space->Segments, (IpcObject*)segment);
        if (status != RestoreStatus.Ok)
            return status;
        segment->Object = memory;
        memory->Header.References++;
        SharedSegments.Own(space, segment);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((SharedSegment*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
