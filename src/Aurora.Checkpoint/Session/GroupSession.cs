// One consistency group put together: its objects, memory, files, held output and checkpoint engine over a store, and the table of its
// processes, of which files show some things. The kernel adds what processes do, and the Linux calls; host tools use it as it is to make
// images and to read them. Built once; then either Create (nothing in the
// store yet) or Restore.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The services of one consistency group.</summary>
public sealed unsafe partial class GroupSession
{
    /// <summary>The one group there is as yet.</summary>
    public const ushort DefaultGroup = 0;

    // The share of the memory that may hold records while they are restored.
    private const ulong WindowShare = 16;

    public GroupSession(in SessionMachine machine, ObjectStore store)
    {
        Store = store;
        Fibers = machine.Fibers;
        PageAllocator urgentPages = machine.UrgentPages ?? machine.Pages;
        Tracked = new TrackedObjects(urgentPages);
        Tracker = Tracked.Add(DefaultGroup, new ObjectId(1));
        Panic.Unless(Tracker.Exists, "session: no memory for the group"u8);
        Codecs = new CodecTable(Tracked);
        Clocks = new GroupClocks(machine.Clock, Tracked);
        Scheduler = new ThreadScheduler(machine.Pages, Tracked, Clocks);
        var files = new FileState(machine.Pages, Tracked, machine.Files);
        var ipc = new IpcState(machine.Pages, Tracked);
        var segments = new SharedSegmentKeeper(ipc, Scheduler, Clocks);
        Memory = new MemoryManager(
            machine.Pages, Tracked, machine.Frames, machine.Tlb, Scheduler, machine.Fibers, machine.TemplateRoot, new MappedFiles(files),
            machine.Memory, segments, Clocks, machine.ClockSource);
        User = new UserMemory(Memory);
        Random = new RandomSource();
        OutputHold = new OutputHold(machine.Pages, Tracked, Scheduler);
        Panic.Unless(Output.Reserve(), "session: no memory for held output"u8);
        Processes = new ProcessTable(machine.Pages, Tracked);
        Settings = new MachineSettingsTable(machine.Pages, Tracked, Clocks, Memory.ClockObjects,
            machine.Frames.TotalFrames * PageSize.Bytes);
        Signals = new SignalService(machine.Pages, Scheduler, Tracked, Processes);
        Timers = new TimerService(machine.Pages, Scheduler, Signals, Clocks, Tracked);
        Group = new GroupCodec(machine.Pages, Tracked, Clocks, Processes);
        Engine = new CheckpointEngine(new CheckpointServices
        {
            Volume = VolumeId.First,
            Pages = urgentPages,
            Fibers = machine.Fibers,
            MachineClock = machine.Clock,
            Clocks = Clocks,
            Tracker = Tracker,
            Codecs = Codecs,
            Group = Group,
            Memory = Memory,
            Scheduler = Scheduler,
            Output = OutputHold,
            Store = store,
        });
        Pager = new PageReader(machine.Fibers, Memory, Engine, store, new SharedPages(store, Engine, Tracked, Memory));
        Streams = new VolumeStreamTable(Tracker, Scheduler, machine.Pages, machine.Fibers);
        Regions = new RegionManager(
            machine.Pages, store, Engine, Tracked, Memory, Scheduler, machine.Fibers, machine.Clock, Random, Streams,
            machine.SeededRegions);
        StorageSpace space = machine.IsStoreBounded
            ? new StoreSpace(store, Engine, Tracked, machine.Pages.Accounts, machine.Frames) : new StorageSpace();
        long window = (long)(machine.Frames.TotalFrames * PageSize.Bytes / WindowShare);
        Staged = new StagedStates(urgentPages, machine.Frames, window / 2);
        FileRecords = new StoreFileRecords(store, Engine, Staged, machine.Fibers, machine.Pages);
        var environment = new FileEnvironment(
            space, machine.Preemption ?? new Preemption(), machine.Records ?? FileRecords, machine.Fibers);
        MachineNames names = machine.Names ?? new MachineNames(default, default, default);
        var information = new GroupInformation(Tracked, Processes, Settings, Signals, Scheduler, Clocks, machine.Frames, names,
            new IpcFiles(ipc, Memory.Holes));
        Files = new FileServices(files, Memory, User, Scheduler, Clocks, Random, environment, information, Timers);
        Ipc = new IpcServices(ipc, segments, Memory, User, Scheduler, Clocks, Files, Processes, Signals);
        NameReclaimer = new NameReclaimer(machine.Pages, Files, Memory, Engine, FileRecords, machine.Fibers);
        Reclaimer = new FrameReclaimer(Memory, Engine, NameReclaimer, Staged, Past, machine.Fibers);
        Names = Files.Attach(Tracker);
        Codecs.Add(Group);
        Codecs.Add(new OutputHoldCodec(OutputHold));
        Codecs.Add(new MemoryObjectCodec(Memory));
        Codecs.Add(new AddressSpaceCodec(Memory));
        Codecs.Add(new MappingCodec(Memory, Regions.Keeper));
        var fileCodecs = new FileCodecs(Files);
        for (int i = 0; i < FileCodecs.Count; i++)
            Codecs.Add(fileCodecs[i]);
        var ipcCodecs = new IpcCodecs(Ipc);
        for (int i = 0; i < ipcCodecs.Count; i++)
            Codecs.Add(ipcCodecs[i]);
        Restorer = new GroupRestore(
            new ObjectRestorer(Codecs, machine.Pages.Accounts, machine.Fibers, Files.Loader),
            new StoreRecords(store, urgentPages, window, Staged),
            new RestoreRoom(machine.Pages, Reclaimer, NameReclaimer, Past, machine.Fibers), Group, Files, Memory, machine.Fibers, Ipc);
    }

