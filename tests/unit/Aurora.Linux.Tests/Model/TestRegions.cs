using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Tests;

/// <summary>Regions without a store: what is persisted is so at once, unless persists are held.</summary>
internal sealed unsafe class TestRegions : RegionService
{
    private const ulong Address = 0x6000_0000_0000;
    private const ulong Span = 64UL << 20;

    private readonly List<(string Name, nint Region, uint User)> _regions = [];
    private readonly List<nint> _held = [];
    private readonly WaitQueue* _answered;
    private readonly TrackedObjects _tracked;
    private readonly MemoryManager _memory;
    private readonly ThreadScheduler _scheduler;

    public TestRegions(PageAllocator pages, TrackedObjects tracked, MemoryManager memory, ThreadScheduler scheduler)
    {
        _answered = (WaitQueue*)pages.Allocate(1);
        _tracked = tracked;
        _memory = memory;
        _scheduler = scheduler;
    }

    /// <summary>Persists stay on their way until <see cref="Land"/>.</summary>
    public bool IsHolding { get; set; }

    /// <summary>The last thing that was asked for.</summary>
    public RegionRequest LastRequest { get; private set; }

    /// <summary>All persists are durable.</summary>
    public void Land()
    {
        foreach (nint flight in _held)
        {
            Region* region = ((RegionFlight*)flight)->Region;
            Land((RegionFlight*)flight);
            _scheduler.WakeAll(&region->Changed);
        }
        _held.Clear();
    }

    /// <summary>Whoever waits for any region looks again.</summary>
    public void Wake() => _regions.ForEach(each => _scheduler.WakeAll(&((Region*)each.Region)->Changed));

    /// <summary>What is asked for waits until <see cref="Serve"/>.</summary>
    public bool IsAsking { get; set; }

    /// <summary>Nobody knows any more of what was asked for.</summary>
    public void Forget()
    {
        _asked = null;
        _scheduler.WakeAll(_answered);
    }

    /// <summary>What was asked for is done.</summary>
    public void Serve()
    {
        (nint thread, RegionRequest request, ulong ticket) = _asked!.Value;
        Errno result = Do((Thread*)thread, in request, out Region* region);
        _asked = null;
        _answer = (ticket, result, (nint)region);
        _scheduler.WakeAll(_answered);
    }

    private (nint Thread, RegionRequest Request, ulong Ticket)? _asked;
    private (ulong Ticket, Errno Result, nint Region)? _answer;
    private ulong _ticket = 1000;

    public override Errno Ask(Thread* thread, in RegionRequest request, out ulong ticket, out Region* region)
    {
        LastRequest = request;
        ticket = ++_ticket;
        region = null;
        if (!IsAsking)
            return Do(thread, in request, out region);
        _asked = ((nint)thread, request, ticket);
        return Errno.EAGAIN;
    }

    public override Errno Answer(Thread* thread, ulong ticket, out Region* region, Span<RegionEpoch> epochs, out int count)
    {
        region = null;
        count = 0;
        if (_asked?.Ticket == ticket)
            return Errno.EAGAIN;
        if (_answer?.Ticket != ticket)
            return Errno.ESRCH;
        region = (Region*)_answer.Value.Region;
        int states = LastRequest.Kind == RegionRequestKind.History ? Math.Min(3, epochs.Length) : 0;
        for (; count < states; count++)
            epochs[count] = new RegionEpoch { Epoch = LastRequest.Epoch + (ulong)count + 1, RealtimeNanoseconds = 7 };
        return _answer.Value.Result;
    }

    private Errno Do(Thread* thread, in RegionRequest request, out Region* region)
    {
        RegionRequest about = request;
        string name = Encoding.UTF8.GetString(about.NameBytes);
        int index = request.Number != 0 ? (int)request.Number - 1 : _regions.FindIndex(each => each.Name == name);
        region = null;
        var there = index < 0 ? null : (Region*)_regions[index].Region;
        if (index >= 0 && _regions[index].User != request.User && !request.IsPrivileged)
            return Errno.EACCES;
        if (request.Kind == RegionRequestKind.Abort)
            Abort(there, request.IsOfAll ? null : &thread->Regions);
        if (request.Kind != RegionRequestKind.Open)
            return Errno.Ok;
        region = request.IsExclusive ? null : there;
        if (there != null)
            return request.IsExclusive ? Errno.EEXIST : Errno.Ok;
        if (!request.MayCreate || !request.IsAdministrator)
            return request.MayCreate ? Errno.EPERM : Errno.ENOENT;
        region = Make(request.Pages);
        _regions.Add((name, (nint)region, request.User));
        return Errno.Ok;
    }

    public override void Await(Thread* thread) => _scheduler.BlockOn(thread, _answered);

    public override Region* Find(ulong number) => number is > 0 and <= int.MaxValue && (int)number <= _regions.Count
        ? (Region*)_regions[(int)number - 1].Region : null;

    public override Errno Persist(Region* region, RegionWriter* writer, bool isWaitedFor, out ulong epoch)
    {
        epoch = region->Taken;
        if (Regions.DirtyPagesOf(region, writer) == 0)
            return Errno.Ok;
        var flight = (RegionFlight*)NativeMemory.AllocZeroed((nuint)sizeof(RegionFlight));
        _memory.Regions.Take(region, writer, ++epoch, flight);
        _held.Add((nint)flight);
        if (!IsHolding)
            Land();
        return Errno.Ok;
    }

    /// <summary>What a refused persist had taken is not back.</summary>
    public bool IsUnsettled { get; set; }

    public override bool IsSettled(Region* region) => !IsUnsettled;

    public override Errno PersistTogether(
        Region** regions, int count, RegionWriter* writer, bool isWaitedFor, out ulong epoch, out Region* awaited)
    {
        awaited = null;
        for (int i = count - 1; i > 0; i--)
            Persist(regions[i], writer, isWaitedFor, out _);
        return Persist(regions[0], writer, isWaitedFor, out epoch);
    }

    public override Errno StateOf(Region* region, ulong epoch)
        => epoch > region->Taken ? Errno.EINVAL : region->IsFlying ? Errno.EAGAIN : Errno.Ok;

    private void Abort(Region* region, RegionWriter* writer)
    {
        Land();
        while (!_memory.Regions.AbortSome(region, writer))
        {
        }
    }

    public override RegionStatus StatusOf(Region* region) => new()
    {
        Number = region->Number, Address = Address + ((region->Number - 1) * Span), SpanBytes = Span,
        Bytes = region->Object->SizePages << 12, Taken = region->Taken, DirtyBytes = region->DirtyPages << 12,
    };

    public override bool Read(
        int index, uint user, bool isPrivileged, out RegionStatus status, Span<byte> name, out int nameLength)
    {
        status = default;
        nameLength = 0;
        if (index >= _regions.Count)
            return false;
        status = StatusOf((Region*)_regions[index].Region);
        nameLength = Encoding.UTF8.GetBytes(_regions[index].Name, name);
        return true;
    }

    private Region* Make(ulong pages)
    {
        var region = (Region*)NativeMemory.AllocZeroed((nuint)sizeof(Region));
        ObjectTracker group = _tracked.Add((ushort)_tracked.FreeIndex(), new ObjectId(1));
        group.BeEphemeral();
        _ = _memory.Regions.Begin(region, group, new ObjectId(1), pages);
        region->Number = (ulong)_regions.Count + 1;
        region->Identity = new RegionIdentity { Low = region->Number, High = 1 };
        return region;
    }

    private void Land(RegionFlight* flight)
    {
        while (!_memory.Regions.LandSome(flight))
        {
        }
        NativeMemory.Free(flight);
    }
}
