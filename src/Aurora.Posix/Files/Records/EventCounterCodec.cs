using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of the counter of an eventfd.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventCounterRecord
{
    public const int Bytes = 24;

    public ObjectId File;
    public ulong Count;
    public uint IsSemaphore;
    public uint Reserved;
}

/// <summary>Captures eventfds and puts them back.</summary>
public sealed unsafe class EventCounterCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.EventCounter;
    public override int LargestPayload => sizeof(EventCounterRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((EventCounter*)header));

    private static EventCounterRecord Describe(EventCounter* counter)
        => new() { File = IdOf(&counter->File->Header), Count = counter->Count, IsSemaphore = counter->IsSemaphore ? 1U : 0 };

    private static bool IsValid(in EventCounterRecord record) => record.IsSemaphore <= 1 && record.Reserved == 0;

    public override bool IsSound(ObjectHeader* header)
    {
        EventCounter* counter = (EventCounter*)header;
        return IsLive(counter->File, ObjectKind.OpenFile) && IsWhole(counter) && IsValid(Describe(counter));
    }

    private static bool IsWhole(EventCounter* counter)
        => counter->File->Attachment == &counter->Header && counter->File->Kind == FileKind.EventCounter;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out EventCounterRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        EventCounter* counter = Files.State.EventCounters.Allocate();
        if (counter == null)
            return RestoreStatus.OutOfMemory;
        counter->Count = record.Count;
        counter->IsSemaphore = record.IsSemaphore != 0;
        tracker.Adopt(&counter->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        EventCounter* counter = (EventCounter*)header;
        counter->File = (OpenFile*)tracker.Find(Reread<EventCounterRecord>(payload).File, ObjectKind.OpenFile);
        return counter->File == null ? RestoreStatus.MissingReference : RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((EventCounter*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
