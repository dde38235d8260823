using System;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Tests.Files;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>A checkpoint service that a test makes durable by hand.</summary>
internal sealed unsafe class TestCheckpoints(WaitQueue* durable) : CheckpointService
{
    public override bool IsKept(ObjectTracker group) => !group.IsEphemeral;

    public ulong Requested { get; private set; }
    public ulong DurableEpoch { get; set; }
    public bool Failed { get; set; }
    public bool HasFailed => Failed;
    public override WaitQueue* DurableOf(ObjectTracker group) => durable;

    public override Epoch Expect(ObjectTracker group) => Request(group);

    public override Errno RequestMemory(ObjectTracker group, Mapping* mapping, bool isAwaited, out Epoch epoch)
    {
        epoch = Request(group);
        return Errno.Ok;
    }

    public override Epoch Request(ObjectTracker group) => new(++Requested);

    public override Errno RequestNamed(ObjectTracker group, ReadOnlySpan<byte> name, out Epoch epoch)
    {
        epoch = Request(group);
        return Errno.Ok;
    }

    public override Errno ErrorOf(ObjectTracker group, Epoch epoch) => HasFailed ? Errno.EIO : Errno.Ok;

    public override ulong Ask(ObjectTracker group, CheckpointErrand errand, ReadOnlySpan<byte> target) => 1;

    public override bool IsDone(ObjectTracker group, ulong ticket, out Errno result)
    {
        result = Errno.ENOENT;
        return true;
    }

    public override bool IsDurable(ObjectTracker group, Epoch epoch) => epoch.Value <= DurableEpoch;

    public override void SetPeriod(ObjectTracker group, ulong nanoseconds)
    {
    }

    public override Epoch CapturedOf(ObjectTracker group) => default;

    public override void ReadStatistics(ObjectTracker group, ref SlsStatistics statistics)
    {
    }

    public override bool ReadSample(int index, out CheckpointSample sample)
    {
        sample = default;
        return false;
    }

    public override ulong RequestHistory(ObjectTracker group) => 1;

    public override bool IsHistoryReady(ObjectTracker group, ulong ticket) => true;

    public override bool ReadHistory(ObjectTracker group, int index, out SlsHistoryEntry entry)
    {
        entry = default;
        return false;
    }
}

/// <summary>A program that makes file calls: a file world, the calls, and a megabyte of the program's memory.</summary>
internal sealed unsafe class CallWorld : IDisposable
{
    public const long Blocked = -100_000;
    public const ulong Memory = 0x20_0000;
    public const ulong MemoryBytes = 1 << 20;

    private readonly SignalService _signals;

    public CallWorld(FileWorld? world = null, ObjectId space = default)
    {
        World = world ?? new FileWorld();
        Checkpoints = new TestCheckpoints((WaitQueue*)World.Pages.Allocate(1));
        _signals = World.Signals;
        Kernel = new LinuxKernel(new LinuxServices
        {
            Pages = World.Pages,
            Tracked = World.Tracker.Objects,
            Clocks = World.Clocks,
            Memory = World.Memory,
            User = World.User,
            Scheduler = World.Scheduler,
            Processes = World.Processes,
            Settings = new MachineSettingsTable(World.Pages, World.Tracker.Objects, World.Clocks, World.Memory.ClockObjects, 0),
            Signals = _signals,
            Futexes = new FutexTable(World.Pages, World.Scheduler, World.Tracker.Objects, World.Clocks),
            ProcessFiles = World.Tables,
            Files = World.Files,
            Checkpoints = Checkpoints,
            Groups = new TestGroups((WaitQueue*)World.Pages.Allocate(1), World.Tracker),
            Execs = new TestExecs((WaitQueue*)World.Pages.Allocate(1)),
            Streams = new TestStreams((WaitQueue*)World.Pages.Allocate(1), World.Scheduler),
            Trace = new TraceLog(),
            Regions = new TestRegions(World.Pages, World.Tracker.Objects, World.Memory, World.Scheduler),
        });
        World.Process->Actions = World.Processes.CreateActions(World.Tracker);
        if (space.IsNone)
            MapMemory();
        else
            World.Process->AddressSpace = (AddressSpace*)World.Tracker.Find(space, ObjectKind.AddressSpace);
    }

