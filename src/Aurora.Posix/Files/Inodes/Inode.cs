// A file of any type, without its name. Names are DirectoryEntry objects: a hard link is a second entry for one inode. An inode lives
// while it has a name, while somebody holds it (Header.References: open files, current directories, processes that run it, path walks), or
// while its pages are mapped, so an unlinked open file survives, also through a checkpoint. It remembers its last name
// (NameChanges.cs). How many names and entries it has, and one of its names, are part of its record: the names themselves are read when
// somebody asks for them. What is in memory of a file that has a name obeys these rules:
//
//   a directory      the entry that is its name is in memory and attached to it, and so is its directory, and so on up to the root: ways up
//                    never wait, and a directory that is moved is compared with all that lies above
//   any other file   some of its names may be in memory; those that somebody followed are attached to it (FirstName)
//   while it is used the name that is shown of it is attached, or a former one (ShownNames)
//
// Protected by the kernel lock.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Ipc;

namespace Aurora.Posix.Files;

/// <summary>Properties of an inode. The values are part of the record format.</summary>
[System.Flags]
public enum InodeFlags : uint
{
    None = 0,

    /// <summary>The root directory of its group's namespace.</summary>
    Root = 1,

    /// <summary>A node of /proc: <see cref="Inode.ProcKey"/> says which; its contents are made on demand.</summary>
    Proc = 2,

    /// <summary>A directory that must stay where it is (/proc itself).</summary>
    Pinned = 4,

    /// <summary>A pipe or socket made by pipe(2), socket(2) and their kin, which never had a name.</summary>
    Anonymous = 8,

    /// <summary>Made without a name (O_TMPFILE without O_EXCL): it may still be given one.</summary>
    Linkable = 16,

    /// <summary>Made by memfd_create: outside the tree for good, with a name for /proc to show and seals.</summary>
    MemoryFile = 32,

    /// <summary>Some process has run it: who opens it for writing must ask whether one still does.</summary>
    Executed = 64,

    /// <summary>
    /// Made by a call of its own (<see cref="AnonymousFiles"/>): has no type and no name; its target is what /proc shows.
    /// </summary>
    AnonymousFile = 128,

    /// <summary>The node of a pseudo-terminal in /dev/pts, which keeps it (<see cref="TerminalNodes"/>).</summary>
    Terminal = 256,

    /// <summary>The file of a POSIX message queue, in /dev/mqueue as long as that has a name (<see cref="QueueKeeper"/>).</summary>
    NamedQueue = 512,
}

/// <summary>What must not happen to a memory file any more (F_ADD_SEALS). The values are part of the record format.</summary>
[System.Flags]
public enum FileSeals : uint
{
    None = 0,
    Seal = 1,
    Shrink = 2,
    Grow = 4,
    Write = 8,
    FutureWrite = 16,
    All = 31,
}