    public ObjectStore Store { get; }
    public FiberScheduler Fibers { get; }
    public GroupClocks Clocks { get; }
    /// <summary>The kernel objects of all groups.</summary>
    public TrackedObjects Tracked { get; }
    public ObjectTracker Tracker { get; }
    public ThreadScheduler Scheduler { get; }
    public MemoryManager Memory { get; }
    public UserMemory User { get; }
    public RandomSource Random { get; }
    public FileServices Files { get; }

    /// <summary>Where names are read, and who reads them waits for work.</summary>
    public StoreFileRecords FileRecords { get; }
    public Namespace* Names { get; }

    /// <summary>System V IPC and POSIX message queues.</summary>
    public IpcServices Ipc { get; }
    public OutputHold OutputHold { get; }
    public HeldOutput Output => OutputHold.Of(Tracker);

    public ProcessTable Processes { get; }
    public MachineSettingsTable Settings { get; }
    public SignalService Signals { get; }
    public TimerService Timers { get; }
    public GroupCodec Group { get; }
    public CodecTable Codecs { get; }
    public CheckpointEngine Engine { get; }

    /// <summary>Groups and regions on their way out of the machine or into it.</summary>
    public VolumeStreamTable Streams { get; }

    /// <summary>Memory that programs persist themselves.</summary>
    public RegionManager Regions { get; }

    /// <summary>Brings groups back.</summary>
    public GroupRestore Restorer { get; }

    /// <summary>What stays in memory of the states that groups are copied from.</summary>
    public StagedStates Staged { get; }

    /// <summary>What a group was that goes back.</summary>
    public GroupPast Past { get; } = new();

    /// <summary>Brings in the pages that programs touch.</summary>
    public PageReader Pager { get; }

    /// <summary>Takes names out of memory when it is short, once a fiber runs it.</summary>
    public NameReclaimer NameReclaimer { get; }

    /// <summary>Brings frames back when few are free, once a fiber runs it.</summary>
    public FrameReclaimer Reclaimer { get; }

    /// <summary>Starts a group from nothing: a group object and an empty root directory. False when memory is exhausted.</summary>
    public bool Create()
    {
        Group.CreateNew(Tracker);
        return Files.Creation.CreateRoot(Names);
    }

    /// <summary>
    /// Rebuilds the group from the newest checkpoint in the store. A host tool passes <paramref name="skipUnknownKinds"/>: it has no use
    /// for processes and what only they refer to. A kernel ends what nothing refers to: <paramref name="endUnreferenced"/>.
    /// </summary>
    public RestoreResult Restore(bool skipUnknownKinds, bool endUnreferenced = false)
    {
        RestoreScope scope = skipUnknownKinds ? RestoreScope.KnownKinds : RestoreScope.Whole;
        RestoreResult result = Restorer.Restore(Tracker, Engine.VolumeOf(Tracker.Index), scope, endUnreferenced);
        if (!result.IsOk)
            return result;
        result.Store = Engine.Life.ContinueFrom(Tracker, Group.Of(Tracker)->Epoch, Continuation.OfStart);
        return result;
    }
}
