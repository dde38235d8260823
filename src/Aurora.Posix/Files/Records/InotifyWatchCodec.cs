using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

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
