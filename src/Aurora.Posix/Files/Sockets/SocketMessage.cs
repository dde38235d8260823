// What has been sent to a socket and not been read: of a stream, up to 36,544 bytes of one call, so that who looks sees the same boundaries
// between senders and descriptors as on Linux; else one datagram. A queue is in the order of its messages' ids. Protected by the kernel
// lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>One message. Persistent (<see cref="ObjectKind.SocketMessage"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SocketMessage
{
    /// <summary>The most of a stream in one: what fits the head of a buffer in one page, and eight pages.</summary>
    public const uint MaxStreamBytes = (PageSize.Bytes - BufferTail) + (8 * PageSize.Bytes);

    // struct skb_shared_info and struct sk_buff, aligned, and what is allocated in one piece.
    private const uint BufferTail = 320;
    private const uint BufferHead = 256;
    private const uint MostInOnePiece = (4 * PageSize.Bytes) - BufferTail;
    private const uint LeastPiece = 512;

    public ObjectHeader Header;

    /// <summary>In whose queue it is, and who has sent it: that one is held.</summary>
    public Socket* Receiver;
    public Socket* Sender;

    /// <summary>Where its bytes lie, and how many there are and have been read, in bytes.</summary>
    public uint Position, Length, Consumed;

    /// <summary>Who has sent it, with the ids he said he has; zero and nobody (all ones) if that was not asked for.</summary>
    public MessageUser User;

    /// <summary>The files in it; null when there are none.</summary>
    public SocketRights* Rights;
    internal SocketMessage* Next, Previous;

    public readonly uint Left => Length - Consumed;

    /// <summary>Behind its last byte.</summary>
    public readonly uint End => Position + Length;

    /// <summary>
    /// What Linux charges a send buffer for a message: its bytes in a piece of memory of one of the sizes there are, and in pages, with the
    /// heads and tails of its buffer.
    /// </summary>
    public static uint ChargeOf(SocketType type, uint length)
    {
        uint inOnePiece = type == SocketType.Stream ? PageSize.Bytes - BufferTail : MostInOnePiece;
        uint inPages = length > inOnePiece ? (uint)(PageSize.PagesFor(length - inOnePiece) << PageSize.Shift) : 0;
        if (type == SocketType.Stream)
            inPages = Math.Min(length, inPages);
        uint needed = ((length - Math.Min(inPages, length) + 63) & ~63U) + BufferTail;
        uint piece = LeastPiece;
        while (piece < needed)
            piece *= 2;
        return piece + BufferHead + (uint)(PageSize.PagesFor(inPages) << PageSize.Shift);
    }
}

/// <summary>Process and ids that a message says it is from.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MessageUser
{
    public int Pid;
    public uint Uid, Gid;

    /// <summary>Nobody has been asked for.</summary>
    public static MessageUser Nobody => new() { Uid = uint.MaxValue, Gid = uint.MaxValue };

    public readonly bool IsSameAs(in MessageUser other) => Pid == other.Pid && Uid == other.Uid && Gid == other.Gid;
}

/// <summary>Open files in a message. Persistent (<see cref="ObjectKind.SocketRights"/>); belongs to its message alone.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SocketRights
{
    /// <summary>The most files in one message (SCM_MAX_FD).</summary>
    public const int MaxFiles = 253;

    public ObjectHeader Header;
    public SocketMessage* Message;
    public int Count;

    /// <summary>Who pays for so many files in flight.</summary>
    internal Payer Payer;

    // Among the rights in the messages of one socket.
    internal SocketRights* Next, Previous;
    private fixed ulong _files[MaxFiles];

    /// <summary>A file, held once for each of its places.</summary>
    public readonly OpenFile* FileAt(int index) => (OpenFile*)_files[index];

    internal void SetFile(int index, OpenFile* file) => _files[index] = (ulong)file;
}
