// POSIX message queues. A queue has a name in its group, and an inode, by which it is opened, that has no other name. It lives as long as
// its inode does, which it holds itself while it has its name: without name it ends when nobody has it open any more, and its messages
// are ended in steps then.
//
//   named     in the group's table, by an index and the hash of its name; holds its inode
//   open      without name; who has it open holds the inode
//   ending    without inode, on the list of what is being ended (IpcState)
//
// Messages are ordered by priority and then by age (MessageHeap). Who waits is an object (IpcWaiter), the most urgent thread first. A
// queue's record changes with its name and with who wants to be told of a message, not with its messages.
using System;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Posix.Ipc;

/// <summary>A POSIX message queue. Persistent (<see cref="ObjectKind.NamedQueue"/>). Protected by the kernel lock.</summary>
public unsafe struct NamedQueue
{
    /// <summary>The highest priority of a message (MQ_PRIO_MAX - 1).</summary>
    public const uint MostPriority = 32767;

    /// <summary>What stat shows of a queue, in bytes (FILENT_SIZE).</summary>
    public const ulong FileBytes = 80;

    // What Linux takes for a message and a priority beside the text (struct msg_msg, struct posix_msg_tree_node): RLIMIT_MSGQUEUE is told
    // in such bytes.
    private const ulong BytesBeside = 48 + 48;

    public ObjectHeader Header;

    /// <summary>Its index in the table of its group, and the hash of its name; nothing else of it is used.</summary>
    public IpcIdentity Ipc;

    /// <summary>The file that it is; null once it is being ended.</summary>
    public Inode* Inode;

    /// <summary>The most messages, and the most bytes of one (mq_maxmsg, mq_msgsize).</summary>
    public int MostMessages, MostBytes;

    /// <summary>The real user id of who made it, to whom its size counts (RLIMIT_MSGQUEUE).</summary>
    public uint User;

    /// <summary>Its name leads to it; false once it is removed.</summary>
    public bool IsNamed;
    public byte NameLength;
    internal fixed byte NameText[DirectoryEntry.MaxNameBytes];

    /// <summary>Who is told when a message comes and none was there.</summary>
    public QueueNotice Notice;

    internal MessageHeap Messages;
    internal IpcWaitList Receivers;
    internal IpcWaitList Senders;

    /// <summary>Who polls it.</summary>
    public WaitQueue Ready;

    /// <summary>Its name, or the one it had.</summary>
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            fixed (byte* name = NameText)
                return new ReadOnlySpan<byte>(name, NameLength);
        }
    }

    /// <summary>How many messages there are, and which is received next, or null.</summary>
    public readonly int Count => Messages.Count;
    public readonly Message* First => Messages.First;

    public readonly bool IsFull => Messages.Count >= MostMessages;

    /// <summary>What it counts to its user, in bytes.</summary>
    public readonly ulong ChargedBytes => (ulong)MostMessages * ((ulong)MostBytes + BytesBeside)
        - ((ulong)Math.Max(MostMessages - (int)(MostPriority + 1), 0) * (BytesBeside / 2));

    internal void SetName(ReadOnlySpan<byte> name)
    {
        NameLength = (byte)name.Length;
        fixed (byte* text = NameText)
            name.CopyTo(new Span<byte>(text, DirectoryEntry.MaxNameBytes));
    }
}
