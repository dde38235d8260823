// A socket of the family AF_UNIX. What is sent to it lies in its own queue: messages (SocketMessage) in the order of their ids, their bytes
// in the pages of one memory object (SocketBytes), as a pipe's are. So an unread message is captured once, and what is read of it changes
// one small record.
//
//   OpenFile ── Attachment ──►  Socket  ── Peer ──────►  the one it is connected to (its own way; that one may have another peer)
//            ◄───── File ─────          ── Listener ──►  in whose queue it waits to be accepted: then it has no file yet
//                                       ── Node ──────►  the inode it is bound to, which leads back (Inode.Socket)
//                                       ── First … ───►  its messages;  Data: their bytes
//
// It lives while somebody refers to it (Header.References): its file, the listener it waits at, each socket that has it as a peer, each
// message that it has sent and nobody has read (which is charged to its send buffer). Once its file is closed it is dead: it has no name
// in use, no peer, no messages, and only tells who asks that it is gone. Closing one with much in its queue takes several steps, and so
// death is part of the record.
//
// Counted again by a restore: references, messages and connections that wait, what is charged. Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>How a socket sends, by Linux's values; part of the record format.</summary>
public enum SocketType : byte
{
    Stream = 1,
    Datagram = 2,
    SequencedPacket = 5,
}

/// <summary>Whether a socket is connected; part of the record format. Those of datagrams say so by having a peer.</summary>
public enum SocketState : byte
{
    Closed = 0,
    Established = 1,
    Listening = 2,
}

/// <summary>Which ways are shut; part of the record format.</summary>
[Flags]
public enum SocketWays : byte
{
    None = 0,
    Receive = 1,
    Send = 2,
    Both = 3,
}

/// <summary>A socket. Persistent (<see cref="ObjectKind.Socket"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Socket
{
    /// <summary>The longest name: a path of 108 bytes and the zero behind it.</summary>
    public const int MaxNameBytes = 109;

    /// <summary>What a send buffer and a receive buffer have at first, and what anybody may ask for (wmem_max).</summary>
    public const uint DefaultBuffer = 212_992;

    /// <summary>No buffer is less (SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF), and root's no more: a datagram goes in one stretch.</summary>
    public const uint LeastSendBuffer = 4608;
    public const uint LeastReceiveBuffer = 2304;
    public const uint LargestBuffer = 4 * 1024 * 1024;

    /// <summary>How many datagrams wait at a socket, beside one (max_dgram_qlen).</summary>
    public const uint DefaultBacklog = 10;

    /// <summary>How many connections may wait at a listener, beside one (somaxconn).</summary>
    public const uint MaxBacklog = 4096;

    /// <summary>No time-out.</summary>
    public const ulong NoTimeout = 0;

    public ObjectHeader Header;

    /// <summary>The open file it is the attachment of; null for one that waits to be accepted, and once it is closed.</summary>
    public OpenFile* File;
    public Socket* Peer;
    public Socket* Listener;
    public Inode* Node;

    /// <summary>Its messages' bytes; null until the first has come.</summary>
    public VmObject* Data;

    /// <summary>While messages lie behind others that lie behind older ones: from which byte on (<see cref="SocketBytes"/>).</summary>
    public uint SpreadFrom;
    public SocketType Type;
    public SocketState State;
    public SocketWays Shut;

    /// <summary>Its file has been closed, or it was never accepted.</summary>
    public bool IsDead;

    /// <summary>It is found by its abstract name. Those that it has accepted have the same name and are not.</summary>
    public bool IsFindable;

    /// <summary>What the next call is told, as an error number; zero is nothing.</summary>
    public int Error;
    public uint Backlog;
    public SocketSettings Settings;

    /// <summary>Who is at the other end (SO_PEERCRED); at a listener, who listens.</summary>
    public SocketPeer PeerUser;

    /// <summary>Bytes of its name: none; a path and a zero; or a zero and an abstract name.</summary>
    public ushort NameLength;
    public fixed byte Name[MaxNameBytes];

    /// <summary>Messages, oldest first, and connections that wait to be accepted.</summary>
    public SocketMessage* FirstMessage, LastMessage;
    public int MessageCount;
    public Socket* FirstPending, LastPending;
    public int PendingCount;

    /// <summary>The neighbours among those that wait at the same listener.</summary>
    internal Socket* NextPending, PreviousPending;

    /// <summary>What of its own is in others' queues, by Linux's measure (<see cref="SocketMessage.ChargeOf"/>), in bytes.</summary>
    public uint Charged;

    /// <summary>How often its file is in a message, and the rights in its own messages (<see cref="SocketFlights"/>).</summary>
    internal int InFlight;
    internal Socket* NextInFlight, PreviousInFlight;
    internal SocketRights* FirstRights;

    /// <summary>What a search for sockets that only messages lead to has found.</summary>
    internal FlightMark FlightMark;
    internal int FlightsFromInside;
    internal Socket* NextReached;

    /// <summary>Others with abstract names of the same hash.</summary>
    internal Socket* NextNamed;

    // Who is watched for room at his peer, which has none (SocketRoom).
    internal Socket* RoomOf, FirstForRoom, NextForRoom, PreviousForRoom;

    /// <summary>
    /// Woken when something arrives, and by hang-ups; when there is room in its send buffer; when there is room in its queue.
    /// </summary>
    public WaitQueue Readable, Writable, Room;

    public readonly bool IsConnectionBased => Type != SocketType.Datagram;
    public readonly bool IsListening => State == SocketState.Listening;
    public readonly bool IsConnected => State == SocketState.Established;
    public readonly bool IsAbstract => NameLength > 0 && Name[0] == 0;

    /// <summary>Its queue takes no more from those who are not its peer.</summary>
    public readonly bool IsFull => (uint)(IsListening ? PendingCount : MessageCount) > Backlog;

    /// <summary>Poll's measure of room: three quarters of the send buffer are free.</summary>
    public readonly bool HasRoom => State != SocketState.Listening && ((ulong)Charged + 1) << 2 <= Settings.SendBuffer;

    public readonly bool Has(SocketOptions option) => (Settings.Options & option) != 0;

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> NameBytes
    {
        get
        {
            fixed (byte* name = Name)
                return new ReadOnlySpan<byte>(name, NameLength);
        }
    }

    internal void SetName(ReadOnlySpan<byte> name)
    {
        NameLength = (ushort)name.Length;
        fixed (byte* bytes = Name)
            name.CopyTo(new Span<byte>(bytes, MaxNameBytes));
    }
}
