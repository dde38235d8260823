using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>
/// The System V objects of a group, which no other group sees. Persistent (<see cref="ObjectKind.IpcSpace"/>): made with the first object
/// or setting, and there until the group ends, so that ids are not given again. Protected by the kernel lock.
/// </summary>
public unsafe struct IpcSpace
{
    public ObjectHeader Header;
    public IpcSettings Settings;
    public IpcTable Segments;
    public IpcTable Sets;
    public IpcTable Queues;

    /// <summary>The lengths of all segments, each in whole pages. Not captured.</summary>
    public ulong SegmentPages;

    /// <summary>Messages in all queues, and their bytes of text. Not captured.</summary>
    public ulong MessageCount, MessageBytes;

    /// <summary>Semaphores in all sets. Not captured.</summary>
    public ulong SemaphoreCount;
}
