using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>What is so of a socket; part of the record format.</summary>
[Flags]
public enum SocketRecordFlags : byte
{
    None = 0,
    Dead = 1,
    Findable = 2,
    All = 3,
}

/// <summary>The state record of a socket. The groups of who is at the other end follow, 4 bytes each, and the name.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SocketRecord
{
    public const int Bytes = 128;

    public ObjectId Peer;
    public ObjectId Listener;
    public ObjectId Node;
    public ObjectId Data;
    public SocketSettings Settings;
    public int PeerPid;
    public uint PeerUid, PeerGid;
    public uint SpreadFrom;
    public int Error;
    public uint Backlog;
    public SocketType Type;
    public SocketState State;
    public SocketWays Shut;
    public SocketRecordFlags Flags;
    public ushort GroupCount;
    public ushort NameLength;
    public ulong Reserved;
}

/// <summary>Captures sockets and puts them back; what is in their queues says so itself.</summary>
public sealed unsafe class SocketCodec(FileServices files) : FileCodec(files)
{
    private const int LastError = 4095;

    public override ObjectKind Kind => ObjectKind.Socket;
    public override int LargestPayload => SocketRecord.Bytes + (Credentials.MaxGroups * sizeof(uint)) + Socket.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        var socket = (Socket*)header;
        SocketRecord record = Describe(socket);
        int length = Write(payload, in record);
        for (int i = 0; i < Math.Min((int)record.GroupCount, Credentials.MaxGroups); i++)
            length += Write(payload[length..], socket->PeerUser.Groups[i]);
        ReadOnlySpan<byte> name = socket->NameBytes;
        name.CopyTo(payload[length..]);
        return length + name.Length;
    }

    private static SocketRecord Describe(Socket* socket)
        => new()
        {
            Peer = socket->Peer == null ? default : socket->Peer->Header.Id,
            Listener = socket->Listener == null ? default : socket->Listener->Header.Id,
            Node = socket->Node == null ? default : socket->Node->Header.Id,
            Data = socket->Data == null ? default : socket->Data->Header.Id,
            Settings = socket->Settings,
            PeerPid = socket->PeerUser.Pid,
            PeerUid = socket->PeerUser.Uid,
            PeerGid = socket->PeerUser.Gid,
            SpreadFrom = socket->SpreadFrom,
            Error = socket->Error,
            Backlog = socket->Backlog,
            Type = socket->Type,
            State = socket->State,
            Shut = socket->Shut,
            Flags = (socket->IsDead ? SocketRecordFlags.Dead : SocketRecordFlags.None)
                | (socket->IsFindable ? SocketRecordFlags.Findable : SocketRecordFlags.None),
            GroupCount = (ushort)Math.Clamp(socket->PeerUser.GroupCount, 0, ushort.MaxValue),
            NameLength = socket->NameLength,
        };

    public override bool IsSound(ObjectHeader* header)
    {
        var socket = (Socket*)header;
        return socket->NameLength <= Socket.MaxNameBytes && socket->PeerUser.IsValid && IsValid(Describe(socket), socket->NameBytes)
            && header->References > 0
            && IsLiveOrNone(socket->Peer, ObjectKind.Socket) && IsLiveOrNone(socket->Listener, ObjectKind.Socket)
            && IsLiveOrNone(socket->Node, ObjectKind.Inode)
            && (socket->Data == null || (IsHeld(socket->Data, ObjectKind.MemoryObject) && socket->Data->MayBeContents))
            && IsLiveOrNone(socket->File, ObjectKind.OpenFile) && IsWhole(socket);
    }

    private static bool IsValid(in SocketRecord record, ReadOnlySpan<byte> name)
    {
        bool isDead = (record.Flags & SocketRecordFlags.Dead) != 0;
        bool isFindable = (record.Flags & SocketRecordFlags.Findable) != 0;
        return record.Settings.IsValid && IsPeerValid(in record) && IsStateValid(in record, isDead) && IsNameValid(name)
            && (record.Shut & ~SocketWays.Both) == 0 && (record.Flags & ~SocketRecordFlags.All) == 0 && record.Reserved == 0
            && record.Error is >= 0 and <= LastError && record.Backlog <= Socket.MaxBacklog
            && (record.SpreadFrom == 0 || !record.Data.IsNone)
            && (record.Node.IsNone || (!isDead && name.Length > 1 && name[0] != 0))
            && (!isFindable || (!isDead && name.Length > 0 && name[0] == 0 && record.Listener.IsNone));
    }

    private static bool IsPeerValid(in SocketRecord record)
        => record.GroupCount <= Credentials.MaxGroups && record.PeerPid >= 0
            && (record.PeerPid != 0 || (record.PeerUid | record.PeerGid | record.GroupCount) == 0);

    // Of a connection there is always another end, whether it lives or not; datagrams need none.
    private static bool IsStateValid(in SocketRecord record, bool isDead)
    {
        if (isDead && (record.Shut != SocketWays.Both || record.State != SocketState.Closed || !record.Peer.IsNone))
            return false;
        if (record.Type == SocketType.Datagram)
            return record.State == SocketState.Closed && record.Listener.IsNone;
        return record.Type is SocketType.Stream or SocketType.SequencedPacket
            && record.State is SocketState.Closed or SocketState.Established or SocketState.Listening
            && record.Peer.IsNone == (record.State != SocketState.Established)
            && (record.State != SocketState.Listening || record.NameLength > 0)
            && (record.Listener.IsNone || isDead || record.State == SocketState.Established);
    }

    // None, an abstract one, or a path with the only zero at its end.
    private static bool IsNameValid(ReadOnlySpan<byte> name)
        => name.Length <= Socket.MaxNameBytes && (name.IsEmpty || name[0] == 0 || name.IndexOf((byte)0) == name.Length - 1);

    // What only the others it refers to can tell.
    private static bool IsWhole(Socket* socket)
        => (socket->Peer == null || socket->Peer->Type == socket->Type)
            && (socket->Listener == null || (socket->Listener != socket && (socket->Listener->IsListening || socket->Listener->IsDead)
                && socket->Listener->Type == socket->Type && socket->Listener->Listener == null))
            && (socket->Node == null || (socket->Node->Type == InodeMode.Socket && socket->Node->Socket == socket
                && (socket->Node->Flags & InodeFlags.Anonymous) == 0))
            && (socket->Data == null || socket->SpreadFrom <= socket->Data->SizePages << PageSize.Shift)
            && (socket->File != null ? socket->Listener == null && socket->File->Attachment == &socket->Header
                : socket->Listener != null || socket->IsDead);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out SocketRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        int groupBytes = record.GroupCount * sizeof(uint);
        if (payload.Length != SocketRecord.Bytes + groupBytes + record.NameLength)
            return RestoreStatus.BadRecord;
        ReadOnlySpan<byte> name = payload[(SocketRecord.Bytes + groupBytes)..];
        if (!IsValid(in record, name))
            return RestoreStatus.BadRecord;
        Socket* socket = Files.State.Sockets.Allocate();
        if (socket == null)
            return RestoreStatus.OutOfMemory;
        Fill(socket, in record);
        for (int i = 0; i < record.GroupCount; i++)
            socket->PeerUser.Groups[i] = Reread<uint>(payload[(SocketRecord.Bytes + (i * sizeof(uint)))..]);
        socket->SetName(name);
        tracker.Adopt(&socket->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    private static void Fill(Socket* socket, in SocketRecord record)
    {
        socket->Settings = record.Settings;
        socket->PeerUser.Pid = record.PeerPid;
        socket->PeerUser.Uid = record.PeerUid;
        socket->PeerUser.Gid = record.PeerGid;
        socket->PeerUser.GroupCount = record.GroupCount;
        socket->SpreadFrom = record.SpreadFrom;
        socket->Error = record.Error;
        socket->Backlog = record.Backlog;
        socket->Type = record.Type;
        socket->State = record.State;
        socket->Shut = record.Shut;
        socket->IsDead = (record.Flags & SocketRecordFlags.Dead) != 0;
        socket->IsFindable = (record.Flags & SocketRecordFlags.Findable) != 0;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ids[0] = Reread<SocketRecord>(payload).Node;
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        var socket = (Socket*)header;
        SocketRecord record = Reread<SocketRecord>(payload);
        socket->Peer = (Socket*)tracker.Find(record.Peer, ObjectKind.Socket);
        socket->Listener = (Socket*)tracker.Find(record.Listener, ObjectKind.Socket);
        socket->Node = (Inode*)tracker.Find(record.Node, ObjectKind.Inode);
        socket->Data = (VmObject*)tracker.Find(record.Data, ObjectKind.MemoryObject);
        bool isMissing = (socket->Peer == null && !record.Peer.IsNone) || (socket->Listener == null && !record.Listener.IsNone)
            || (socket->Node == null && !record.Node.IsNone) || (socket->Data == null && !record.Data.IsNone);
        if (isMissing)
            return RestoreStatus.MissingReference;
        if ((socket->Node != null && socket->Node->Socket != null) || (socket->Data != null && !socket->Data->MayBeContents))
            return RestoreStatus.BadRecord;
        if (socket->Peer != null)
            SocketBooks.Hold(socket->Peer);
        if (socket->Listener != null)
        {
            SocketBooks.Hold(socket);
            SocketConnections.LinkPending(socket);
        }
        if (socket->Node != null)
        {
            socket->Node->Socket = socket;
            Files.Inodes.Hold(socket->Node);
        }
        if (socket->Data != null)
            Files.Memory.Objects.Retain(socket->Data);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        var socket = (Socket*)header;
        if (header->References == 0 || !IsWhole(socket))
            return RestoreStatus.BadRecord;
        if (socket->IsFindable)
            Files.SocketNames.Enter(socket);
        return RestoreStatus.Ok;
    }
}
