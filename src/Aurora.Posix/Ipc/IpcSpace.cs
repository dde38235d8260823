using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>
/// The System V objects and POSIX message queues of a group, which no other group sees. Persistent
/// (<see cref="ObjectKind.IpcSpace"/>): made with the first object or setting, and there until the group ends, so that
/// ids are not given again. Protected by the kernel lock.
/// </summary>
public unsafe struct IpcSpace
{
    public ObjectHeader Header;
    public IpcSettings Settings;
    public IpcTable Segments;
    public IpcTable Sets;
    public IpcTable Queues;

    /// <summary>The POSIX queues that have names, and the limits of all.</summary>
    public IpcTable Named;
    public NamedQueueSettings NamedSettings;

    /// <summary>When one got or lost its name, in nanoseconds since 1970; zero for never.</summary>
    public long NamesChanged;

    /// <summary>POSIX queues, those without names as well. Not captured.</summary>
    public int NamedCount;
    internal QueueUser* FirstQueueUser;

    /// <summary>The lengths of all segments, each in whole pages. Not captured.</summary>
    public ulong SegmentPages;

    /// <summary>Messages in all queues, and their bytes of text. Not captured.</summary>
    public ulong MessageCount, MessageBytes;

    /// <summary>Semaphores in all sets. Not captured.</summary>
    public ulong SemaphoreCount;
}
