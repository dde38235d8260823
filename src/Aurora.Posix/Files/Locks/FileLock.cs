using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>
/// An advisory lock on an inode. flock's cover the whole file and belong to an open file; fcntl's cover a range and belong to the
/// processes that share a descriptor table (F_SETLK) or to an open file (F_OFD_SETLK). Persistent (<see cref="ObjectKind.FileLock"/>).
/// Protected by the kernel lock.
/// </summary>
public unsafe struct FileLock
{
    /// <summary>What <see cref="Process"/> is in a range that belongs to an open file, as F_GETLK shows it.</summary>
    public const int NoProcess = -1;

    public ObjectHeader Header;
    public Inode* Inode;
    public FileLock* Next;

    /// <summary>The open file or descriptor table, see <see cref="OwnerKind"/>.</summary>
    public ObjectId Owner;

    /// <summary>Who took it, for F_GETLK; also says whose range it is.</summary>
    public int Process;
    public bool IsWholeFile;
    public bool IsExclusive;

    /// <summary>First and last byte; the last may be ulong.MaxValue for "to the end".</summary>
    public ulong Start, End;

    public readonly ObjectKind OwnerKind => IsWholeFile || Process == NoProcess ? ObjectKind.OpenFile : ObjectKind.DescriptorTable;

    public readonly bool Overlaps(ulong start, ulong end) => Start <= end && start <= End;
}
