// What is asked for, and what becomes of what is on its way.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

internal sealed unsafe partial class StoredRegions
{
    private Errno Do(Thread* thread, in RegionRequest request, out Region* region)
    {
        RegionRequest about = request;
        region = null;
        StoredRegion? stored = request.Number != 0 ? Disk.Find(request.Number) : Disk.Find(Encoding.UTF8.GetString(about.NameBytes));
        if (stored != null && request.Number == 0 && stored.User != request.User && !request.IsPrivileged)
            return Errno.EACCES;
        if (request.Kind == RegionRequestKind.Open)
            return Open(stored, in about, out region);
        if (request.Kind is RegionRequestKind.List or RegionRequestKind.History)
            return Errno.Ok;
        if (stored == null)
            return Errno.ENOENT;
        return request.Kind switch
        {
            RegionRequestKind.Delete => Delete(stored),
            RegionRequestKind.Rollback => GoBack(stored, request.Epoch),
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

    private Errno GoBack(StoredRegion stored, ulong epoch)
    {
        Region* region = Find(stored.Number);
        if (region != null && IsShown(region))
            return Errno.EBUSY;
        if (region != null)
            Close(region);
        if (epoch == 0 || !stored.TryFind(epoch, out ulong size, out Dictionary<ulong, byte[]> pages))
            return Errno.ENOENT;
        stored.Size = size;
        stored.SetPages(pages);
        stored.NoteDurable(++stored.Given);
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
}
