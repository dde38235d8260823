// The composition root: every service there is, made once, each given what it works with by its constructor. What is constructed later may
// know what is constructed earlier, never the other way round:
//
//   BareMachine, Hardware, KernelFibers      processor, memory, devices          (made by Program)
//   NvmeDevice, ObjectStore                  the disk and the store on it        (made by Program)
//   GroupSession                             memory, table of processes, files, held output and checkpoints of consistency groups
//   GroupProcesses                           what their processes do: life, timers and terminals
//   GroupManager                             the groups beside the first one: made, copied, rewound, ended
//   GroupExecs, VolumeStreams                programs run in them from outside; groups sent and received
//   LauncherExecs                            programs that the launcher runs in them
//   LinuxKernel, SystemCallExecutive         the Linux personality
//   SessionEnd, SessionDuties, …             the session: console, launcher, how it starts and ends
//   MainLoop                                 what drives it all
//
// Nothing here acts: GroupStart brings the group to life, MainLoop keeps it running.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Kernel;

/// <summary>The services of this machine.</summary>
internal sealed class Machine
{
    public Machine(BareMachine bare, Hardware hardware, KernelFibers fibers, NvmeDevice disk, ObjectStore store, BootSettings settings)
    {
        Bare = bare;
        Hardware = hardware;
        Fibers = fibers;
        Group = new GroupSession(SessionMachineOf(bare, hardware, fibers), store);
        var end = new EndState();
        var execs = new GroupExecTable(Group, bare.Pages);
        var control = new SessionControl(end, Group.Engine, Group.Tracker, new GroupEnds(Group), execs, Group.Streams);
        var extended = new KernelExtendedState();
        var futexes = new FutexTable(bare.Pages, Group.Scheduler, Group.Tracked, Group.Clocks);
        Processes = new GroupProcesses(Group, bare.Pages, extended, control, futexes);
        var programs = new GroupPrograms(bare.Pages, Group.Tracked);
        Init = new InitStart(Group, Processes, fibers);
        var groups = new GroupManager(Group, Processes, programs, execs, Init, bare.Pages, hardware.Clock, fibers);
        var further = new GroupExecs(Group, execs);
        Linux = new LinuxKernel(
            LinuxServicesOf(
                bare, Group, Processes, extended, control, futexes, groups, further,
                new VolumeStreams(Group, fibers), new InitProgram(settings, Group.Tracker, programs)));

        FailedStarts = new FailedStarts(store, new StartMark(hardware.Ports));
        HeldReport = new HeldReport(hardware, Group.Engine, Processes.Table.Of(Group.Tracker), Processes.Terminals, FailedStarts);
        Start = new SessionStart(hardware, Group, Processes.Table, Processes.Terminals);
        var forgetting = new ForgettingFiber(FailedStarts);
        var closing = new ClosingFiber(store, fibers, FailedStarts, end);
        fibers.Add(forgetting);
        fibers.Add(closing);
        var sessionEnd = new SessionEnd(end, hardware, fibers, disk, Group.Engine, Group.Tracker, Group.Output, FailedStarts, closing);
        var input = new ConsoleInput(hardware.Console, Processes.Terminals, Group.Tracker);
        var lines = new ControlLines(hardware.Control);
        var places = new LauncherExecTable(bare.Pages);
        var launched = new LauncherExecs(places, groups, further, Group.Files.Transfers, Group.Tracker, lines);
        var commands = new ControlCommands(
            hardware.Control, disk, Group.Engine, Processes.Terminals, input, control, new LauncherExecCommands(places, launched, lines),
            Group.Tracker);
        var duties = new SessionDuties(
            new SerialConsole(hardware.Console), Group.Output, input, commands, launched, sessionEnd,
            new LastingStart(hardware.Clock, fibers, Group.Engine, FailedStarts, forgetting));
        GroupsBody = new GroupFiber(groups);
        fibers.Add(GroupsBody);
        Bodies = BodiesOf(Group, groups, fibers, disk, end);
        var timer = new IdleTimer(hardware, disk, bare.Lock);
        var turn = new ThreadTurn(
            hardware.Clock, timer, fibers, Group.Scheduler, new SystemCallExecutive(Linux), Group.Engine, extended, Group,
            Processes.Signals, sessionEnd, bare.Pages.Accounts, bare.Lock);
        Loop = new MainLoop(hardware, fibers, disk, Group, Processes.Deadlines, Linux, duties, sessionEnd, turn, timer);
    }

