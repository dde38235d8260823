using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a message or a further part of one; the text of the part follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MessageRecord
{
    public const int Bytes = 48;

    /// <summary>The queue it is in; none for one that a waiter has.</summary>
    public ObjectId Queue;

    /// <summary>Of further parts, which have nothing else: the first one.</summary>
    public ObjectId Head;
    public ulong Order;
    public long Type;
    public int TextBytes, Part;
    public uint Priority, Reserved;
}

/// <summary>Captures messages and puts them back into their queues.</summary>
public sealed unsafe class MessageCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.Message;
    public override int LargestPayload => sizeof(MessageRecord) + Message.PartBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Message* message = (Message*)header;
        int length = Write(payload, Describe(message));
        ReadOnlySpan<byte> text = Messages.TextOf(message);
        text.CopyTo(payload[length..]);
        return length + text.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Message* message = (Message*)header;
        return IsLiveOrNone(message->Queue, ObjectKind.MessageQueue) && IsLiveOrNone(message->Named, ObjectKind.NamedQueue)
            && IsLiveOrNone(message->Head, ObjectKind.Message)
            && IsLiveOrNone(message->Holder, ObjectKind.IpcWaiter) && IsValid(Describe(message)) && IsWhole(message)
            && (message->OwnBytes <= Message.InlineBytes || message->Page != null);
    }

    // The most bytes that the queue it is in, or is to get into, has room for.
    private static int MostBytesOf(Message* message)
    {
        IpcWaiter* holder = message->Holder;
        var queue = holder != null && holder->IsNamed ? (NamedQueue*)holder->Target : message->Named;
        return queue == null ? Message.MostBytes : queue->MostBytes;
    }

    // Somebody has it, and it has all its parts.
    private static bool IsWhole(Message* message)
    {
        if (message->Part != 0)
            return message->Head != null;
        int parts = 1;
        for (Message* part = message->NextPart; part != null; part = part->NextPart)
            if (part->Part != parts++ || part->Bytes != message->Bytes)
                return false;
        int holders = (message->Queue != null ? 1 : 0) + (message->Named != null ? 1 : 0) + (message->Holder != null ? 1 : 0);
        bool isNamed = message->Named != null || (message->Holder != null && message->Holder->IsNamed);
        return parts == Message.PartsFor(message->Bytes) && holders == 1 && message->Bytes <= MostBytesOf(message)
            && (isNamed ? message->Type <= NamedQueue.MostPriority : message->Type > 0)
            && (message->Holder == null || message->Holder->Message == message);
    }

    private static MessageRecord Describe(Message* message) => new()
    {
        Queue = message->Named != null ? IdOf(message->Named) : IdOf(message->Queue),
        Head = IdOf(message->Head),
        Order = message->Order,
        Type = message->Type,
        TextBytes = message->Bytes,
        Part = message->Part,
    };

    private static bool IsValid(in MessageRecord record)
    {
        bool isHead = record.Part == 0;
        return record.TextBytes is >= 0 and <= Message.MostBytes && record.Part >= 0 && record.Part < Message.PartsFor(record.TextBytes)
            && isHead == record.Head.IsNone && (record.Order != 0) == !record.Queue.IsNone && record.Order <= long.MaxValue
            && record.Priority == 0 && record.Reserved == 0
            && (isHead ? record.Type >= 0 : record.Type == 0 && record.Queue.IsNone);
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out MessageRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        Message* message = Ipc.Messages.Allocate(record.TextBytes, record.Part);
        if (message == null)
            return RestoreStatus.OutOfMemory;
        message->Type = record.Type;
        message->Order = record.Order;
        tracker.Adopt(&message->Header, Kind, id);
        ReadOnlySpan<byte> text = payload[sizeof(MessageRecord)..];
        if (text.Length != message->OwnBytes)
            return RestoreStatus.BadRecord;
        text.CopyTo(Messages.TextOf(message));
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Message* message = (Message*)header;
        MessageRecord record = Reread<MessageRecord>(payload);
        if (message->Part != 0)
            return LinkPart(message, (Message*)tracker.Find(record.Head, ObjectKind.Message));
        if (record.Queue.IsNone)
            return RestoreStatus.Ok;
        NamedQueue* named = (NamedQueue*)tracker.Find(record.Queue, ObjectKind.NamedQueue);
        if (named != null)
        {
            message->Named = named;
            named->Messages.Restore(message);
            return RestoreStatus.Ok;
        }
        MessageQueue* queue = (MessageQueue*)tracker.Find(record.Queue, ObjectKind.MessageQueue);
        if (queue == null || Ipc.State.Of(tracker) == null)
            return RestoreStatus.MissingReference;
        Message* before = queue->Last;
        while (before != null && before->Order > message->Order)
            before = before->Previous;
        if (before != null && before->Order == message->Order)
            return RestoreStatus.BadRecord;
        Ipc.Queues.Link(queue, message, before);
        return RestoreStatus.Ok;
    }

    private static RestoreStatus LinkPart(Message* part, Message* head)
    {
        if (head == null || head->Part != 0)
            return head == null ? RestoreStatus.MissingReference : RestoreStatus.BadRecord;
        Message* before = head;
        while (before->NextPart != null && before->NextPart->Part < part->Part)
            before = before->NextPart;
        part->Head = head;
        part->NextPart = before->NextPart;
        before->NextPart = part;
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((Message*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
