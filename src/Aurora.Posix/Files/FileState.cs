// What is known of files, of all groups: the slabs their objects live in, what is to be closed, and buffers for one dispatch. Made once at
// boot; the services beside it act on it and keep nothing of their own. Every component of every path asks which group a file is of, so
// that answer is given in place. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>The file objects there are, and the directory trees they belong to.</summary>
public sealed unsafe class FileState
{
    /// <summary>Elements of the longest vector a call takes (UIO_MAXIOV).</summary>
    public const int MaxVectors = 1024;

    /// <summary>Abstract names of sockets are found through so many lists.</summary>
    internal const uint SocketBucketCount = PageSize.Bytes / 8;

    private const int ScratchPages = 4;
    private const int VectorPages = MaxVectors * 16 / PageSize.Bytes;

    private readonly TrackedObjects _tracked;
    private readonly GroupTable<Namespace> _trees;

    public FileState(PageAllocator pages, TrackedObjects tracked, in FileLimits limits)
    {
        _tracked = tracked;
        _trees = new GroupTable<Namespace>(tracked);
        Pages = pages;
        MaxOpenFiles = limits.MaxOpenFiles;
        Inodes = new Slab<Inode>(pages, limits.MaxInodes, ChargeKind.Inode);
        Tails = new Slab<SymbolicLinkTail>(pages, limits.MaxInodes, ChargeKind.SymbolicLinkTail);
        Attributes = new Slab<ExtendedAttributes>(pages, limits.MaxInodes, ChargeKind.ExtendedAttributes);
        Contexts = new Slab<FileContext>(pages, limits.MaxTables, ChargeKind.FileContext);
        ShortEntries = new Slab<DirectoryEntry>(pages, limits.MaxEntries, ChargeKind.ShortName);
        LongEntries = new Slab<LongDirectoryEntry>(pages, limits.MaxEntries, ChargeKind.LongName);
        NameTables = new Slab<SmallNameTable>(pages, limits.MaxInodes);
        Trees = new Slab<FileTree>(pages, GroupTable.MaxGroups);
        OpenFiles = new Slab<OpenFile>(pages, limits.MaxOpenFiles, ChargeKind.OpenFile);
        Tables = new Slab<DescriptorTable>(pages, limits.MaxTables, ChargeKind.DescriptorTable);
        Chunks = new Slab<DescriptorChunk>(pages, limits.MaxTables * 4, ChargeKind.DescriptorChunk);
        Terminals = new TerminalNodes(this);
        Pipes = new Slab<Pipe>(pages, limits.MaxOpenFiles, ChargeKind.Pipe);
        EventCounters = new Slab<EventCounter>(pages, limits.MaxOpenFiles, ChargeKind.EventCounter);
        TimerFiles = new Slab<TimerFile>(pages, limits.MaxOpenFiles, ChargeKind.TimerFile);
        SignalFiles = new Slab<SignalFile>(pages, limits.MaxOpenFiles, ChargeKind.SignalFile);
        // One more than open files, so that it is those that run out.
        ProcessHandles = new Slab<ProcessHandle>(pages, limits.MaxOpenFiles + 1, ChargeKind.ProcessHandle);
        EventPolls = new Slab<EventPoll>(pages, limits.MaxOpenFiles, ChargeKind.EventPoll);
        EventWatches = new Slab<EventWatch>(pages, limits.MaxOpenFiles, ChargeKind.EventWatch);
        Inotifies = new Slab<Inotify>(pages, limits.MaxOpenFiles, ChargeKind.Inotify);
        InotifyUsers = new Slab<InotifyUser>(pages, limits.MaxOpenFiles);
        InotifyWatches = new Slab<InotifyWatch>(pages, limits.MaxInodes, ChargeKind.InotifyWatch);
        InotifyEvents = new Slab<InotifyEvent>(pages, limits.MaxEntries, ChargeKind.InotifyEvent);
        Sockets = new Slab<Socket>(pages, limits.MaxOpenFiles, ChargeKind.Socket);
        SocketMessages = new Slab<SocketMessage>(pages, limits.MaxOpenFiles, ChargeKind.SocketMessage);
        SocketRights = new Slab<SocketRights>(pages, limits.MaxOpenFiles / 4, ChargeKind.SocketRights);
        SocketBuckets = (Socket**)pages.Allocate(1);
        Reclaim = (NameReclaimState*)pages.Allocate(1);
        Scratch = (byte*)pages.Allocate(ScratchPages);
        ZeroPage = (byte*)pages.Allocate(1);
        Vectors = (UserVector*)pages.Allocate(VectorPages);
        Panic.Unless(
            SocketBuckets != null && Reclaim != null && Scratch != null && ZeroPage != null && Vectors != null,
            "files: no memory for path buffers"u8);
    }