    public BareMachine Bare { get; }
    public Hardware Hardware { get; }
    public KernelFibers Fibers { get; }
    public GroupSession Group { get; }
    public GroupProcesses Processes { get; }
    public LinuxKernel Linux { get; }
    public FailedStarts FailedStarts { get; }
    public HeldReport HeldReport { get; }
    public SessionStart Start { get; }

    /// <summary>How the first process of a group is made.</summary>
    public InitStart Init { get; }

    /// <summary>What the fiber does that manages groups.</summary>
    public FiberBody GroupsBody { get; }

    /// <summary>What the fibers do that run as long as the session.</summary>
    public FiberBody[] Bodies { get; }
    public MainLoop Loop { get; }

    private static SessionMachine SessionMachineOf(BareMachine bare, Hardware hardware, KernelFibers fibers)
    {
        return new SessionMachine
        {
            Pages = bare.Pages,
            UrgentPages = bare.UrgentPages,
            Frames = bare.Frames,
            Tlb = bare.Tlb,
            Fibers = fibers,
            Clock = hardware.Clock,
            ClockSource = new KernelClockSource(hardware.Clock),
            TemplateRoot = KernelPageTables.Root,
            Memory = MemoryOptions.Default,
            Files = FileLimits.Default,
            Preemption = new KernelPreemption(),
            Names = ReadNames(),
            IsStoreBounded = true,
        };
    }

    private static LinuxServices LinuxServicesOf(
        BareMachine bare, GroupSession group, GroupProcesses processes, KernelExtendedState extended, SessionControl control,
        FutexTable futexes, GroupManager groups, GroupExecs execs, VolumeStreams streams, InitProgram first)
        => new()
        {
            Pages = bare.Pages,
            Tracked = group.Tracked,
            Clocks = group.Clocks,
            Memory = group.Memory,
            Ipc = group.Ipc,
            User = group.User,
            Scheduler = group.Scheduler,
            Processes = processes.Table,
            Settings = processes.Settings,
            Signals = processes.Signals,
            Timers = processes.Timers,
            ProcessFiles = processes.Files,
            Life = processes.Life,
            Terminals = processes.Terminals,
            Extended = extended,
            Machine = control,
            Files = group.Files,
            Checkpoints = group.Engine,
            Groups = groups,
            Execs = execs,
            Streams = streams,
            Trace = group.Fibers.Trace,
            Regions = group.Regions,
            Futexes = futexes,
            HardwareCapabilities = bare.Identity.Leaf1Edx,
            FirstProgram = first,
        };

    private static MachineNames ReadNames()
    {
        Span<byte> processor = stackalloc byte[CpuFeatures.NameBytes];
        CpuFeatures.ReadName(processor);
        return new MachineNames(processor, MachineCalls.Release, MachineCalls.VersionText);
    }

    private static FiberBody[] BodiesOf(GroupSession group, GroupManager groups, KernelFibers fibers, NvmeDevice disk, EndState end)
    {
        const int single = 7;
        const int commits = single + FlushFiber.Count;
        const int regions = commits + CommitFiber.Count;
        const int names = regions + RegionFiber.Count;
        const int pagers = names + NameFiber.Count;
        var bodies = new FiberBody[pagers + PagerFiber.Count];
        bodies[0] = new ErrandFiber(group.Engine);
        bodies[1] = new MaintenanceFiber(group.Store, end);
        bodies[2] = new ReclaimFiber(group.Reclaimer);
        bodies[3] = new NameReclaimFiber(group.NameReclaimer);
        bodies[4] = new StreamFiber(groups, isIncoming: false);
        bodies[5] = new StreamFiber(groups, isIncoming: true);
        bodies[6] = new RegionOrderFiber(group.Regions);
        for (int i = single; i < commits; i++)
            bodies[i] = new FlushFiber(group.Engine);
        for (int i = commits; i < regions; i++)
            bodies[i] = new CommitFiber(group.Engine);
        for (int i = regions; i < names; i++)
            bodies[i] = new RegionFiber(group.Regions);
        for (int i = names; i < pagers; i++)
            bodies[i] = new NameFiber(fibers, disk, group.FileRecords, new FileLoader(group.Files));
        for (int i = pagers; i < bodies.Length; i++)
            bodies[i] = new PagerFiber(fibers, group.Memory, group.Pager);
        return bodies;
    }
}
