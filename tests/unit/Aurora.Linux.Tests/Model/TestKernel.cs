using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Tests.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Testing;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Regions of a kernel other than <see cref="TestRegions"/>, and what brings them back with mappings of them.</summary>
internal delegate (RegionService Service, RegionKeeper Keeper) RegionMaking(TestKernel kernel);

/// <summary>
/// The whole kernel above the hardware, with a test in the role of the programs: it makes system calls for a thread and sees what the
/// program would see. Every process has a scratch area at <see cref="Scratch"/>.
/// </summary>
internal sealed unsafe partial class TestKernel : IDisposable
{
    /// <summary>What the machines of this thread that are made from then on say they have.</summary>
    public static ulong MemoryBytes
    {
        get => _memoryBytes;
        set => _memoryBytes = value;
    }

    [ThreadStatic]
    private static ulong _memoryBytes;

    public const ulong Scratch = 0x1000_0000;
    public const ulong ScratchBytes = 64 * 4096;
    public const ulong StackTop = Scratch + ScratchBytes - 4096;
    public const ulong Code = 0x40_0000;

    private static readonly MemoryOptions _options
        = new() { MaxObjects = 4096, MaxMappings = 8192, MaxSpaces = 512, MaxDirtyPages = 65536, MaxPageIns = 32 };

    private static readonly FileLimits _limits = new() { MaxInodes = 4096, MaxEntries = 4096, MaxOpenFiles = 2048, MaxTables = 512 };

    /// <summary>Is told of each thread before it goes on, for who has the scheduler know it as the current one.</summary>
    public Action<nint>? BeforeTurn { get; set; }

    // Who was let into user mode last.
    private Thread* _inUserMode;

    public TestKernel(bool isPlain = false, int frames = 8192, int mostMappings = 0)
        : this(new HostPageAllocator(), new HostFramePool(frames), _options with { MaxMappingsPerSpace = mostMappings }, _limits, isPlain)
    {
    }

    public TestKernel(HostPageAllocator pages, HostFramePool frames, MemoryOptions options, FileLimits limits, bool isPlain,
        RegionMaking? regions = null)
    {
        HostEnvironment.Install();
        Pages = pages;
        Frames = frames;
        Mmu = new SoftwareMmu(Frames);
        Tracked = new TrackedObjects(Pages);
        Tracker = Tracked.Add(0, new ObjectId(1));
        Clocks = new GroupClocks(Clock, Tracked);
        Scheduler = new ThreadScheduler(Pages, Tracked, Clocks);
        var files = new FileState(Pages, Tracked, limits);
        var ipc = new IpcState(Pages, Tracked);
        var segments = new SharedSegmentKeeper(ipc, Scheduler, Clocks);
        Memory = new MemoryManager(Pages, Tracked, Frames, Mmu, Scheduler, new HostFibers(), default, new MappedFiles(files), options,
            segments, Clocks, new TestClockSource());
        User = new UserMemory(Memory);
        Random.Reseed("test"u8);
        Processes = new ProcessTable(Pages, Tracked);
        Settings = new MachineSettingsTable(Pages, Tracked, Clocks, Memory.ClockObjects, MemoryBytes);
        Signals = new SignalService(Pages, Scheduler, Tracked, Processes);
        Timers = new TimerService(Pages, Scheduler, Signals, Clocks, Tracked);
        var names = new MachineNames(default, MachineCalls.Release, MachineCalls.VersionText);
        var information = new GroupInformation(Tracked, Processes, Settings, Signals, Scheduler, Clocks, Frames, names,
            new IpcFiles(ipc, Memory.Holes));
        Records = new ModelFileRecords(
            group => SourceOf(group.Index)?.Records ?? [], kind => _versionOf(kind) ?? Codecs[kind].Version,
            (group, id) => SourceOf(group.Index)!.Users.GetValueOrDefault(id));
        var environment = new FileEnvironment(Space, Preemption, Records, new HostFibers());
        Files = new FileServices(files, Memory, User, Scheduler, Clocks, Random, environment, information, Timers);
        Ipc = new IpcServices(ipc, segments, Memory, User, Scheduler, Clocks, Files, Processes, Signals);
        Names = Files.Attach(Tracker);
        _names[Tracker.Index] = (nint)Names;
        Console = new TestConsole(Pages);
        Checkpoints = new TestCheckpoints(Pages);
        Groups = new TestGroups((WaitQueue*)Pages.Allocate(1), Tracker);
        Execs = new TestExecs((WaitQueue*)Pages.Allocate(1)) { Scheduler = Scheduler };
        Trace = new TraceLog(Pages, Clock);
        Streams = new TestStreams((WaitQueue*)Pages.Allocate(1), Scheduler);
        Deadlines = new Deadlines(Scheduler, Timers, Files.TimerFiles);
        FileTables = new ProcessFileTables(Files);
        Life = new ProcessLife(Processes, Scheduler, Signals, Memory, FileTables, Timers, Extended, Machine, Ipc);
        Terminals = new TerminalService(Pages, Tracked, Scheduler, Signals, Processes, Files, Console);
        _ = new TerminalDrivers(Terminals, Scheduler, Tracked, Files);
        Linux = MakeLinux(regions);
        Executive = new SystemCallExecutive(Linux);
        IsPlain = isPlain;
        var process = new ProcessCodecs(Processes, Scheduler, Signals, Memory, Files, Extended, Timers, Terminals, Settings, Linux.Futexes,
            Ipc);
        AddCodecs(process);
    }

