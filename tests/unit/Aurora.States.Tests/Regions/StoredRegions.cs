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
using Xunit;

namespace Aurora.States.Tests;

/// <summary>Regions, over what a disk has of them.</summary>
internal sealed unsafe class StoredRegions : RegionService
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

    public override Errno Answer(Thread* thread, ulong ticket, out Region* region)
    {
        region = null;
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

    private Errno Do(Thread* thread, in RegionRequest request, out Region* region)
    {
        RegionRequest about = request;
        region = null;
        StoredRegion? stored = request.Number != 0 ? Disk.Find(request.Number) : Disk.Find(Encoding.UTF8.GetString(about.NameBytes));
        if (stored != null && request.Number == 0 && stored.User != request.User && !request.IsPrivileged)
            return Errno.EACCES;
        if (request.Kind == RegionRequestKind.Open)
            return Open(stored, in about, out region);
        if (request.Kind == RegionRequestKind.List)
            return Errno.Ok;
        if (stored == null)
            return Errno.ENOENT;
        return request.Kind switch
        {
            RegionRequestKind.Delete => Delete(stored),
            RegionRequestKind.Resize => Resize(stored, request.Pages),
            RegionRequestKind.Abort => Abort(stored, request.IsOfAll ? null : &thread->Regions),
            _ => Clone(stored, request.Epoch, Encoding.UTF8.GetString(about.TargetBytes), request.User),
        };
    }

    private Errno Open(StoredRegion? stored, in RegionRequest request, out Region* region)
    {
        RegionRequest about = request;
        region = null;
        if (stored != null && request.IsExclusive)
            return Errno.EEXIST;
        if (stored == null && !(request.MayCreate && request.IsAdministrator))
            return request.MayCreate ? Errno.EPERM : Errno.ENOENT;
        if (stored == null && request.Pages > SpanPages)
            return Errno.ENOMEM;
        stored ??= Disk.Add(Encoding.UTF8.GetString(about.NameBytes), request.User, request.Pages);
        region = BringIn(stored);
        if (IsShown(region))
            return Errno.Ok;
        Land(region);
        GiveUp(region, null);
        return Errno.Ok;
    }

    private Errno Delete(StoredRegion stored)
    {
        Region* region = Find(stored.Number);
        if (region != null && IsShown(region))
            return Errno.EBUSY;
        if (region != null)
            Close(region);
        Disk.Remove(stored);
        return Errno.Ok;
    }

    private void Close(Region* region)
    {
        Land(region);
        GiveUp(region, null);
        while (region->IsMapped)
            Memory.Spaces.EndStep();
        ushort group = region->Object->Header.Group;
        Memory.Regions.End(region);
        _kernel.ReadFrom(group, null);
        _kernel.Tracked.Remove(_kernel.Tracked.OfGroup(group));
        _open.Remove(region->Number);
    }

    private Errno Resize(StoredRegion stored, ulong pages)
    {
        if (pages > SpanPages)
            return Errno.ENOMEM;
        Region* region = BringIn(stored);
        if (pages == stored.Size)
            return Errno.Ok;
        Land(region);
        foreach (ulong page in stored.Pages.Keys.Where(page => page >= pages).ToArray())
            stored.Pages.Remove(page);
        stored.Size = pages;
        Memory.Regions.Resize(region, pages);
        Memory.Regions.NoteTaken(region, ++stored.Given);
        stored.NoteDurable(stored.Given);
        return Errno.Ok;
    }

    private Errno Abort(StoredRegion stored, RegionWriter* writer)
    {
        Region* region = Find(stored.Number);
        if (region == null)
            return Errno.Ok;
        Land(region);
        GiveUp(region, writer);
        return Errno.Ok;
    }

    private Errno Clone(StoredRegion source, ulong epoch, string target, uint user)
    {
        if (Disk.Find(target) != null)
            return Errno.EEXIST;
        if (Find(source.Number) is var region && region != null)
            Land(region);
        if (!source.TryFind(epoch, out ulong size, out Dictionary<ulong, byte[]> pages))
            return Errno.ENOENT;
        Disk.Add(target, user, size, source).SetPages(pages);
        return Errno.Ok;
    }

    private Region* BringIn(StoredRegion stored)
    {
        Region* region = Find(stored.Number);
        if (region != null)
            return region;
        region = (Region*)_kernel.Pages.Allocate(1);
        ObjectTracker group = _kernel.Tracked.Add((ushort)_kernel.Tracked.FreeIndex(), new ObjectId(1));
        group.BeEphemeral();
        Assert.True(Memory.Regions.Begin(region, group, new ObjectId(1), stored.Size));
        (region->Number, region->Identity, region->Taken) = (stored.Number, stored.Identity, stored.Last);
        _kernel.ReadFrom(group.Index, stored.Image);
        _open[stored.Number] = (nint)region;
        return region;
    }

    private static bool IsShown(Region* region)
    {
        Mapping* mapping = region->NextMapping(null);
        while (mapping != null && mapping->Space->Header.References == 0)
            mapping = region->NextMapping(mapping);
        return mapping != null;
    }

    private void Take(Region* region, RegionWriter* writer, ulong number)
    {
        var flight = (RegionFlight*)_kernel.Pages.Allocate(1);
        Memory.Regions.Take(region, writer, number, flight);
        _flights.Add(((nint)flight, number));
    }

    private void Land(Region* region)
    {
        StoredRegion stored = Disk.Find(region->Number)!;
        foreach ((nint each, ulong number) in FlightsOf(region))
        {
            var flight = (RegionFlight*)each;
            for (var cursor = new RegionCursor(flight); cursor.MoveNext();)
            {
                byte[] bytes = new ReadOnlySpan<byte>(_kernel.Frames.AddressOf(cursor.Frame), PageSize.Bytes).ToArray();
                if (bytes.AsSpan().ContainsAnyExcept((byte)0))
                    stored.Pages[cursor.Page] = bytes;
                else
                    stored.Pages.Remove(cursor.Page);
            }
            stored.NoteDurable(number);
            while (!Memory.Regions.LandSome(flight))
            {
            }
            _kernel.Pages.Free(flight, 1);
            _kernel.Scheduler.WakeAll(&region->Changed);
        }
    }

    private void Refuse(Region* region)
    {
        (nint Flight, ulong Number)[] flights = FlightsOf(region);
        if (flights.Length == 0)
            return;
        StoredRegion stored = Disk.Find(region->Number)!;
        Memory.Regions.BeginReturn(region, stored.Last);
        foreach ((nint each, ulong number) in flights)
        {
            stored.Lost.Add(number);
            while (!Memory.Regions.GiveBackSome((RegionFlight*)each))
            {
            }
            _kernel.Pages.Free((void*)each, 1);
        }
        Memory.Regions.EndReturn(region);
    }

    private (nint Flight, ulong Number)[] FlightsOf(Region* region)
    {
        (nint Flight, ulong Number)[] flights = [.. _flights.Where(each => ((RegionFlight*)each.Flight)->Region == region)];
        _flights.RemoveAll(each => flights.Contains(each));
        return flights;
    }

    private void GiveUp(Region* region, RegionWriter* writer)
    {
        while (!Memory.Regions.AbortSome(region, writer))
        {
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
