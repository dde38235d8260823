using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an event; its name follows. Its place in the queue is that of its id.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InotifyEventRecord
{
    public const int Bytes = 24;

    public ObjectId Instance;
    public int Number;
    public uint Mask;
    public uint Cookie;
    public uint NameLength;
}

/// <summary>Captures events and puts them back into their queues.</summary>
public sealed unsafe class InotifyEventCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.InotifyEvent;
    public override int LargestPayload => InotifyEventRecord.Bytes + DirectoryEntry.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        InotifyEvent* told = (InotifyEvent*)header;
        int length = Write(payload, Describe(told));
        InotifyEvent.NameOf(told).CopyTo(payload[length..]);
        return length + told->NameLength;
    }

    private static InotifyEventRecord Describe(InotifyEvent* told)
        => new()
        {
            Instance = told->Instance->Header.Id,
            Number = told->Number,
            Mask = told->Mask,
            Cookie = told->Cookie,
            NameLength = told->NameLength,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        InotifyEvent* told = (InotifyEvent*)header;
        return IsLive(told->Instance, ObjectKind.Inotify) && IsValid(Describe(told));
    }

    private static bool IsValid(in InotifyEventRecord record)
        => record.Number > 0 && (record.Mask & ~InotifyMask.OfEvent) == 0 && record.NameLength <= DirectoryEntry.MaxNameBytes;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out InotifyEventRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record) || payload.Length != InotifyEventRecord.Bytes + (int)record.NameLength)
            return RestoreStatus.BadRecord;
        InotifyEvent* told = Files.State.InotifyEvents.Allocate();
        if (told == null)
            return RestoreStatus.OutOfMemory;
        told->Number = record.Number;
        told->Mask = record.Mask;
        told->Cookie = record.Cookie;
        told->NameLength = (byte)record.NameLength;
        payload[InotifyEventRecord.Bytes..].CopyTo(new Span<byte>(told->NameBytes, DirectoryEntry.MaxNameBytes));
        tracker.Adopt(&told->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        InotifyEvent* told = (InotifyEvent*)header;
        told->Instance = (Inotify*)tracker.Find(Reread<InotifyEventRecord>(payload).Instance, ObjectKind.Inotify);
        if (told->Instance == null)
            return RestoreStatus.MissingReference;
        InotifyQueue.Link(told);
        return RestoreStatus.Ok;
    }
}
