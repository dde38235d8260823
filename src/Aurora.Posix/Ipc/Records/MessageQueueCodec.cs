using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a message queue. What is in it is in the records of its messages.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MessageQueueRecord
{
    public const int Bytes = 72;

    public IpcIdentityRecord Ipc;
    public ulong MostBytes;
    public ulong SendSeconds, ReceiveSeconds, ChangeSeconds;
    public int LastSender, LastReceiver;
}

/// <summary>Captures message queues and puts them back.</summary>
public sealed unsafe class MessageQueueCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.MessageQueue;
    public override int LargestPayload => sizeof(MessageQueueRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((MessageQueue*)header));

    public override bool IsSound(ObjectHeader* header)
    {
        MessageQueue* queue = (MessageQueue*)header;
        IpcSpace* space = Ipc.State.Of(header);
        return space != null && IsValid(Describe(queue)) && IsWhole(queue)
            && (queue->IsRemoved || IsFound(&space->Queues, (IpcObject*)queue));
    }

    // Nobody waits for a removed one.
    private static bool IsWhole(MessageQueue* queue)
        => queue->Count <= MessageQueue.MostMessages && (!queue->IsRemoved || (queue->Receivers.IsEmpty && queue->Senders.IsEmpty));

    private static bool IsValid(in MessageQueueRecord record)
    {
        bool isRemoved = (record.Ipc.Mode & MessageQueue.Removed) != 0;
        return record.Ipc.IsValid(MessageQueue.Removed) && (!isRemoved || record.Ipc.Key == IpcIdentity.Private)
            && record.LastSender >= 0 && record.LastReceiver >= 0;
    }

    private static MessageQueueRecord Describe(MessageQueue* queue) => new()
    {
        Ipc = IpcIdentityRecord.Of(in queue->Ipc),
        MostBytes = queue->MostBytes,
        SendSeconds = queue->SendSeconds,
        ReceiveSeconds = queue->ReceiveSeconds,
        ChangeSeconds = queue->ChangeSeconds,
        LastSender = queue->LastSender,
        LastReceiver = queue->LastReceiver,
    };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out MessageQueueRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        MessageQueue* queue = Ipc.State.Queues.Allocate();
        if (queue == null)
            return RestoreStatus.OutOfMemory;
        record.Ipc.Fill(ref queue->Ipc);
        queue->MostBytes = record.MostBytes;
        queue->SendSeconds = record.SendSeconds;
        queue->ReceiveSeconds = record.ReceiveSeconds;
        queue->ChangeSeconds = record.ChangeSeconds;
        queue->LastSender = record.LastSender;
        queue->LastReceiver = record.LastReceiver;
        tracker.Adopt(&queue->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        MessageQueue* queue = (MessageQueue*)header;
        IpcSpace* space = Ipc.State.Of(tracker);
        if (space == null)
            return RestoreStatus.MissingReference;
        return queue->IsRemoved ? RestoreStatus.Ok : Place(&space->Queues, (IpcObject*)queue);
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        MessageQueue* queue = (MessageQueue*)header;
        if (!IsWhole(queue))
            return RestoreStatus.BadRecord;
        if (queue->IsRemoved)
            Ipc.State.PutOff((IpcObject*)queue);
        return RestoreStatus.Ok;
    }
}
