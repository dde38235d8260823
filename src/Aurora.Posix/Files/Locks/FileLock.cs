using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>
/// An advisory lock on an inode. flock's cover the whole file and belong to an open file; fcntl's cover a range and belong to the
/// processes that share a descriptor table. Persistent (<see cref="ObjectKind.FileLock"/>). Protected by the kernel lock.
/// </summary>
public unsafe struct FileLock
{
    public ObjectHeader Header;
    public Inode* Inode;
    public FileLock* Next;

    /// <summary>The open file (flock) or descriptor table (fcntl).</summary>
    public ObjectId Owner;

    /// <summary>Who took it, for F_GETLK.</summary>
    public int Process;
    public bool IsWholeFile;
    public bool IsExclusive;

    /// <summary>First and last byte; the last may be ulong.MaxValue for "to the end".</summary>
    public ulong Start, End;

    public readonly bool Overlaps(ulong start, ulong end) => Start <= end && start <= End;
}
