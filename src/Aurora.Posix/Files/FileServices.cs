// Files: the services of this folder, put together once at boot over one FileState, which is there before memory, so that memory can say
// what is not mapped any more (MappedFiles). Nothing here acts; who uses files calls the service.
// Each knows only those above it:
//
//   InotifyQueue, InotifyWatches, FileNotices   who watches files, and what they are told
//   FileStamps      times                                  FileEnvironment   the store's room, the main loop's wishes
//   AttributeSets   extended attributes                    FileLocks         advisory locks          PipeLife    pipes of inodes
//   NameEntries     memory of names                        NameBucketTable   the names of a directory
//   Inodes          life of inodes                         NameRequests      what is wanted and not in memory
//   NameRoom        who finds no room for them
//   NameTable       finding names
//   FileContexts    roots, current directories             ShownNames, FilePaths   which path leads to a file
//   ProcFileSystem  the nodes of /proc                     FileLeases        leases
//   PathWalks       following paths                        NameChanges       giving and taking names, former names
//   FileCreation    making files and links                 FileRemoval, FileRenames, TreeEnd
//   FileData        the pages of regular files             Transfers         what moves bytes needs
//   SetIdBits       when they go
//   FileDrivers     what carries out the operations on each kind of file (RegularFileOperations, PipeOperations, DeviceTable, …)
//   TimerFiles      what timerfds do
//   SocketBooks, SocketFlights, SocketQueue   sockets, open files in messages, messages
//   SocketNames, SocketConnections, SocketClosing, SocketSender, SocketReceiver   what is done with them
//   EventPolls      epolls, which ask the files they watch
//   OpenFiles       opening and closing                    Descriptors       tables of descriptors
//   AnonymousFiles  eventfds, timerfds, signalfds, pidfds, epolls, inotify instances
//   HeldFiles       files of calls that wait               FileClosing       what could not be closed in one step
//   StoredNames, StoredInodes, FileLoader                  bringing names and inodes in
//   NameReclaim     letting them go
//
// Each group has a tree of its own, a Namespace. Protected by the kernel lock; nothing here sleeps: what must wait says so to its caller.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Files;

/// <summary>The services of files. Made once at boot; host tools make their own.</summary>
public sealed unsafe class FileServices
{
    private readonly FileEnvironment _environment;
    private readonly FileDrivers _drivers;