    public bool IsPlain { get; }
    public HostPageAllocator Pages { get; }
    public HostFramePool Frames { get; }
    public SoftwareMmu Mmu { get; }
    public TestClock Clock { get; } = new();
    public GroupClocks Clocks { get; }
    public GroupClock GroupClock => Clocks.Of(Tracker);
    public TrackedObjects Tracked { get; }

    /// <summary>The group that everything is about that says nothing else; the first one, unless a test goes over to another.</summary>
    public ObjectTracker Tracker { get; private set; }
    public ThreadScheduler Scheduler { get; }
    public MemoryManager Memory { get; }
    public UserMemory User { get; }
    public IpcServices Ipc { get; }
    public RandomSource Random { get; } = new();
    public TestSpace Space { get; } = new();
    public TestPreemption Preemption { get; } = new();
    public ModelFileRecords Records { get; }
    public FileServices Files { get; }
    public Namespace* Names { get; private set; }
    public TestConsole Console { get; }
    public TestCheckpoints Checkpoints { get; }
    public ProcessTable Processes { get; }
    public PidNamespace Pids => Processes.Of(Tracker);
    public MachineSettingsTable Settings { get; }
    public SignalService Signals { get; }
    public TimerService Timers { get; }
    public Deadlines Deadlines { get; }
    public ProcessFileTables FileTables { get; }
    public ProcessLife Life { get; }
    public TerminalService Terminals { get; }
    public TestExtendedState Extended { get; } = new();
    public TestGroups Groups { get; }
    public TestExecs Execs { get; }
    public TraceLog Trace { get; }
    public TestStreams Streams { get; }
    public TestMachineControl Machine { get; } = new();
    public LinuxKernel Linux { get; }
    public SystemCallExecutive Executive { get; }
    public Dictionary<ObjectKind, StateCodec> Codecs { get; } = [];

    public void Dispose()
    {
        Frames.Dispose();
        Pages.Dispose();
    }

    /// <summary>A tree, a terminal, and init with scratch memory and the terminal as descriptors 0 to 2.</summary>
    public Thread* Boot()
    {
        Assert.True(Files.Creation.CreateRoot(Names));
        Assert.Equal(Errno.Ok, StandardTree.Populate(Files, Names));
        Assert.True(Terminals.Life.CreateConsole(Tracker, IsPlain, new WindowSize { Rows = 24, Columns = 80 }) != null);
        Thread* init = Life.CreateInit(Tracker);
        Assert.True(init != null);
        Assert.Equal(Errno.Ok, FileTables.Start(init->Process, Names, 0x12));
        GiveMemory(init);
        Life.Start(init);
        return init;
    }

    /// <summary>Memory as an execve would leave it: a code page, scratch memory, a stack pointer.</summary>
    public void GiveMemory(Thread* thread)
    {
        AddressSpace* space = Memory.Spaces.Create(Tracker, SpaceLimits.Default);
        thread->Process->AddressSpace = space;
        thread->Context->PageTableRoot = space->Root.Address.Value;
        Map(space, Code, 4096, Protection.Read | Protection.Execute);
        Map(space, Scratch, ScratchBytes, Protection.Read | Protection.Write);
        thread->Context->Rip = Code + 0x100;
        thread->Context->Rsp = StackTop;
        thread->Context->Cs = 0x33;
        thread->Context->Ss = 0x2B;
    }

