using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Records;

/// <summary>Captures tables of signal dispositions: the record is the table. Processes take their references when they link.</summary>
public sealed unsafe class SignalActionsCodec(ProcessTable processes) : RecordCodec
{
    public const int RecordBytes = 64 * 32;

    public override ObjectKind Kind => ObjectKind.SignalActions;
    public override int LargestPayload => RecordBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        new ReadOnlySpan<byte>(((SignalActions*)header)->Storage, RecordBytes).CopyTo(payload);
        return RecordBytes;
    }

    public override bool IsSound(ObjectHeader* header) => header->References > 0;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version != Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != RecordBytes)
            return RestoreStatus.BadRecord;
        SignalActions* actions = processes.AllocateActions();
        if (actions == null)
            return RestoreStatus.OutOfMemory;
        payload.CopyTo(new Span<byte>(actions->Storage, RecordBytes));
        tracker.Adopt(&actions->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => header->References > 0 ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
