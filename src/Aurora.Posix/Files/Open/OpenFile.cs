// An open file description: what dup and fork share. It holds its inode. Header.References counts the descriptors (and calls in the
// middle of a dispatch); at zero it is closed. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What carries out the operations on an open file. The values are part of the record format.</summary>
public enum FileKind : byte
{
    None = 0,
    Regular = 1,
    Directory = 2,
    Pipe = 3,
    Device = 4,
    Proc = 5,

    /// <summary>Opened with O_PATH: names a file and does nothing else.</summary>
    PathOnly = 6,

    /// <summary>An epoll: the attachment is an <see cref="EventPoll"/>.</summary>
    EventPoll = 10,

    /// <summary>eventfd, timerfd, signalfd.</summary>
    EventCounter = 40,
    Timer = 41,
    Signals = 42,

    /// <summary>A pidfd: the attachment is a <see cref="Processes.ProcessHandle"/>.</summary>
    ProcessHandle = 43,

    /// <summary>The attachment is a <see cref="Files.Socket"/>.</summary>
    Socket = 44,

    /// <summary>A POSIX message queue, which the inode leads to.</summary>
    NamedQueue = 45,

    /// <summary>The attachment is a <see cref="Files.Inotify"/>.</summary>
    Inotify = 46,
}

/// <summary>One opening of a file.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct OpenFile
{
    /// <summary>What is posted to <see cref="Watcher"/>: there is something to read, or room to write. Part of the record format.</summary>
    public const uint PostedIn = 1;
    public const uint PostedOut = 2;

    public ObjectHeader Header;
    public Inode* Inode;

    /// <summary>Access mode and status flags (<see cref="OpenFlags"/>).</summary>
    public uint Flags;
    public FileKind Kind;

    /// <summary>A pipe end that has been counted in <see cref="Pipe"/>.</summary>
    internal bool IsCounted;

    /// <summary>A FIFO opened for reading before any writer came: how often it had been opened for writing by then (<see
    /// cref="Pipe"/>).</summary>
    internal uint WriterOpens;

    /// <summary>The shared position in bytes; in a directory, the position of getdents.</summary>
    public ulong Offset;

    /// <summary>
    /// The kernel object that a device driver attached when it was opened (a terminal), or that an anonymous file is for; captured by id.
    /// </summary>
    public ObjectHeader* Attachment;

    /// <summary>Who is told of it.</summary>
    public FileOwner Owner;

    /// <summary>
    /// One more than the descriptor by which the owner was first asked to be told when the file is ready (O_ASYNC); zero: he is not told.
    /// </summary>
    public uint AsyncPlace;

    /// <summary>On the queues of a file whose owner is told; what has come about is in the record.</summary>
    public Watcher Watcher;

    /// <summary>The next member of a large group to be told; not captured: the telling begins again.</summary>
    public int NextMember;

    /// <summary>The watches of epolls on it.</summary>
    public EventWatch* FirstWatch;

    /// <summary>Regular files.</summary>
    public FileLease Lease;

    /// <summary>The neighbours among the inode's open files with leases.</summary>
    public OpenFile* NextLease, PreviousLease;

    /// <summary>/proc: the part of the text that is being read. Not captured: made again at the next read.</summary>
    internal byte* Text;
    internal int TextPages;
    internal ProcPart TextPart;
    internal ProcScan TextScan;

    // Without references, and still to be closed.
    internal bool IsClosing;
    internal OpenFile* NextClosing;

    // Of the access modes 0 and 2 read, 1 and 2 write, 3 does neither. They are asked of each file of each poll.
    public readonly bool IsReadable
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ((uint)Flags & 1) == 0 && Kind != FileKind.PathOnly;
    }

    public readonly bool IsWritable
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (((uint)Flags + 1) & 2) != 0 && Kind != FileKind.PathOnly;
    }

    public readonly bool IsNonBlocking => (Flags & OpenFlags.NonBlocking) != 0;
}
