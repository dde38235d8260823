using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>
/// What files ask of POSIX message queues and tell them (Aurora.Posix.Ipc): which there are in /dev/mqueue of a group, and what becomes of
/// their inodes (<see cref="Inode.Queue"/>).
/// </summary>
public abstract unsafe class QueueKeeper
{
    /// <summary>The inode of the queue with a name, not held; null when there is none.</summary>
    public abstract Inode* Find(ushort group, ReadOnlySpan<byte> name);

    /// <summary>
    /// The index, at or after one, of a queue that has a name; -1 when there is none. Its name's bytes go to <paramref name="name"/>.
    /// </summary>
    public abstract int Next(ushort group, int index, Span<byte> name, out int nameLength);

    /// <summary>st_ino of the queue with an index; 0 when there is none.</summary>
    public abstract ulong NumberAt(ushort group, int index);

    /// <summary>How many queues have names, and when that changed last, in nanoseconds since 1970 (0: never).</summary>
    public abstract int CountOf(ushort group, out long changeTime);

    /// <summary>Makes a queue of the usual size with a name that is free; its inode is held for the caller.</summary>
    public abstract Errno Make(in FileCaller caller, ushort group, ReadOnlySpan<byte> name, uint mode, out Inode* inode);

    /// <summary>Takes the name of a queue away, if the caller may.</summary>
    public abstract Errno Remove(in FileCaller caller, ushort group, ReadOnlySpan<byte> name);

    /// <summary>A descriptor of a table that led to a queue has been closed.</summary>
    public abstract void Closed(Inode* inode, ObjectId table);

    /// <summary>Nobody holds the inode of a queue any more, which has no name: the queue ends.</summary>
    public abstract void Ended(Inode* inode);
}
