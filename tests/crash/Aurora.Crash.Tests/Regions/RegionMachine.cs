using System;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Checkpoint.Tests;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;
using Aurora.Testing;

namespace Aurora.Crash.Tests;

/// <summary>Deliberate bugs of all that a persist goes through.</summary>
internal readonly record struct BankFaults(
    SeededFaults Store = SeededFaults.None, SeededMemoryFaults Memory = SeededMemoryFaults.None,
    SeededRegionFaults Regions = SeededRegionFaults.None)
{
    public override string ToString() => $"store {Store}, memory {Memory}, regions {Regions}";
}

/// <summary>A machine over a device, with one program that shows regions and has many threads.</summary>
internal sealed unsafe class RegionMachine : IDisposable
{
    // Beside the groups there are; nothing of it is captured.
    private const ushort ThreadGroup = 60_000;
    private const int Frames = 2048;

    private readonly TestPages _pages = new();
    private readonly HostFramePool _frames = new(Frames);
    private readonly SoftwareMmu _mmu;
    private readonly Thread* _threads;

    public RegionMachine(BlockDevice device, FiberScheduler fibers, FiberScheduler storeFibers, int threads, BankFaults faults, bool isLive)
    {
        _mmu = new SoftwareMmu(_frames);
        OpenOptions options = CrashStore.Options(faults.Store) with { BackgroundMaintenance = isLive };
        StoreStatus status = ObjectStore.Open(device, _pages, storeFibers, options, out ObjectStore? store, out StoreFault fault);
        CrashStore.Require(store != null, $"open refused: {status} {fault.Place} block {fault.Block.Value}");
        Store = store!;
        var memory = new MemoryOptions
        {
            MaxObjects = 512, MaxMappings = 512, MaxSpaces = 32, MaxDirtyPages = 8192, MaxPageIns = 64, Verify = true,
            Seeded = faults.Memory,
        };
        Session = new GroupSession(
            new SessionMachine
            {
                Pages = _pages, Frames = _frames, Tlb = _mmu, Fibers = fibers, Clock = Clock, Memory = memory,
                Files = new FileLimits { MaxInodes = 256, MaxEntries = 256, MaxOpenFiles = 64, MaxTables = 16 },
                SeededRegions = faults.Regions,
            },
            Store);
        Session.Engine.IsEnabled = true;
        _threads = (Thread*)NativeMemory.AllocZeroed((nuint)(sizeof(Thread) * threads));
        ObjectTracker group = Session.Tracked.Add(ThreadGroup, new ObjectId(1));
        group.BeEphemeral();
        for (int i = 0; i < threads; i++)
            group.Register(&_threads[i].Header, ObjectKind.Thread);
    }

    public ObjectStore Store { get; }
    public GroupSession Session { get; }
    public TestClock Clock { get; } = new();
    public RegionManager Regions => Session.Regions;

    /// <summary>Lets something else happen while somebody waits for what others do.</summary>
    public Action Wait { get; set; } = () => { };

    public Thread* Thread(int index) => _threads + index;

    /// <summary>Goes on from what the device holds.</summary>
    public void Restore()
    {
        RestoreResult result = Session.Restore(skipUnknownKinds: false);
        CrashStore.Require(result.IsOk, $"the group cannot be restored: {result.Store}, {result.Fault.Status}");
    }

    public AddressSpace* NewSpace() => Session.Memory.Spaces.Create(Session.Tracker, SpaceLimits.Default);

    public static RegionRequest Request(RegionRequestKind kind, string name)
    {
        var request = new RegionRequest { Kind = kind, IsPrivileged = true, IsAdministrator = true };
        request.SetName(Encoding.UTF8.GetBytes(name));
        return request;
    }

    /// <summary>Asks for something and waits until it is done.</summary>
    public Errno Ask(in RegionRequest request, int thread, out Region* region)
    {
        Errno error = Regions.Ask(Thread(thread), in request, out ulong ticket, out region);
        Thread(thread)->Call = new CallContinuation { Active = true, Phase = 1, Progress = ticket };
        while (error == Errno.EAGAIN)
        {
            Wait();
            error = Regions.Answer(Thread(thread), ticket, out region);
        }
        Thread(thread)->Call = default;
        return error;
    }

    /// <summary>Opens a region, which is made with so many pages unless it is there, or has to be there (0).</summary>
    public Region* Open(string name, ulong pages)
    {
        RegionRequest request = Request(RegionRequestKind.Open, name);
        (request.Pages, request.MayCreate) = (pages, pages != 0);
        Errno error = Ask(in request, 0, out Region* region);
        CrashStore.Require(error == Errno.Ok, $"region {name} does not open: {error}");
        return region;
    }

    /// <summary>Shows a region; its address.</summary>
    public ulong Map(AddressSpace* space, Region* region)
    {
        RegionStatus status = Regions.StatusOf(region);
        var request = new MapRequest
        {
            Address = new VirtualAddress(status.Address), Length = status.SpanBytes, Protection = Protection.Read | Protection.Write,
            Flags = MappingFlags.Shared | MappingFlags.Region, Placement = MapPlacement.FixedNoReplace, Object = region->Object,
        };
        MemoryStatus mapped = Session.Memory.Mappings.Map(space, request, out _);
        CrashStore.Require(mapped == MemoryStatus.Ok, $"a region cannot be shown: {mapped}");
        return status.Address;
    }

    /// <summary>What a thread reads or writes at an address, once it may. Until somebody waits.</summary>
    public ulong* Touch(int thread, AddressSpace* space, ulong address, FaultAccess access)
    {
        for (int tries = 0; tries < 100_000; tries++)
        {
            Session.Memory.Regions.BeWriter(&Thread(thread)->Regions);
            byte* pointer = _mmu.Access(space->Root, address, access);
            if (pointer != null)
                return (ulong*)pointer;
            FaultResult fault = Session.Memory.Faults.Handle(space, new VirtualAddress(address), access);
            if (fault.Status == MemoryStatus.WouldBlock)
                ServePager();
            else
                CrashStore.Require(fault.Status == MemoryStatus.Ok, $"a fault at {address:x}: {fault.Status}");
        }
        throw new CrashFindingException($"the fault at {address:x} never resolves");
    }

    private void ServePager()
    {
        PageInRequest* request = Session.Memory.PageIns.Take();
        if (request != null)
            CrashStore.Require(Session.Pager.Serve(request), "a page cannot be read");
        else
            Wait();
    }

    public void Dispose()
    {
        _frames.Dispose();
        _pages.Dispose();
        NativeMemory.Free(_threads);
    }
}
