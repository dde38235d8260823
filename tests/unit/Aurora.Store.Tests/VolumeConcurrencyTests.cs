// Fibers that each have a volume of their own, over a device that completes in any order, while the maintenance fiber makes cuts: each
// clones its volume, goes on with the clone or with what it had, goes back, drops what it leaves, and reads what it must find, whatever the
// others do.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Volumes that change at the same time, in the middle of cuts.</summary>
public sealed unsafe class VolumeConcurrencyTests : IDisposable
{
    private const int Fibers = 4;
    private const int Rounds = 40;
    private const ulong PagesPerObject = 30;

    private readonly HostPageAllocator _pages = new();
    private readonly List<(VolumeId Volume, ulong[] Pages)> _left = [];
    private ObjectStore _store = null!;
    private int _fibersLeft = Fibers;
    private ulong _time;
    private ulong _value;

    public VolumeConcurrencyTests() => HostEnvironment.Install();

    public void Dispose() => _pages.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Each_volume_has_what_its_fiber_has_put_there(int seed)
    {
        var fibers = new BatonFibers(seed);
        var device = new SlowDevice(8000, fibers, seed);
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, _pages, fibers, new FormatOptions { UuidLow = 1, LogBlocks = 96 }));
        var options = new OpenOptions
        {
            CachedNodes = 64,
            CachedSpacePages = 32,
            OverlayBytes = 256 << 10,
            BackgroundMaintenance = true,
            CutIntervalNanoseconds = 30_000_000,
            MostRootReferences = 3,
            ElementsPerLook = 4,
            EntriesPerLook = 4,
        };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, _pages, fibers, options, out ObjectStore? store, out _));
        _store = store!;
        device.IsImmediate = false;
        fibers.Start(_store.RunMaintenance);
        for (int fiber = 0; fiber < Fibers; fiber++)
        {
            var random = new Random((seed * 100) + fiber);
            fibers.Start(() => Work(random));
        }
        fibers.Run(TimeSpan.FromMinutes(5));
        Assert.True(_store.Statistics.Cuts > 3, $"only {_store.Statistics.Cuts} cuts");
        _store.Abandon();
        device.IsImmediate = true;
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, _pages, fibers, options, out store, out _));
        _store = store!;
        foreach ((VolumeId volume, ulong[] pages) in _left)
            Compare(volume, pages);
        _store.Abandon();
        Assert.Equal(StoreStatus.Ok,
            ObjectStore.Check(device, _pages, fibers, new CheckOptions { VerifyData = true, Open = options }, out CheckReport report));
        Assert.Equal(0UL, report.Faults);
        Assert.Equal(0, _pages.PagesOutstanding);
    }

    private void Work(Random random)
    {
        Assert.Equal(StoreStatus.Ok, _store.CreateVolume(VolumeFlags.None, default, Info(), out VolumeId volume));
        ulong[] pages = new ulong[PagesPerObject];
        for (int round = 0; round < Rounds; round++)
        {
            switch (random.Next(6))
            {
                case 0:
                    (volume, pages) = Fork(random, volume, pages);
                    break;
                case 1:
                    GoBack(random, volume, pages);
                    break;
                default:
                    Commit(random, volume, pages, random.Next(8) == 0);
                    break;
            }
            Compare(volume, pages);
        }
        _left.Add((volume, pages));
        if (--_fibersLeft == 0)
            _store.StopMaintenance();
    }

    // The one that goes on is changed before the other is looked at and dropped.
    private (VolumeId Volume, ulong[] Pages) Fork(Random random, VolumeId volume, ulong[] pages)
    {
        Assert.Equal(StoreStatus.Ok, _store.CloneVolume(volume, 0, VolumeFlags.None, default, Info(), out VolumeId clone));
        (VolumeId kept, VolumeId left) = random.Next(2) == 0 ? (volume, clone) : (clone, volume);
        ulong[] before = (ulong[])pages.Clone();
        Commit(random, kept, pages, false);
        Compare(left, before);
        if (random.Next(4) == 0)
            _left.Add((left, before));
        else
            Assert.Equal(StoreStatus.Ok, _store.DropVolume(left, Info()));
        return (kept, pages);
    }

    private void GoBack(Random random, VolumeId volume, ulong[] pages)
    {
        ulong[] before = (ulong[])pages.Clone();
        Commit(random, volume, pages, true);
        Assert.Equal(StoreStatus.Ok, _store.FindVolume(volume, out VolumeInfo info));
        ulong[] named = (ulong[])pages.Clone();
        Commit(random, volume, pages, false);
        StoreStatus status = _store.Rollback(volume, info.LastSequence, Info());
        Assert.True(status == StoreStatus.Ok, $"rollback of {volume.Value} to {info.LastSequence}: {status}");
        named.CopyTo(pages, 0);
        Assert.NotEqual(before, named);
    }

    private void Commit(Random random, VolumeId volume, ulong[] pages, bool isNamed)
    {
        StoreCommit* commit = _store.Begin(volume);
        Assert.True(commit != null);
        var written = new List<nint>();
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            ulong page = (ulong)random.Next((int)PagesPerObject);
            ulong* data = (ulong*)_pages.Allocate(1);
            data[0] = pages[page] = ++_value;
            written.Add((nint)data);
            Assert.Equal(StoreStatus.Ok, _store.WritePage(commit, new ObjectId(1), page, data));
        }
        CommitInfo info = Info();
        info.NameLength = isNamed ? 1 : 0;
        info.Name[0] = (byte)'n';
        Assert.Equal(StoreStatus.Ok, _store.Submit(commit, info));
        Assert.Equal(StoreStatus.Ok, _store.WaitDurable(commit));
        _store.Release(commit);
        foreach (nint data in written)
            _pages.Free((void*)data, 1);
    }

    private void Compare(VolumeId volume, ulong[] pages)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        for (ulong page = 0; page < PagesPerObject; page++)
        {
            StoreStatus status = _store.ReadPage(volume, new ObjectId(1), page, data);
            Assert.Equal(pages[page] == 0 ? StoreStatus.Hole : StoreStatus.Ok, status);
            Assert.Equal(pages[page], data[0]);
        }
        _pages.Free(data, 1);
    }

    private CommitInfo Info() => new() { RealtimeNanoseconds = _time += 5_000_000 };
}