    public FileWorld World { get; }
    public LinuxKernel Kernel { get; }
    public TestCheckpoints Checkpoints { get; }
    public Thread* Thread => World.Thread;

    public void Dispose() => World.Dispose();

    /// <summary>Makes a call from its beginning. <see cref="Blocked"/>: it waits for something other than a page.</summary>
    public long Call(uint number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0)
    {
        World.Scheduler.LeaveQueues(Thread);
        World.Files.Held.End(Thread);
        Thread->Call = new CallContinuation
        {
            Active = true,
            Number = number,
            Arguments = new SystemCallArguments { Arg0 = a, Arg1 = b, Arg2 = c, Arg3 = d, Arg4 = e, Arg5 = f },
        };
        return Resume();
    }

    /// <summary>Dispatches the current call again, as after a wake-up.</summary>
    public long Resume()
    {
        while (true)
        {
            World.Scheduler.LeaveQueues(Thread);
            SystemCallResult result = Kernel.Calls.Dispatch(Kernel, Thread);
            if (result.Outcome == SystemCallOutcome.Done)
            {
                World.Scheduler.LeaveQueues(Thread);
                _signals.RestoreMask(Thread);
                return result.Value;
            }
            if (result.IsInterruptible || (World.Memory.PageIns.Outstanding == 0 && World.Files.Requests.Count == 0))
                return Blocked;
            World.ServePages();
        }
    }

    public void Poke(ulong address, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            AccessResult access = World.User.Write(World.Process->AddressSpace, new VirtualAddress(address), bytes);
            if (access.IsOk)
                return;
            Assert.Equal(MemoryStatus.WouldBlock, access.Status);
            World.ServePages();
        }
    }

    public void Poke<T>(ulong address, T value)
        where T : unmanaged => Poke(address, new ReadOnlySpan<byte>(&value, sizeof(T)));

    public byte[] Peek(ulong address, int count)
    {
        byte[] bytes = new byte[count];
        while (true)
        {
            AccessResult access = World.User.Read(World.Process->AddressSpace, new VirtualAddress(address), bytes);
            if (access.IsOk)
                return bytes;
            Assert.Equal(MemoryStatus.WouldBlock, access.Status);
            World.ServePages();
        }
    }

    public T Peek<T>(ulong address)
        where T : unmanaged
    {
        fixed (byte* bytes = Peek(address, sizeof(T)))
            return *(T*)bytes;
    }

    /// <summary>Puts a path into the program's memory, in one of eight places of a page each, and returns its address.</summary>
    public ulong Path(string path, int place = 0)
    {
        ulong address = Memory + MemoryBytes - (ulong)((8 - place) * 4096);
        Poke(address, Encoding.UTF8.GetBytes(path + "\0"));
        return address;
    }

    public long Open(string path, uint flags, uint mode = 0x1B6) => Call(2, Path(path), flags, mode);

    public bool IsPending(Signal signal)
        => (Thread->Pending.Set.Bits | World.Process->Pending.Set.Bits) >> ((int)signal - 1) is var bits && (bits & 1) != 0;

    private void MapMemory()
    {
        AddressSpace* space = World.Memory.Spaces.Create(World.Tracker, SpaceLimits.Default);
        World.Process->AddressSpace = space;
        var request = new MapRequest
        {
            Address = new VirtualAddress(Memory),
            Length = MemoryBytes,
            Placement = MapPlacement.Fixed,
            Protection = Protection.Read | Protection.Write,
        };
        Assert.Equal(MemoryStatus.Ok, World.Memory.Mappings.Map(space, in request, out _));
        request.Address = new VirtualAddress(Memory + (2 * MemoryBytes));
        request.Length = 4096;
        request.Protection = Protection.Read;
        Assert.Equal(MemoryStatus.Ok, World.Memory.Mappings.Map(space, in request, out _));
    }
}