    public FileServices(
        FileState state, MemoryManager memory, UserMemory user, ThreadScheduler waker, GroupClocks clocks, RandomSource random,
        FileEnvironment environment, ProcessInformation information, TimerService timers)
    {
        _environment = environment;
        Memory = memory;
        User = user;
        Random = random;
        State = state;
        var told = new InotifyQueue(State, waker);
        Inotify = new InotifyWatches(State, waker, told, information);
        Notices = new FileNotices(State, told, Inotify);
        Stamps = new FileStamps(State, clocks);
        Attributes = new AttributeSets(State, Stamps, environment);
        Locks = new FileLocks(State, waker, state.MaxOpenFiles);
        var pipes = new PipeLife(State, memory, waker);
        Entries = new NameEntries(State);
        Buckets = new NameBucketTable(State);
        Inodes = new Inodes(State, Stamps, Attributes, Locks, pipes, Entries, Buckets, Inotify, memory, waker);
        Requests = new NameRequests(State, Inodes, environment.Records, waker);
        Room = new NameRoom(State, environment.Records, waker);
        Names = new NameTable(State, random, Requests, Room, Buckets);
        Contexts = new FileContexts(State, Inodes);
        ShownNames = new ShownNames(State, Inodes);
        Paths = new FilePaths(State, ShownNames);
        Proc = new ProcFileSystem(State, Inodes, Paths, information);
        Walks = new PathWalks(State, Inodes, Proc, Names);
        Changes = new NameChanges(State, Stamps, Inodes, Names, Entries);
        Creation = new FileCreation(State, Inodes, Names, Changes, Room, Notices, _environment);
        Removal = new FileRemoval(State, Names, Changes, Notices);
        Renames = new FileRenames(Stamps, Names, Entries, Changes, Room, Notices);
        TreeEnd = new TreeEnd(State, Inodes, Entries);
        Leases = new FileLeases(State, Proc, waker, clocks);
        SetIdBits = new SetIdBits(State, Notices);
        Data = new FileData(Inodes, Stamps, memory, environment);
        Transfers = new Transfers(State, user, waker, environment);
        Pipes = new PipeOperations(State, pipes, memory, waker);
        Devices = new DeviceTable(random, Transfers);
        var regular = new RegularFileOperations(State, Inodes, Data, SetIdBits, Stamps, memory, Room);
        TimerFiles = new TimerFiles(State, waker, clocks);
        var system = new ProcSystemText(new ProcSettingText(State, memory, random));
        var maps = new ProcMapText(Proc);
        var text = new ProcText(Proc, user, system, maps, new ProcSmapText(maps, memory), new ProcStatusText(memory),
            new ProcEventText(TimerFiles), new ProcSocketText(State));
        var proc = new ProcFileOperations(State, Proc, text, new ProcSettings(State, Proc), new ProcMemory(State, Proc, memory, user));
        Signals = new SignalFileOperations(State, timers, waker, information);
        var bytes = new SocketBytes(State, memory);
        var room = new SocketRoom(waker);
        var books = new SocketBooks(State, Inodes, bytes, waker);
        Flights = new SocketFlights(State);
        var queue = new SocketQueue(State, books, bytes, Flights, room, waker);
        SocketNames = new SocketNames(State, Inodes, Creation);
        Connections = new SocketConnections(State, books, queue, Flights, room, waker);
        var closing = new SocketClosing(State, books, SocketNames, queue, Connections, Flights, room);
        SocketWaits = new SocketWaits(waker);
        SocketSender = new SocketSender(books, bytes, queue, Flights, Connections, SocketWaits);
        Sockets = new SocketOperations(
            SocketSender, new SocketReceiver(State, books, bytes, queue, Flights, SocketWaits), closing, user, waker);
        var processHandles = new ProcessHandleOperations(State, waker);
        var drivers = new FileDrivers(
            regular, Pipes, Devices, proc, new EventCounterOperations(State, waker), new TimerFileOperations(TimerFiles, user, waker),
            Signals, processHandles, Sockets, new InotifyFile(Inotify, told, waker), State, waker);
        _drivers = drivers;
        EventPolls = drivers.EventPolls;
        Watching = new FileWatching(State, drivers, waker);
        OpenFiles = new OpenFiles(State, Inodes, Locks, Leases, drivers, Watching, EventPolls, Inotify, Notices, closing, Flights);
        SocketFiles = new SocketFiles(State, OpenFiles, books, closing, Connections);
        Anonymous = new AnonymousFiles(State, OpenFiles, TimerFiles, EventPolls, Inotify, processHandles);
        Descriptors = new Descriptors(State, OpenFiles, Locks);
        Held = new HeldFiles(State, OpenFiles, Descriptors);
        Closing = new FileClosing(State, OpenFiles, Descriptors, Inodes, new FlightCollector(queue));
        StoredNames = new StoredNames(State, Names, Entries, Buckets);
        StoredInodes = new StoredInodes(State, Inodes, Attributes, memory, this);
        Reclaim = new NameReclaim(State, environment.Records, Requests, Entries, StoredInodes, memory);
        Conversion = new NameConversion(State, Creation, Changes, memory, environment.Fibers);
        Loader = new FileLoader(this);
    }

    public MemoryManager Memory { get; }
    public UserMemory User { get; }
    public RandomSource Random { get; }
    public FileStamps Stamps { get; }
    public AttributeSets Attributes { get; }
    public FileLocks Locks { get; }
    internal NameEntries Entries { get; }
    internal NameBucketTable Buckets { get; }

    /// <summary>What of names is wanted and not in memory.</summary>
    public NameRequests Requests { get; }

    /// <summary>Where those wait who find no room for names and inodes.</summary>
    public NameRoom Room { get; }

    /// <summary>Takes out of memory what can be read again.</summary>
    public NameReclaim Reclaim { get; }
    public NameTable Names { get; }
    internal StoredNames StoredNames { get; }
    internal StoredInodes StoredInodes { get; }

