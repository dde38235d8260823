using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an epoll: its watches say everything.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventPollRecord
{
    public const int Bytes = 8;

    public ulong Reserved;
}

/// <summary>Captures epolls and puts them back; open files take theirs.</summary>
public sealed unsafe class EventPollCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.EventPoll;
    public override int LargestPayload => EventPollRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, default(EventPollRecord));

    public override bool IsSound(ObjectHeader* header)
    {
        EventPoll* poll = (EventPoll*)header;
        return IsLive(poll->File, ObjectKind.OpenFile) && EventPolls.Of(poll->File) == poll;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out EventPollRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        EventPoll* poll = Files.State.EventPolls.Allocate();
        if (poll == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&poll->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => EventPolls.Finish((EventPoll*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}

/// <summary>The state record of a watch.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventWatchRecord
{
    public const int Bytes = 40;

    public ObjectId Poll;
    public ObjectId File;
    public ulong Data;

    /// <summary>Its place on the list of those that may be ready, behind all with lesser ones; zero: it is not there.</summary>
    public ulong Order;
    public int Descriptor;

    /// <summary>What was asked for, and how; only how, for a one-shot watch that has told.</summary>
    public uint Events;
}

/// <summary>Captures watches and puts them back, in the order of their list; they stand on the queues of their files again.</summary>
public sealed unsafe class EventWatchCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.EventWatch;
    public override int LargestPayload => EventWatchRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((EventWatch*)header));

    private static EventWatchRecord Describe(EventWatch* watch)
        => new()
        {
            Poll = watch->Poll->Header.Id,
            File = watch->File->Header.Id,
            Data = watch->Data,
            Order = watch->Ready.Order,
            Descriptor = watch->Descriptor,
            Events = watch->Events,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        EventWatch* watch = (EventWatch*)header;
        return IsLive(watch->Poll, ObjectKind.EventPoll) && IsLive(watch->File, ObjectKind.OpenFile) && IsValid(Describe(watch))
            && IsLive(watch->File->Inode, ObjectKind.Inode) && Files.EventPolls.IsSound(watch);
    }

    private static bool IsValid(in EventWatchRecord record)
        => (uint)record.Descriptor < DescriptorTable.MaxDescriptors && EventFlags.IsValid(record.Events)
            && record.Order <= ReadyWatch.MaxOrder && (record.Order == 0 || (record.Events & ~EventFlags.How) != 0);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out EventWatchRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        EventWatch* watch = Files.State.EventWatches.Allocate();
        if (watch == null)
            return RestoreStatus.OutOfMemory;
        watch->Data = record.Data;
        watch->Descriptor = record.Descriptor;
        EventPolls.SetEvents(watch, record.Events);
        tracker.Adopt(&watch->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        EventWatchRecord record = Reread<EventWatchRecord>(payload);
        var poll = (EventPoll*)tracker.Find(record.Poll, ObjectKind.EventPoll);
        var file = (OpenFile*)tracker.Find(record.File, ObjectKind.OpenFile);
        if (poll == null || file == null)
            return RestoreStatus.MissingReference;
        return EventPolls.Restore(poll, file, (EventWatch*)header, record.Order) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => Files.EventPolls.Finish((EventWatch*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
