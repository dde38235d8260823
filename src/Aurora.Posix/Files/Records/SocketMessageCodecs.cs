using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a message; its bytes are in the pages of its receiver, and its place in the queue is that of its
/// id.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SocketMessageRecord
{
    public const int Bytes = 40;

    public ObjectId Receiver;
    public ObjectId Sender;
    public uint Position, Length, Consumed;
    public MessageUser User;
}

/// <summary>Captures messages and puts them back into their queues.</summary>
public sealed unsafe class SocketMessageCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.SocketMessage;
    public override int LargestPayload => SocketMessageRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((SocketMessage*)header));

    private static SocketMessageRecord Describe(SocketMessage* message)
        => new()
        {
            Receiver = message->Receiver->Header.Id,
            Sender = message->Sender->Header.Id,
            Position = message->Position,
            Length = message->Length,
            Consumed = message->Consumed,
            User = message->User,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        var message = (SocketMessage*)header;
        return IsHeld(message->Receiver, ObjectKind.Socket) && IsHeld(message->Sender, ObjectKind.Socket)
            && IsLiveOrNone(message->Rights, ObjectKind.SocketRights) && IsValid(Describe(message)) && IsWhole(message);
    }

    private static bool IsValid(in SocketMessageRecord record)
        => record.Length <= Socket.LargestBuffer && record.Consumed <= record.Length && record.User.Pid >= 0;

    // Of a stream there is always something left; a datagram is read whole.
    private static bool IsWhole(SocketMessage* message)
        => message->Sender->Type == message->Receiver->Type
            && (message->Receiver->Type == SocketType.Stream ? message->Left > 0 : message->Consumed == 0)
            && SocketBytes.Has(message->Receiver, message->Position, message->Length);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out SocketMessageRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        SocketMessage* message = Files.State.SocketMessages.Allocate();
        if (message == null)
            return RestoreStatus.OutOfMemory;
        message->Position = record.Position;
        message->Length = record.Length;
        message->Consumed = record.Consumed;
        message->User = record.User;
        tracker.Adopt(&message->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        var message = (SocketMessage*)header;
        SocketMessageRecord record = Reread<SocketMessageRecord>(payload);
        message->Receiver = (Socket*)tracker.Find(record.Receiver, ObjectKind.Socket);
        message->Sender = (Socket*)tracker.Find(record.Sender, ObjectKind.Socket);
        if (message->Receiver == null || message->Sender == null)
            return RestoreStatus.MissingReference;
        SocketBooks.Charge(message);
        SocketQueue.Link(message);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((SocketMessage*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}

/// <summary>The state record of the open files in a message; their ids follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SocketRightsRecord
{
    public const int Bytes = 16;

    public ObjectId Message;
    public uint Count;
    public uint Reserved;
}

/// <summary>Captures open files in messages and puts them back.</summary>
public sealed unsafe class SocketRightsCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.SocketRights;
    public override int LargestPayload => SocketRightsRecord.Bytes + (SocketRights.MaxFiles * sizeof(ObjectId));

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        var rights = (SocketRights*)header;
        int length = Write(payload, new SocketRightsRecord { Message = rights->Message->Header.Id, Count = (uint)rights->Count });
        for (int i = 0; i < Math.Clamp(rights->Count, 0, SocketRights.MaxFiles); i++)
            length += Write(payload[length..], IdOf((ObjectHeader*)rights->FileAt(i)));
        return length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        var rights = (SocketRights*)header;
        if (rights->Count is <= 0 or > SocketRights.MaxFiles || !IsLive(rights->Message, ObjectKind.SocketMessage)
            || rights->Message->Rights != rights)
        {
            return false;
        }
        for (int i = 0; i < rights->Count; i++)
        {
            if (!IsHeld(rights->FileAt(i), ObjectKind.OpenFile))
                return false;
        }
        return true;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out SocketRightsRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        bool isValid = record.Count is > 0 and <= SocketRights.MaxFiles && record.Reserved == 0
            && payload.Length == SocketRightsRecord.Bytes + ((int)record.Count * sizeof(ObjectId));
        if (!isValid)
            return RestoreStatus.BadRecord;
        SocketRights* rights = Files.State.SocketRights.Allocate();
        if (rights == null)
            return RestoreStatus.OutOfMemory;
        rights->Count = (int)record.Count;
        if (!Files.Flights.PayFor(rights))
        {
            Files.State.SocketRights.Free(rights);
            return RestoreStatus.OutOfMemory;
        }
        tracker.Adopt(&rights->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        var rights = (SocketRights*)header;
        rights->Message = (SocketMessage*)tracker.Find(Reread<SocketRightsRecord>(payload).Message, ObjectKind.SocketMessage);
        if (rights->Message == null)
            return RestoreStatus.MissingReference;
        if (rights->Message->Rights != null)
            return RestoreStatus.BadRecord;
        rights->Message->Rights = rights;
        for (int i = 0; i < rights->Count; i++)
        {
            ObjectId id = Reread<ObjectId>(payload[(SocketRightsRecord.Bytes + (i * sizeof(ObjectId)))..]);
            var file = (OpenFile*)tracker.Find(id, ObjectKind.OpenFile);
            if (file == null)
                return RestoreStatus.MissingReference;
            Files.OpenFiles.Hold(file);
            rights->SetFile(i, file);
        }
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Files.Flights.Restored((SocketRights*)header);
        return RestoreStatus.Ok;
    }
}