    /// <summary>Makes of an older kernel's tree one that is read on demand.</summary>
    public NameConversion Conversion { get; }

    /// <summary>Reads for whoever has nobody else to do it: at boot, and in host tools.</summary>
    public FileLoader Loader { get; }
    internal FileRecords Records => _environment.Records;
    public Inodes Inodes { get; }
    public FileContexts Contexts { get; }
    public FilePaths Paths { get; }

    /// <summary>Which of a file's names is its path.</summary>
    public ShownNames ShownNames { get; }
    public ProcFileSystem Proc { get; }
    public PathWalks Walks { get; }
    public NameChanges Changes { get; }
    public FileCreation Creation { get; }
    public FileRemoval Removal { get; }
    public FileRenames Renames { get; }
    public TreeEnd TreeEnd { get; }
    public FileLeases Leases { get; }
    public SetIdBits SetIdBits { get; }
    public FileData Data { get; }
    public Transfers Transfers { get; }
    public PipeOperations Pipes { get; }
    public DeviceTable Devices { get; }
    public FileWatching Watching { get; }

    /// <summary>eventfds, timerfds, signalfds.</summary>
    public AnonymousFiles Anonymous { get; }
    public TimerFiles TimerFiles { get; }
    public SignalFileOperations Signals { get; }
    public EventPolls EventPolls { get; }

    /// <summary>inotify: instances and watches, and who tells them what.</summary>
    public InotifyWatches Inotify { get; }
    public FileNotices Notices { get; }

    /// <summary>Sockets: as open files, their names and connections, what is sent, and open files in messages.</summary>
    public SocketFiles SocketFiles { get; }
    public SocketOperations Sockets { get; }
    public SocketNames SocketNames { get; }
    public SocketConnections Connections { get; }
    public SocketSender SocketSender { get; }
    public SocketWaits SocketWaits { get; }
    public SocketFlights Flights { get; }
    public OpenFiles OpenFiles { get; }
    public Descriptors Descriptors { get; }
    public HeldFiles Held { get; }
    public FileClosing Closing { get; }

    /// <summary>Where statfs asks.</summary>
    public StorageSpace Space => _environment.Space;

    /// <summary>Tells long transfers when to let others run.</summary>
    public Preemption Preemption => _environment.Preemption;

    /// <summary>How often what was read of a tree has contradicted itself.</summary>
    public ulong Contradictions => State.Contradictions;

    /// <summary>The numbers and nodes of pseudo-terminals.</summary>
    public TerminalNodes Terminals => State.Terminals;

    internal FileState State { get; }

    /// <summary>A page for the path a call was given; walks leave it alone.</summary>
    public byte* PathBuffer => State.PathBuffer;

    /// <summary>A page of zeroes: the contents of a file without pages. Never written.</summary>
    public byte* ZeroPage => State.ZeroPage;

    /// <summary>The vector of the call being dispatched, copied once so that the program cannot change it under way; not kept.</summary>
    public UserVector* Vectors => State.Vectors;

    /// <summary>
    /// Gives a group a tree, before any file object of it is created or restored; it is empty, without a root.
    /// </summary>
    public Namespace* Attach(ObjectTracker tracker) => State.Attach(tracker);

    /// <summary>The root directory of a group; null while it has none.</summary>
    public Inode* RootOf(ObjectTracker group)
    {
        Namespace* tree = State.FindNamespace(group);
        return tree == null ? null : tree->Root;
    }

    /// <summary>The namespace of the group an object belongs to.</summary>
    public Namespace* NamespaceOf(ObjectHeader* header) => State.NamespaceOf(header);

    /// <summary>The group an object belongs to.</summary>
    public ObjectTracker GroupOf(ObjectHeader* header) => State.TrackerOf(header);

    /// <summary>POSIX message queues, which are made of more than files, have files from here on; once, at boot.</summary>
    public void Serve(QueueKeeper keeper, FileOperations driver)
    {
        Panic.Unless(State.Queues is null, "files: two keepers of queues"u8);
        State.Queues = keeper;
        _drivers.Add(FileKind.NamedQueue, driver);
    }

    /// <summary>Schedules a file object for the next capture.</summary>
    public void MarkChanged(ObjectHeader* header) => State.MarkChanged(header);
}
