using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of an inotify instance; its watches and events say the rest.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InotifyRecord
{
    public const int Bytes = 24;

    /// <summary>The event behind which events have been lost; none: before all there are.</summary>
    public ObjectId OverflownBehind;
    public uint Uid;
    public uint Capacity;
    public int NextNumber;

    /// <summary>1 when events have been lost.</summary>
    public uint HasOverflown;
}

/// <summary>Captures inotify instances and puts them back; open files take theirs.</summary>
public sealed unsafe class InotifyCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.Inotify;
    public override int LargestPayload => InotifyRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((Inotify*)header));

    private static InotifyRecord Describe(Inotify* instance)
        => new()
        {
            OverflownBehind = instance->OverflownBehind == null ? default : instance->OverflownBehind->Header.Id,
            Uid = instance->Uid,
            Capacity = instance->Capacity,
            NextNumber = instance->NextNumber,
            HasOverflown = instance->HasOverflown ? 1U : 0,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        Inotify* instance = (Inotify*)header;
        return IsLive(instance->File, ObjectKind.OpenFile) && InotifyWatches.Of(instance->File) == instance
            && IsLiveOrNone(instance->OverflownBehind, ObjectKind.InotifyEvent) && IsValid(Describe(instance)) && IsWhole(instance);
    }

    private static bool IsValid(in InotifyRecord record)
        => record.Capacity <= int.MaxValue && record.NextNumber > 0 && record.HasOverflown <= 1
            && (record.OverflownBehind.IsNone || record.HasOverflown == 1);

    private static bool IsWhole(Inotify* instance)
        => instance->EventCount <= instance->Capacity
            && (instance->OverflownBehind == null || instance->OverflownBehind->Instance == instance);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out InotifyRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        Inotify* instance = Files.State.Inotifies.Allocate();
        if (instance == null)
            return RestoreStatus.OutOfMemory;
        instance->Uid = record.Uid;
        instance->Capacity = record.Capacity;
        instance->NextNumber = record.NextNumber;
        instance->HasOverflown = record.HasOverflown == 1;
        instance->ReadableBytes = instance->HasOverflown ? (ulong)InotifyEvent.HeadBytes : 0;
        if (!Files.Inotify.Enter(tracker, instance))
        {
            Files.State.Inotifies.Free(instance);
            return RestoreStatus.OutOfMemory;
        }
        tracker.Adopt(&instance->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ObjectId behind = Reread<InotifyRecord>(payload).OverflownBehind;
        if (behind.IsNone)
            return RestoreStatus.Ok;
        var told = (InotifyEvent*)tracker.Find(behind, ObjectKind.InotifyEvent);
        ((Inotify*)header)->OverflownBehind = told;
        return told == null ? RestoreStatus.MissingReference : RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Inotify* instance = (Inotify*)header;
        return instance->File != null && IsWhole(instance) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}

/// <summary>The state record of an inotify watch.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InotifyWatchRecord
{
    public const int Bytes = 24;

    public ObjectId Instance;
    public ObjectId Inode;
    public int Number;
    public uint Mask;
}

/// <summary>Captures inotify watches and puts them back; what they watch is brought in with them.</summary>
public sealed unsafe class InotifyWatchCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.InotifyWatch;
    public override int LargestPayload => InotifyWatchRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((InotifyWatch*)header));

    private static InotifyWatchRecord Describe(InotifyWatch* watch)
        => new()
        {
            Instance = watch->Instance->Header.Id,
            Inode = watch->Inode->Header.Id,
            Number = watch->Number,
            Mask = watch->Mask,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        InotifyWatch* watch = (InotifyWatch*)header;
        return IsLive(watch->Instance, ObjectKind.Inotify) && IsLive(watch->Inode, ObjectKind.Inode) && IsValid(Describe(watch))
            && InotifyWatches.Find(watch->Instance, watch->Number) == watch;
    }

    private static bool IsValid(in InotifyWatchRecord record) => record.Number > 0 && (record.Mask & ~InotifyMask.OfWatch) == 0;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out InotifyWatchRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        InotifyWatch* watch = Files.State.InotifyWatches.Allocate();
        if (watch == null)
            return RestoreStatus.OutOfMemory;
        watch->Number = record.Number;
        watch->Mask = record.Mask;
        tracker.Adopt(&watch->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ids[0] = Reread<InotifyWatchRecord>(payload).Inode;
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        InotifyWatchRecord record = Reread<InotifyWatchRecord>(payload);
        var instance = (Inotify*)tracker.Find(record.Instance, ObjectKind.Inotify);
        var inode = (Inode*)tracker.Find(record.Inode, ObjectKind.Inode);
        if (instance == null || inode == null)
            return RestoreStatus.MissingReference;
        return Files.Inotify.Restore(instance, inode, (InotifyWatch*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    /// <summary>A file that was ending goes on with that: nothing but its watches has brought it in.</summary>
    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Files.State.PutOffIfUnused(((InotifyWatch*)header)->Inode);
        return RestoreStatus.Ok;
    }
}

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