/// <summary>One file: regular, directory, symbolic link, FIFO, device or /proc node.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Inode
{
    /// <summary>Targets up to this many bytes are kept in the inode itself.</summary>
    public const int InlineTargetBytes = 56;

    /// <summary>The longest symbolic link target.</summary>
    public const int MaxTargetBytes = 4095;

    /// <summary>The longest name of a memory file.</summary>
    public const int MaxMemoryFileName = 249;

    public ObjectHeader Header;
    public InodeFlags Flags;
    public uint Mode;
    public uint Uid;
    public uint Gid;

    /// <summary>Regular files: the length in bytes.</summary>
    public ulong Size;

    // Nanoseconds since 1970; may be negative.
    public long AccessTime;
    public long ModifyTime;
    public long ChangeTime;
    public long BirthTime;

    /// <summary>Device nodes: the device they name (Linux's encoding, <see cref="DeviceNumber"/>).</summary>
    public ulong Device;

    /// <summary>Regular files: the pages; null until the first byte is written or mapped.</summary>
    public VmObject* Data;

    /// <summary>FIFOs and anonymous pipes: the buffer; null while nobody has it open.</summary>
    public Pipe* Pipe;

    /// <summary>Nodes of sockets: the one that is bound to it; null while none is.</summary>
    public Socket* Socket;

    /// <summary>Nodes of pseudo-terminals: the terminal, as long as the node can be found.</summary>
    public ObjectHeader* Terminal;

    /// <summary>Files of message queues: the queue, which lives as long.</summary>
    public NamedQueue* Queue;

    /// <summary>/proc nodes: which one.</summary>
    public ProcKey ProcKey;

    /// <summary>/proc nodes of a process: which process, since its number may be another's later.</summary>
    public ObjectId ProcOwner;

    /// <summary>Memory files: what is forbidden.</summary>
    public FileSeals Seals;

    // Symbolic links: the target, inline or in a page of its own. Memory and anonymous files: the name they were made with.
    public ushort TargetLength;
    internal byte* TargetPage;
    internal SymbolicLinkTail* Tail;
    internal fixed byte InlineTarget[InlineTargetBytes];

    /// <summary>Its number (st_ino), which is part of its id if it has, or may get, a name (<see cref="FileIds"/>).</summary>
    public ulong Number;

    // Names. For a directory there is at most one. Attached are those of them that are in memory and have been followed.
    public DirectoryEntry* FirstName;
    public uint NameCount;
    internal uint AttachedCount;

    /// <summary>The one of its names that its path is, by the id of the entry, which may not be in memory (<see cref="ShownNames"/>). None
    /// if that name has gone.</summary>
    internal ObjectId StoredName;

    /// <summary>Where the name that its path was has been, when that went while the file was used; null if it has one, or never
    /// had.</summary>
    public DirectoryEntry* FormerName;

    // Without names and holders, and still to be ended.
    internal bool IsPutOff;

    /// <summary>Nobody has held it since it was asked whether it can be spared (<see cref="NameReclaim"/>).</summary>
    internal bool IsIdle;
    internal Inode* NextPutOff;

    /// <summary>While a restore brings in what is above another inode: the next one below.</summary>
    internal Inode* NextOnWay;

    public Inode* Parent;

    /// <summary>A restore's search for directories that contain themselves has been here: 1 in this walk, 2 in an earlier one.</summary>
    internal byte WalkMark;

    /// <summary>Directories: the entries in memory, and which are not.</summary>
    internal NameBuckets Entries;

    /// <summary>Directories: how many entries there are, in memory or not, and how many of them are directories.</summary>
    public uint EntryCount;
    public uint SubdirectoryCount;

    /// <summary>Regular files in the tree: how many open files may write it; counted again after a restore.</summary>
    public int Writers;

    /// <summary>Regular files: how many open files may only read it; counted again after a restore.</summary>
    public int Readers;

    /// <summary>Extended attributes; null while there are none.</summary>
    public ExtendedAttributes* Attributes;

    /// <summary>The inotify watches of it, the youngest first.</summary>
    public InotifyWatch* FirstWatch;

    /// <summary>The open files with leases, the youngest first.</summary>
    public OpenFile* FirstLease;

    // Advisory locks, and who waits for them or for leases.
    public FileLock* FirstLock;
    public WaitQueue LockWaiters;

    public readonly uint Type => Mode & InodeMode.TypeMask;
    public readonly bool IsDirectory => Type == InodeMode.Directory;
    public readonly bool IsRegular => Type == InodeMode.Regular;
    public readonly bool IsSymbolicLink => Type == InodeMode.SymbolicLink;
    public readonly bool IsFifo => Type == InodeMode.Fifo;
    public readonly bool IsDevice => Type is InodeMode.CharacterDevice or InodeMode.BlockDevice;
    public readonly bool IsProc => (Flags & InodeFlags.Proc) != 0;
    public readonly bool IsAnonymousPipe => IsFifo && (Flags & InodeFlags.Anonymous) != 0;
    public readonly bool IsAnonymousSocket => Type == InodeMode.Socket && (Flags & InodeFlags.Anonymous) != 0;
    public readonly bool IsRoot => (Flags & InodeFlags.Root) != 0;
    public readonly bool IsAnonymousFile => (Flags & InodeFlags.AnonymousFile) != 0;
    public readonly bool IsTerminal => (Flags & InodeFlags.Terminal) != 0;

    public readonly bool IsQueue => (Flags & InodeFlags.NamedQueue) != 0;

    /// <summary>A file of a message queue, or /dev/mqueue itself.</summary>
    public readonly bool IsOfQueues => IsQueue || (IsProc && ProcKey.Node == ProcNode.Queues);

    private readonly bool IsNamedQueue => Queue != null && Queue->IsNamed;

    /// <summary>A node of /dev/pts, or that directory itself.</summary>
    public readonly bool IsOfTerminals => IsTerminal || (IsProc && ProcKey.IsOfTerminals);

    /// <summary>st_dev.</summary>
    public readonly ulong FileSystem
        => IsOfTerminals ? DeviceNumber.TerminalFileSystem : IsOfQueues ? DeviceNumber.QueueFileSystem
            : IsProc ? DeviceNumber.ProcFileSystem : DeviceNumber.FileSystem;

    public readonly bool IsMemoryFile => (Flags & InodeFlags.MemoryFile) != 0;

    /// <summary>Memory files: one of these things must not happen.</summary>
    public readonly bool IsSealed(FileSeals seals) => (Seals & seals) != 0;

    /// <summary>A directory that has been removed while somebody holds it: nothing can be made in it any more.</summary>
    public readonly bool IsOrphan => NameCount == 0 && !IsRoot && !IsProc && Terminal == null && !IsNamedQueue;

    /// <summary>Not all of its names have been followed; when all there are have been, some do not exist.</summary>
    public readonly bool HasLostNames => AttachedCount != NameCount;

    /// <summary>Some address space shows its pages, by itself or through what was written over them.</summary>
    public readonly bool IsMapped => Data != null && Data->Header.References > 1;

    /// <summary>Somebody has it open, runs it, stands in it, holds it for a call, or shows its pages.</summary>
    public readonly bool IsInUse => Header.References != 0 || IsMapped;

    /// <summary>Nothing keeps it alive.</summary>
    public readonly bool IsUnused => NameCount == 0 && !IsInUse && !IsRoot;

    /// <summary>It ends, or forgets what it was called, unless somebody uses it.</summary>
    public readonly bool EndsUnused => NameCount == 0 || FormerName != null;

    /// <summary>The name by which it was opened has gone; its path is what it was called then.</summary>
    public readonly bool HasLostPath => IsOrphan || FormerName != null;

    /// <summary>The directory above a directory, or above the place where it was; null for what is made on demand.</summary>
    public readonly Inode* Above => Parent != null || FormerName == null ? Parent : FormerName->Directory;

    /// <summary>st_nlink.</summary>
    public readonly uint LinkCount
        => !IsDirectory ? (IsProc || IsAnonymousFile || IsAnonymousSocket || Terminal != null || IsNamedQueue ? 1 : NameCount)
            : IsOrphan ? 0 : 2 + SubdirectoryCount;
}