    internal PageAllocator Pages { get; }
    internal int MaxOpenFiles { get; }
    internal Slab<Inode> Inodes { get; }
    internal Slab<SymbolicLinkTail> Tails { get; }
    internal Slab<ExtendedAttributes> Attributes { get; }
    internal Slab<FileContext> Contexts { get; }
    internal Slab<DirectoryEntry> ShortEntries { get; }
    internal Slab<LongDirectoryEntry> LongEntries { get; }
    internal Slab<SmallNameTable> NameTables { get; }
    internal Slab<FileTree> Trees { get; }
    internal Slab<OpenFile> OpenFiles { get; }
    internal Slab<DescriptorTable> Tables { get; }
    internal Slab<DescriptorChunk> Chunks { get; }
    internal Slab<Pipe> Pipes { get; }
    internal Slab<EventCounter> EventCounters { get; }
    internal Slab<TimerFile> TimerFiles { get; }
    internal Slab<SignalFile> SignalFiles { get; }
    internal Slab<ProcessHandle> ProcessHandles { get; }
    internal Slab<EventPoll> EventPolls { get; }
    internal Slab<EventWatch> EventWatches { get; }
    internal Slab<Inotify> Inotifies { get; }
    internal Slab<InotifyUser> InotifyUsers { get; }
    internal Slab<InotifyWatch> InotifyWatches { get; }
    internal Slab<InotifyEvent> InotifyEvents { get; }

    internal Slab<Socket> Sockets { get; }
    internal Slab<SocketMessage> SocketMessages { get; }
    internal Slab<SocketRights> SocketRights { get; }

    /// <summary>The nodes of pseudo-terminals.</summary>
    internal TerminalNodes Terminals { get; }

    /// <summary>What /proc/sys/kernel/random/boot_id shows of this boot of the machine; zero until somebody asks.</summary>
    internal System.UInt128 BootId { get; set; }

    /// <summary>POSIX message queues; null where there are none (host tools).</summary>
    internal QueueKeeper? Queues { get; set; }

    /// <summary>Sockets with abstract names, of all groups (<see cref="SocketNames"/>).</summary>
    internal Socket** SocketBuckets { get; }

    /// <summary>How many open files are in messages, each as often as it is.</summary>
    internal int FilesInFlight;

    /// <summary>Groups in which a search for sockets that only messages lead to is due or under way.</summary>
    internal FlightState* FirstDue;

    /// <summary>The number of the last search among epolls.</summary>
    internal ulong EventSearch;

    /// <summary>Open files, tables and inodes without references that are still to be closed.</summary>
    internal OpenFile* FirstClosing;
    internal DescriptorTable* FirstClosingTable;
    internal Inode* FirstPutOff;

    /// <summary>True while there are such; every call of a thread asks.</summary>
    internal bool HasPutOff => ((nuint)FirstClosing | (nuint)FirstClosingTable | (nuint)FirstPutOff | (nuint)FirstDue) != 0;

    /// <summary>Where the dropping of names stands.</summary>
    internal NameReclaimState* Reclaim { get; }

    /// <summary>How often what was read of a tree has contradicted itself; each is on the kernel's log.</summary>
    internal ulong Contradictions;

    /// <summary>Four pages for path walks and the calls that read paths; nothing in it outlives a dispatch.</summary>
    internal byte* Scratch { get; }

