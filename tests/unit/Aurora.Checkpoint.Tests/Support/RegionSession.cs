using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Threads that use regions on a machine with one group.</summary>
internal sealed unsafe class RegionSession : IDisposable
{
    private const int Threads = 3;
    private const ushort ThreadGroup = 60_000;

    private readonly Thread* _threads;

    public RegionSession(TestSession session)
    {
        Session = session;
        _threads = (Thread*)NativeMemory.AllocZeroed((nuint)(sizeof(Thread) * Threads));
        ObjectTracker group = session.Group.Tracked.Add(ThreadGroup, new ObjectId(1));
        group.BeEphemeral();
        for (int i = 0; i < Threads; i++)
            group.Register(&_threads[i].Header, ObjectKind.Thread);
        session.Fibers.Beside = RunsPersists;
    }

    public TestSession Session { get; }
    public RegionManager Regions => Session.Group.Regions;

    public Thread* Thread(int index) => _threads + index;

    public static RegionSession Create(ulong blocks = 1 << 14)
    {
        var session = new RegionSession(TestSession.Create(blocks, frames: 4096));
        session.Session.Checkpoint();
        return session;
    }

    /// <summary>The machine loses power, and what the device holds goes on.</summary>
    public RegionSession Reboot() => new(Session.Reboot());

    public Errno Ask(in RegionRequest request, out Region* region, int thread = 0)
    {
        Errno error = BeginToAsk(in request, thread, out ulong ticket, out region);
        for (int tries = 0; tries < 5 && error == Errno.EAGAIN; tries++)
        {
            RunOrders();
            error = Regions.Answer(Thread(thread), ticket, out region);
        }
        Thread(thread)->Call = default;
        return error;
    }

    /// <summary>A thread asks for something, and waits.</summary>
    public Errno BeginToAsk(in RegionRequest request, int thread, out ulong ticket, out Region* region)
    {
        Errno error = Regions.Ask(Thread(thread), in request, out ticket, out region);
        Thread(thread)->Call = new CallContinuation { Active = true, Phase = 1, Progress = ticket };
        return error;
    }

    public void RunOrders() => SteppedFibers.Run(Regions.RunOrderFiber);

    private bool RunsPersists()
    {
        int wakes = Session.Fibers.Wakes;
        RunPersists();
        return Session.Fibers.Wakes != wakes;
    }

    public static RegionRequest Request(RegionRequestKind kind, string name, ulong pages = 0, bool creates = false)
    {
        var request = new RegionRequest
        {
            Kind = kind, Pages = pages, MayCreate = creates, IsPrivileged = true, IsAdministrator = true,
        };
        request.SetName(Encoding.UTF8.GetBytes(name));
        return request;
    }

    public Region* Open(string name, ulong pages = 0)
    {
        Assert.Equal(Errno.Ok, Ask(Request(RegionRequestKind.Open, name, pages, pages != 0), out Region* region));
        return region;
    }

    public Errno Do(RegionRequestKind kind, string name, ulong pages = 0) => Ask(Request(kind, name, pages), out _);

    public Errno Clone(string name, ulong epoch, string target)
    {
        RegionRequest request = Request(RegionRequestKind.Clone, name);
        request.Epoch = epoch;
        request.SetTarget(Encoding.UTF8.GetBytes(target));
        return Ask(in request, out _);
    }

    public Errno GoBack(string name, ulong epoch)
    {
        RegionRequest request = Request(RegionRequestKind.Rollback, name);
        request.Epoch = epoch;
        return Ask(in request, out _);
    }

    /// <summary>The epochs of a region's states that are known.</summary>
    public List<ulong> History(string name)
    {
        var known = new List<ulong>();
        Span<RegionEpoch> epochs = stackalloc RegionEpoch[RegionService.MostEpochs];
        for (int count = 1; count != 0;)
        {
            RegionRequest request = Request(RegionRequestKind.History, name);
            request.Epoch = known.Count == 0 ? 0 : known[^1];
            Assert.Equal(Errno.EAGAIN, BeginToAsk(in request, 0, out ulong ticket, out _));
            RunOrders();
            Assert.Equal(Errno.Ok, Regions.Answer(Thread(0), ticket, out _, epochs, out count));
            for (int i = 0; i < count; i++)
                known.Add(epochs[i].Epoch);
        }
        Thread(0)->Call = default;
        return known;
    }

    public AddressSpace* NewSpace() => Session.Memory.Spaces.Create(Session.Tracker, SpaceLimits.Default);

    /// <summary>Shows a region where it is; its address.</summary>
    public ulong Map(AddressSpace* space, Region* region)
    {
        RegionStatus status = Regions.StatusOf(region);
        var request = new MapRequest
        {
            Address = new VirtualAddress(status.Address), Length = status.SpanBytes, Protection = Protection.Read | Protection.Write,
            Flags = MappingFlags.Shared | MappingFlags.Region, Placement = MapPlacement.FixedNoReplace, Object = region->Object,
        };
        Assert.Equal(MemoryStatus.Ok, Session.Memory.Mappings.Map(space, request, out _));
        return status.Address;
    }

    public void Store(int thread, AddressSpace* space, ulong address, ulong value)
    {
        Session.Memory.Regions.BeWriter(&Thread(thread)->Regions);
        Session.Store64(space, address, value);
    }

    /// <summary>Begins to persist what a thread has changed, or everybody (-1).</summary>
    public ulong Begin(Region* region, int thread)
    {
        Errno error = Regions.Persist(region, thread < 0 ? null : &Thread(thread)->Regions, true, out ulong epoch);
        if (error == Errno.EAGAIN)
        {
            // The region has to be opened for persists first.
            RunPersists();
            error = Regions.Persist(region, thread < 0 ? null : &Thread(thread)->Regions, true, out epoch);
        }
        Assert.Equal(Errno.Ok, error);
        return epoch;
    }

    public void RunPersists() => SteppedFibers.Run(Regions.RunPersistFiber);

    /// <summary>Persists, and what has become of it.</summary>
    public Errno Persist(Region* region, int thread)
    {
        ulong epoch = Begin(region, thread);
        RunPersists();
        return Regions.StateOf(region, epoch);
    }

    public void Abort(Region* region, int thread)
    {
        var request = new RegionRequest { Kind = RegionRequestKind.Abort, Number = region->Number, IsOfAll = thread < 0 };
        Assert.Equal(Errno.Ok, Ask(in request, out _, Math.Max(thread, 0)));
    }

    public List<string> Names()
    {
        Assert.Equal(Errno.Ok, Ask(Request(RegionRequestKind.List, ""), out _));
        var names = new List<string>();
        byte[] name = new byte[RegionRequest.MaxNameBytes];
        while (Regions.Read(names.Count, 0, isPrivileged: true, out _, name, out int length))
            names.Add(Encoding.UTF8.GetString(name, 0, length));
        return names;
    }

    /// <summary>Threads end, and a space with what it shows.</summary>
    public void End(AddressSpace* space)
    {
        for (int i = 0; i < Threads; i++)
            Session.Memory.Regions.EndWriter(&Thread(i)->Regions);
        Session.Memory.Spaces.Release(space);
        while (Session.Memory.Spaces.IsEnding)
            Session.Memory.Spaces.EndStep();
        RunOrders();
    }

    public void Dispose()
    {
        Session.Dispose();
        NativeMemory.Free(_threads);
    }
}
