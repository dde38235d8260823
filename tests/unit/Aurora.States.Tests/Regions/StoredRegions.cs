// Regions of a fuzzer's kernel, over a model of the store (RegionDisk): what the product's own do, as far as a program can see it, but for
// when it happens. What is persisted stays on its way, and what is asked for waits, until the fuzzer lets it come (Serve); which of both
// is done at once follows from its number. A power cut takes what is on its way (Lose).
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Tests;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Regions, over what a disk has of them.</summary>
internal sealed unsafe partial class StoredRegions : RegionService
{
    public const ulong SpanPages = 24;
    private const ulong Window = 0x6000_0000_0000;
    private const ulong PlaceBytes = 64UL << 20;

    private sealed record Order(ulong Ticket, ushort Group, ObjectId Thread, RegionRequest Request)
    {
        public bool IsDone { get; set; }
        public Errno Result { get; set; }
        public nint Region { get; set; }
    }

    private readonly TestKernel _kernel;
    private readonly WaitQueue* _answered;
    private readonly SortedDictionary<ulong, nint> _open = [];
    private readonly List<(nint Flight, ulong Number)> _flights = [];
    private readonly List<Order> _orders = [];

    public StoredRegions(TestKernel kernel, RegionDisk disk)
    {
        _kernel = kernel;
        Disk = disk;
        _answered = (WaitQueue*)kernel.Pages.Allocate(1);
        Keeper = new RestoredRegions(this);
    }

    public RegionDisk Disk { get; }
    public RegionKeeper Keeper { get; }

    private MemoryManager Memory => _kernel.Memory;

    public override Errno Ask(Thread* thread, in RegionRequest request, out ulong ticket, out Region* region)
    {
        ticket = ++Disk.Tickets;
        region = null;
        if (ticket % 3 != 0)
            return Do(thread, in request, out region);
        _orders.Add(new Order(ticket, thread->Header.Group, thread->Header.Id, request));
        return Errno.EAGAIN;
    }

    public override Errno Answer(Thread* thread, ulong ticket, out Region* region, Span<RegionEpoch> epochs, out int count)
    {
        region = null;
        count = 0;
        Order? order = _orders.Find(each => each.Ticket == ticket);
        if (order is not { IsDone: true })
            return order == null ? Errno.ESRCH : Errno.EAGAIN;
        _orders.Remove(order);
        region = (Region*)order.Region;
        return order.Result;
    }

    public override void Await(Thread* thread) => _kernel.Scheduler.BlockOn(thread, _answered);

    public override Region* Find(ulong number) => _open.TryGetValue(number, out nint region) ? (Region*)region : null;

    public override Errno Persist(Region* region, RegionWriter* writer, bool isWaitedFor, out ulong epoch)
    {
        epoch = region->Taken;
        if (Aurora.Memory.Regions.DirtyPagesOf(region, writer) == 0)
            return Errno.Ok;
        epoch = ++Disk.Find(region->Number)!.Given;
        Take(region, writer, epoch);
        if (epoch % 2 == 0)
            Land(region);
        return Errno.Ok;
    }

    // What is one is never half on its way.
    public override Errno PersistTogether(
        Region** regions, int count, RegionWriter* writer, bool isWaitedFor, out ulong epoch, out Region* awaited)
    {
        awaited = null;
        for (int i = 0; i < count; i++)
        {
            Persist(regions[i], writer, isWaitedFor, out _);
            Land(regions[i]);
        }
        epoch = regions[0]->Taken;
        return Errno.Ok;
    }

    public override bool IsSettled(Region* region) => true;

    public override Errno StateOf(Region* region, ulong epoch)
    {
        StoredRegion stored = Disk.Find(region->Number)!;
        if (epoch == 0 || epoch > stored.Given)
            return Errno.EINVAL;
        if (stored.Lost.Contains(epoch))
            return Errno.ECANCELED;
        return epoch > stored.Last ? Errno.EAGAIN : Errno.Ok;
    }

    public override RegionStatus StatusOf(Region* region)
    {
        StoredRegion stored = Disk.Find(region->Number)!;
        return new RegionStatus
        {
            Number = stored.Number, Address = Window + ((ulong)stored.Place * PlaceBytes), SpanBytes = SpanPages << PageSize.Shift,
            Bytes = stored.Size << PageSize.Shift, Taken = region->Taken, Durable = stored.Last,
        };
    }

    public override bool Read(int index, uint user, bool isPrivileged, out RegionStatus status, Span<byte> name, out int nameLength)
    {
        StoredRegion? stored = Disk.Regions.Where(each => isPrivileged || each.User == user).Skip(index).FirstOrDefault();
        status = stored == null ? default : new RegionStatus { Number = stored.Number, Bytes = stored.Size << PageSize.Shift };
        nameLength = stored == null ? 0 : Encoding.UTF8.GetBytes(stored.Name, name);
        return stored != null;
    }

    /// <summary>What is asked for is done, and what is on its way becomes durable.</summary>
    public void Serve()
    {
        foreach (Order order in _orders.Where(each => !each.IsDone).ToArray())
        {
            ObjectTracker group = _kernel.Tracked.OfGroup(order.Group);
            var thread = group.Exists ? (Thread*)group.Find(order.Thread, ObjectKind.Thread) : null;
            Region* region = null;
            order.Result = thread == null ? Errno.ESRCH : Do(thread, order.Request, out region);
            order.Region = (nint)region;
            order.IsDone = true;
        }
        _kernel.Scheduler.WakeAll(_answered);
        foreach (nint region in _open.Values)
            Land((Region*)region);
    }

    /// <summary>As <see cref="Serve"/>, and everything that is dirty is persisted.</summary>
    public void PersistAll()
    {
        Serve();
        foreach (nint each in _open.Values)
        {
            var region = (Region*)each;
            if (region->DirtyPages != 0)
                Take(region, null, ++Disk.Find(region->Number)!.Given);
            Land(region);
        }
    }

    /// <summary>What a power cut takes: persists on their way, what is dirty, and what has been asked for.</summary>
    public void Lose()
    {
        _orders.Clear();
        _kernel.Scheduler.WakeAll(_answered);
        foreach (nint each in _open.Values)
        {
            var region = (Region*)each;
            Refuse(region);
            GiveUp(region, null);
            _kernel.Scheduler.WakeAll(&region->Changed);
        }
    }

    private sealed class RestoredRegions(StoredRegions regions) : RegionKeeper
    {
        public override RestoreStatus Find(ulong number, in RegionIdentity identity, out Region* region)
        {
            StoredRegion? stored = regions.Disk.Find(number);
            region = stored != null && stored.Identity.Is(in identity) ? regions.BringIn(stored) : null;
            return RestoreStatus.Ok;
        }
    }
}
