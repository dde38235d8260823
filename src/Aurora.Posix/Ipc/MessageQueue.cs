using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>A System V message queue. Persistent (<see cref="ObjectKind.MessageQueue"/>). Protected by the kernel lock.</summary>
public unsafe struct MessageQueue
{
    /// <summary>Messages there may be in a queue, however many bytes it may hold: a search looks at all of them.</summary>
    public const uint MostMessages = 1 << 16;

    /// <summary>MSG_REMOVED, a flag of the mode of Aurora's own: it has no id any more, and its messages are being ended.</summary>
    public const uint Removed = 0x200;

    public ObjectHeader Header;
    public IpcIdentity Ipc;

    /// <summary>The most bytes of text it holds; and how many it has, in how many messages (not captured).</summary>
    public ulong MostBytes;
    public ulong Bytes;
    public uint Count;

    /// <summary>Seconds since 1970; zero for never.</summary>
    public ulong SendSeconds, ReceiveSeconds, ChangeSeconds;
    public int LastSender, LastReceiver;

    internal Message* First;
    internal Message* Last;
    internal IpcWaitList Receivers;
    internal IpcWaitList Senders;

    public readonly bool IsRemoved => (Ipc.Mode & Removed) != 0;

    /// <summary>True if a message of so many bytes may be added.</summary>
    public readonly bool Fits(int bytes)
        => Bytes + (ulong)bytes <= MostBytes && Count + 1UL <= MostBytes && Count < MostMessages;
}