    /// <summary>One of those pages, for the path a call was given; walks leave it alone.</summary>
    internal byte* PathBuffer => Scratch + ((ScratchPages - 1) * PageSize.Bytes);

    /// <summary>A page of zeroes: the contents of a file without pages. Never written.</summary>
    internal byte* ZeroPage { get; }

    /// <summary>The vector of the call being dispatched.</summary>
    internal UserVector* Vectors { get; }

    /// <summary>Opens the tree of a group, which is empty.</summary>
    internal Namespace* Attach(ObjectTracker group)
    {
        Namespace* tree = _trees.At(group.Index);
        tree->Open(group.Index);
        return tree;
    }

    /// <summary>The namespace of the group an object belongs to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Namespace* NamespaceOf(ObjectHeader* header) => _trees.At(header->Group);

    /// <summary>Ends an inode later (<see cref="Inodes"/>), if nothing keeps it alive until then.</summary>
    internal void PutOffIfUnused(Inode* inode)
    {
        if (!inode->EndsUnused || inode->IsInUse || inode->IsRoot || inode->IsPutOff)
            return;
        inode->IsPutOff = true;
        inode->NextPutOff = FirstPutOff;
        FirstPutOff = inode;
    }

    /// <summary>Closes an open file without references later.</summary>
    internal void PutOff(OpenFile* file)
    {
        file->IsClosing = true;
        file->NextClosing = FirstClosing;
        FirstClosing = file;
    }

    /// <summary>What of sockets is in messages, in the group of an object.</summary>
    internal FlightState* FlightsOf(ObjectHeader* header) => &NamespaceOf(header)->Flights;

    /// <summary>A search for sockets that only messages lead to is due in the group of an object.</summary>
    internal void MakeSearchDue(ObjectHeader* header)
    {
        FlightState* flights = FlightsOf(header);
        if (!flights->Search.HasWork)
        {
            flights->NextDue = FirstDue;
            FirstDue = flights;
        }
        flights->Search.IsDue = true;
    }

    /// <summary>The search that is due first waits until all others have had their step.</summary>
    internal void PassSearchOn()
    {
        FlightState* first = FirstDue;
        FlightState* last = first;
        while (last->NextDue != null)
            last = last->NextDue;
        if (last == first)
            return;
        FirstDue = first->NextDue;
        first->NextDue = null;
        last->NextDue = first;
    }

    /// <summary>A group has no such search any more.</summary>
    internal void EndSearch(FlightState* flights)
    {
        fixed (FlightState** first = &FirstDue)
        {
            FlightState** link = first;
            while (*link != null && *link != flights)
                link = &(*link)->NextDue;
            if (*link != null)
                *link = flights->NextDue;
        }
        flights->Search = default;
    }

    /// <summary>The tree of the group with an index.</summary>
    internal Namespace* NamespaceOf(ushort group) => _trees.At(group);

    /// <summary>The tree of a group; null while it has none.</summary>
    internal Namespace* FindNamespace(ObjectTracker group)
    {
        Namespace* tree = _trees.At(group.Index);
        return tree->IsOpen ? tree : null;
    }

    /// <summary>The inode that a record means, if it is in memory, whichever kernel has written it (<see
    /// cref="FileIds.InodeOf"/>).</summary>
    internal static Inode* FindInode(ObjectTracker tracker, ObjectId id)
    {
        ObjectHeader* found = tracker.Find(id, ObjectKind.Inode);
        return (Inode*)(found != null || FileIds.IsOnDemand(id) ? found : tracker.Find(FileIds.InodeOf(id), ObjectKind.Inode));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ObjectTracker TrackerOf(ObjectHeader* header) => _tracked.Of(header);

    /// <summary>The group that a tree belongs to.</summary>
    internal ObjectTracker TrackerOf(Namespace* tree) => _tracked.OfGroup(tree->Group);

    /// <summary>Schedules a file object for the next capture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MarkChanged(ObjectHeader* header) => _tracked.MarkChanged(header);
}