    public void Map(AddressSpace* space, ulong address, ulong bytes, Protection protection)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = bytes, Protection = protection, Placement = MapPlacement.FixedNoReplace,
        };
        Assert.Equal(MemoryStatus.Ok, Memory.Mappings.Map(space, in request, out _));
    }

    /// <summary>Makes a system call for a thread: its result, or null when the thread sleeps, stopped or ended.</summary>
    public long? Call(Thread* thread, int number, params ulong[] arguments)
    {
        UserContext* context = thread->Context;
        context->Rax = (ulong)number;
        context->Rdi = arguments.Length > 0 ? arguments[0] : 0;
        context->Rsi = arguments.Length > 1 ? arguments[1] : 0;
        context->Rdx = arguments.Length > 2 ? arguments[2] : 0;
        context->R10 = arguments.Length > 3 ? arguments[3] : 0;
        context->R8 = arguments.Length > 4 ? arguments[4] : 0;
        context->R9 = arguments.Length > 5 ? arguments[5] : 0;
        context->Trap = UserContext.SystemCallTrap;
        context->Rip += 2;
        Trap(thread);
        return Resume(thread);
    }

    /// <summary>Lets a thread go on until it reaches user mode (its RAX), or sleeps or ends (null).</summary>
    public long? Resume(Thread* thread)
    {
        for (int turns = 0; turns < 100; turns++)
        {
            if (HasSource)
                ServePager();
            if (!IsAlive(thread) || thread->State != ThreadState.Runnable)
                return null;
            BeforeTurn?.Invoke((nint)thread);
            if (Executive.PrepareToRun(thread))
            {
                _inUserMode = thread;
                thread->Context->EnteredTicks = Clock.Ticks;
                return (long)thread->Context->Rax;
            }
        }
        throw new InvalidOperationException("a thread neither runs nor sleeps");
    }

    /// <summary>Init is ending: lets everybody take the steps of its own end until the session is over.</summary>
    public void RunToTheEnd()
    {
        for (Thread* next = Scheduler.PickNext(); next != null; next = Scheduler.PickNext())
        {
            if (HasSource)
                ServePager();
            Assert.False(Executive.PrepareToRun(next), "a program runs although its session ends");
        }
        Assert.NotNull(Machine.SessionStatus);
    }

    public bool IsAlive(Thread* thread)
    {
        for (Process* process = Pids.NextProcess(1); process != null; process = Pids.NextProcess(process->Id + 1))
            for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
                if (each == thread)
                    return true;
        return false;
    }

    /// <summary>A call that must succeed at once.</summary>
    public long Do(Thread* thread, int number, params ulong[] arguments)
    {
        long? result = Call(thread, number, arguments);
        Assert.True(result.HasValue, $"call {number} did not return");
        Assert.True(result >= 0, $"call {number} failed with {result}");
        return result!.Value;
    }

    public void Fault(Thread* thread, ulong vector, ulong address = 0, ulong error = 4)
    {
        thread->Context->Trap = vector;
        thread->Context->ErrorCode = error;
        thread->Context->FaultAddress = address;
        Trap(thread);
    }

    /// <summary>The thread comes into the kernel, for the reason in its context.</summary>
    public void Trap(Thread* thread)
    {
        ulong now = Clock.Ticks;
        thread->Context->TrappedTicks = now;
        if (_inUserMode != thread)
            thread->Context->EnteredTicks = now;
        _inUserMode = null;
        Executive.HandleTrap(thread);
    }

    public Thread* ThreadOf(long id)
    {
        Thread* thread = Pids.FindThread((int)id);
        Assert.True(thread != null, $"thread {id} does not exist");
        return thread;
    }

    public Thread* Fork(Thread* parent)
    {
        Thread* child = ThreadOf(Do(parent, 57));
        Assert.Equal(0, Resume(child));
        return child;
    }

    public void Advance(ulong nanoseconds)
    {
        Clock.Advance(nanoseconds);
        Deadlines.Expire();
    }

    public void Poke<T>(Thread* thread, ulong address, T value)
        where T : unmanaged
    {
        AccessResult access;
        while ((access = User.Write(thread->Process->AddressSpace, new VirtualAddress(address), in value)).Status == MemoryStatus.WouldBlock)
            ServePager();
        Assert.True(access.IsOk);
    }

    public T Peek<T>(Thread* thread, ulong address)
        where T : unmanaged
    {
        AddressSpace* space = thread->Process->AddressSpace;
        while (HasSource && User.Read(space, new VirtualAddress(address), out T _).Status == MemoryStatus.WouldBlock)
            ServePager();
        Assert.True(User.Read(thread->Process->AddressSpace, new VirtualAddress(address), out T value).IsOk);
        return value;
    }

    public ulong PokeText(Thread* thread, ulong address, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text + "\0");
        AccessResult access;
        while ((access = User.Write(thread->Process->AddressSpace, new VirtualAddress(address), bytes)).Status == MemoryStatus.WouldBlock)
            ServePager();
        Assert.True(access.IsOk);
        return address;
    }

    /// <summary>Stores a signal mask of one signal and returns its address.</summary>
    public ulong PokeMask(Thread* thread, Signal signal)
    {
        Poke(thread, Scratch + 0xF00, SignalSet.Of(signal));
        return Scratch + 0xF00;
    }

    public string PeekText(Thread* thread, ulong address)
    {
        var text = new StringBuilder();
        for (byte b; (b = Peek<byte>(thread, address)) != 0; address++)
            text.Append((char)b);
        return text.ToString();
    }

    /// <summary>What the user types.</summary>
    public void Type(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal(bytes.Length, Terminals.Input.Receive(Terminals.ConsoleOf(Tracker), bytes));
    }

    /// <summary>Makes init a session leader with the terminal on descriptors 0 to 2, as a getty does.</summary>
    public void OpenTerminal(Thread* thread)
    {
        ulong path = PokeText(thread, Scratch, "/dev/console");
        Assert.Equal(0, Do(thread, 2, path, 2));
        Assert.Equal(1, Do(thread, 32, 0));
        Assert.Equal(2, Do(thread, 32, 0));
    }

    public Inode* WriteFile(string path, ReadOnlySpan<byte> bytes, uint mode = 0x81ED)
    {
        var tree = new TreeBuilder(Files, Names);
        Assert.Equal(Errno.Ok, tree.Make(Encoding.UTF8.GetBytes(path), mode));
        Assert.Equal(Errno.Ok, tree.Find(Encoding.UTF8.GetBytes(path), true, out Inode* inode));
        Assert.Equal(Errno.Ok, tree.Write(inode, 0, bytes));
        return inode;
    }

    /// <summary>Regions, which have no store.</summary>
    public TestRegions Regions { get; private set; } = null!;

    private RegionKeeper? _regionKeeper;

    private LinuxKernel MakeLinux(RegionMaking? making)
    {
        Regions = new TestRegions(Pages, Tracked, Memory, Scheduler);
        (RegionService service, _regionKeeper) = making == null ? (Regions, null) : making(this);
        return new LinuxKernel(new LinuxServices
        {
            Pages = Pages, Tracked = Tracked, Clocks = Clocks, Memory = Memory, User = User, Scheduler = Scheduler, Processes = Processes,
            Signals = Signals, Timers = Timers, ProcessFiles = FileTables, Life = Life, Terminals = Terminals, Extended = Extended, Machine = Machine,
            Settings = Settings, Futexes = new FutexTable(Pages, Scheduler, Tracked, Clocks), Files = Files, Ipc = Ipc,
            Checkpoints = Checkpoints, Groups = Groups,
            Execs = Execs, Streams = Streams, Regions = service, Trace = Trace,
        });
    }

    private void AddCodecs(ProcessCodecs process)
    {
        StateCodec[] memory = [new MemoryObjectCodec(Memory), new AddressSpaceCodec(Memory), new MappingCodec(Memory, _regionKeeper)];
        foreach (StateCodec codec in memory)
            Codecs[codec.Kind] = codec;
        var files = new FileCodecs(Files);
        for (int i = 0; i < FileCodecs.Count; i++)
            Codecs[files[i].Kind] = files[i];
        var ipc = new IpcCodecs(Ipc);
        for (int i = 0; i < ipc.Count; i++)
            Codecs[ipc[i].Kind] = ipc[i];
        for (int i = 0; i < process.Count; i++)
            Codecs[process[i].Kind] = process[i];
    }
}
