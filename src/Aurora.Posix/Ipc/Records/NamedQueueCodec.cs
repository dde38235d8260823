using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a POSIX message queue; its name follows. What is in it is in the records of its messages.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NamedQueueRecord
{
    public const int Bytes = 64;

    /// <summary>None for one that is being ended.</summary>
    public ObjectId Inode;
    public int Id;
    public int MostMessages, MostBytes;
    public uint User;
    public byte IsNamed;
    public QueueNoticeKind NoticeKind;
    public byte NoticeSignal;
    public byte Reserved;
    public int NoticeProcess;
    public ObjectId NoticeOwner, NoticeTable, NoticeSpace;
    public ulong NoticeValue;
}

/// <summary>Captures POSIX message queues and puts them back.</summary>
public sealed unsafe class NamedQueueCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.NamedQueue;
    public override int LargestPayload => sizeof(NamedQueueRecord) + DirectoryEntry.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        NamedQueue* queue = (NamedQueue*)header;
        int length = Write(payload, Describe(queue));
        queue->Name.CopyTo(payload[length..]);
        return length + queue->NameLength;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        NamedQueue* queue = (NamedQueue*)header;
        IpcSpace* space = Ipc.State.Of(header);
        return space != null && IsLiveOrNone(queue->Inode, ObjectKind.Inode) && IsValid(Describe(queue), queue->Name) && IsWhole(queue)
            && (!queue->IsNamed || (NamedQueues.Find(space, queue->Name) == queue
                && IpcIds.At(&space->Named, queue->Ipc.Index) == (IpcObject*)queue));
    }

    // Nobody waits for one that is being ended.
    private static bool IsWhole(NamedQueue* queue)
        => queue->Messages.Count <= queue->MostMessages && (queue->Inode != null
            ? queue->Inode->Queue == queue && queue->Inode->IsQueue
            : queue->Receivers.IsEmpty && queue->Senders.IsEmpty);

    private static bool IsValid(in NamedQueueRecord record, ReadOnlySpan<byte> name)
    {
        var size = new NamedQueueSize { MostMessages = record.MostMessages, MostBytes = record.MostBytes };
        return record.Id >= 0 && size.IsAllowed(default, isPrivileged: true) && record.IsNamed <= 1
            && (record.IsNamed == 0 || !record.Inode.IsNone) && NamedQueues.CheckName(name) == SystemCalls.Errno.Ok
            && !name.Contains((byte)0)
            && NoticeOf(in record).IsValid && (record.NoticeKind == QueueNoticeKind.None || !record.Inode.IsNone)
            && record.Reserved == 0;
    }

    private static QueueNotice NoticeOf(in NamedQueueRecord record) => new()
    {
        Owner = record.NoticeOwner, Process = record.NoticeProcess, Table = record.NoticeTable, Space = record.NoticeSpace,
        Kind = record.NoticeKind, Signal = record.NoticeSignal, Value = record.NoticeValue,
    };

    private static NamedQueueRecord Describe(NamedQueue* queue) => new()
    {
        Inode = IdOf(queue->Inode),
        Id = queue->Ipc.Id,
        MostMessages = queue->MostMessages,
        MostBytes = queue->MostBytes,
        User = queue->User,
        IsNamed = queue->IsNamed ? (byte)1 : (byte)0,
        NoticeKind = queue->Notice.Kind,
        NoticeSignal = queue->Notice.Signal,
        NoticeProcess = queue->Notice.Process,
        NoticeOwner = queue->Notice.Owner,
        NoticeTable = queue->Notice.Table,
        NoticeSpace = queue->Notice.Space,
        NoticeValue = queue->Notice.Value,
    };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out NamedQueueRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> name = payload[sizeof(NamedQueueRecord)..];
        if (name.Length > DirectoryEntry.MaxNameBytes || !IsValid(in record, name))
            return RestoreStatus.BadRecord;
        NamedQueue* queue = Ipc.State.Named.Allocate();
        if (queue == null)
            return RestoreStatus.OutOfMemory;
        queue->Ipc.Id = record.Id;
        queue->Ipc.Key = record.IsNamed != 0 ? NamedQueues.HashOf(name) : IpcIdentity.Private;
        queue->MostMessages = record.MostMessages;
        queue->MostBytes = record.MostBytes;
        queue->User = record.User;
        queue->IsNamed = record.IsNamed != 0;
        queue->SetName(name);
        queue->Notice = NoticeOf(in record);
        tracker.Adopt(&queue->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        NamedQueueRecord record = Reread<NamedQueueRecord>(payload);
        if (record.Inode.IsNone)
            return RestoreStatus.Ok;
        Inode* inode = (Inode*)tracker.Find(record.Inode, ObjectKind.Inode);
        return inode == null ? RestoreStatus.MissingReference : Ipc.Named.Restore((NamedQueue*)header, inode);
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        NamedQueue* queue = (NamedQueue*)header;
        bool isWhole = queue->Messages.Count <= queue->MostMessages
            && (queue->Inode != null || (queue->Receivers.IsEmpty && queue->Senders.IsEmpty));
        if (!isWhole)
            return RestoreStatus.BadRecord;
        if (queue->Inode == null)
            Ipc.State.PutOff((IpcObject*)queue);
        return RestoreStatus.Ok;
    }
}
