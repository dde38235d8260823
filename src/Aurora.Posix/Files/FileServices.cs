// The files of all consistency groups: the slabs their objects live in, reference counting, and the services they need. Directory trees
// belong to a Namespace, one per group. Protected by the kernel lock; nothing here sleeps: what must wait says so to its caller.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>How many of each kind of file object may exist; memory is taken as they appear.</summary>
public struct FileLimits
{
    public int MaxInodes;
    public int MaxEntries;
    public int MaxOpenFiles;
    public int MaxTables;

    public static FileLimits Default => new()
    {
        MaxInodes = 1 << 20,
        MaxEntries = 1 << 20,
        MaxOpenFiles = 1 << 17,
        MaxTables = 1 << 15,
    };
}

/// <summary>The kernel's file objects. Made once at boot; host tools make their own.</summary>
public sealed unsafe partial class FileServices
{
    /// <summary>Elements of the longest vector a call takes (UIO_MAXIOV).</summary>
    public const int MaxVectors = 1024;

    private const int MaxGroups = 256;
    private const int VectorPages = MaxVectors * 16 / PageSize.Bytes;

    private readonly Namespace?[] _namespaces = new Namespace?[MaxGroups];
    private readonly Slab<Inode> _inodes;
    private readonly Slab<SymbolicLinkTail> _tails;
    private readonly Slab<FileContext> _contexts;

    public FileServices(
        PageAllocator pages, MemoryManager memory, UserMemory user, ThreadWaker waker, Clock clock, RandomSource random, in FileLimits limits)
    {
        Pages = pages;
        Memory = memory;
        User = user;
        Waker = waker;
        Clock = clock;
        Random = random;
        _inodes = new Slab<Inode>(pages, limits.MaxInodes, ChargeKind.Inode);
        _tails = new Slab<SymbolicLinkTail>(pages, limits.MaxInodes, ChargeKind.SymbolicLinkTail);
        _attributes = new Slab<ExtendedAttributes>(pages, limits.MaxInodes, ChargeKind.ExtendedAttributes);
        _contexts = new Slab<FileContext>(pages, limits.MaxTables, ChargeKind.FileContext);
        ShortEntries = new Slab<DirectoryEntry>(pages, limits.MaxEntries, ChargeKind.ShortName);
        LongEntries = new Slab<LongDirectoryEntry>(pages, limits.MaxEntries, ChargeKind.LongName);
        OpenFiles = new Slab<OpenFile>(pages, limits.MaxOpenFiles, ChargeKind.OpenFile);
        Tables = new Slab<DescriptorTable>(pages, limits.MaxTables, ChargeKind.DescriptorTable);
        Chunks = new Slab<DescriptorChunk>(pages, limits.MaxTables * 4, ChargeKind.DescriptorChunk);
        PipeSlab = new Slab<Pipe>(pages, limits.MaxOpenFiles, ChargeKind.Pipe);
        Locks = new FileLocks(this, pages, limits.MaxOpenFiles);
        Leases = new FileLeases(this);
        Scratch = (byte*)pages.Allocate(4);
        ZeroPage = (byte*)pages.Allocate(1);
        Vectors = (UserVector*)pages.Allocate(VectorPages);
        Panic.Unless(Scratch != null && ZeroPage != null && Vectors != null, "files: no memory for path buffers"u8);
        RegularFiles = new RegularFileOperations(this);
        Directories = new DirectoryOperations();
        Pipes = new PipeOperations(this);
        Proc = new ProcFileSystem(this);
        ProcFiles = new ProcFileOperations(this);
        Devices = new DeviceTable(this);
        memory.Keeper = new Keeper(this);
    }

    public PageAllocator Pages { get; }
    public MemoryManager Memory { get; }
    public UserMemory User { get; }
    public ThreadWaker Waker { get; }
    public Clock Clock { get; }
    public RandomSource Random { get; }

    /// <summary>Where statfs asks; boot may set a better one.</summary>
    public StorageSpace Space { get; set; } = new();
    public DeviceTable Devices { get; }
    public FileLocks Locks { get; }
    public FileLeases Leases { get; }
    public ProcFileSystem Proc { get; }
    public PipeOperations Pipes { get; }

    internal RegularFileOperations RegularFiles { get; }
    internal DirectoryOperations Directories { get; }
    internal ProcFileOperations ProcFiles { get; }
    internal Slab<DirectoryEntry> ShortEntries { get; }
    internal Slab<LongDirectoryEntry> LongEntries { get; }
    internal Slab<OpenFile> OpenFiles { get; }
    internal Slab<DescriptorTable> Tables { get; }
    internal Slab<DescriptorChunk> Chunks { get; }
    internal Slab<Pipe> PipeSlab { get; }

    /// <summary>Four pages for path walks and the calls that read paths; nothing in it outlives a dispatch.</summary>
    internal byte* Scratch { get; }

    /// <summary>One of those pages, for the path a call was given; walks leave it alone.</summary>
    public byte* PathBuffer => Scratch + (3 * PageSize.Bytes);

    /// <summary>A page of zeroes: the contents of a file without pages. Never written.</summary>
    public byte* ZeroPage { get; }

    /// <summary>The vector of the call being dispatched, copied once so that the program cannot change it under way; not kept.</summary>
    public UserVector* Vectors { get; }

    /// <summary>Tells long transfers when to let others run; boot sets it.</summary>
    public Preemption Preemption { get; set; } = new();

    /// <summary>The time for stamps, in nanoseconds since 1970.</summary>
    public long NowStamp => (long)Clock.RealtimeNanoseconds;

    /// <summary>Makes a group known, before any file object of it is created or restored. Its namespace is empty: no root yet.</summary>
    public Namespace Attach(ObjectTracker tracker)
    {
        Panic.Unless(tracker.Index < MaxGroups && _namespaces[tracker.Index] is null, "files: bad or repeated group"u8);
        var created = new Namespace(this, tracker);
        _namespaces[tracker.Index] = created;
        return created;
    }

    /// <summary>The namespace of the group an object belongs to.</summary>
    public Namespace NamespaceOf(ObjectHeader* header)
    {
        Namespace? found = _namespaces[header->Group];
        Panic.Unless(found is not null, "files: an object of an unknown group"u8);
        return found;
    }

    internal ObjectTracker TrackerOf(ObjectHeader* header) => NamespaceOf(header).Tracker;

    internal Namespace? FindNamespace(ObjectTracker tracker) => tracker.Index < MaxGroups ? _namespaces[tracker.Index] : null;

    /// <summary>Schedules a file object for the next capture.</summary>
    public void MarkChanged(ObjectHeader* header) => NamespaceOf(header).Tracker.MarkChanged(header);
}
