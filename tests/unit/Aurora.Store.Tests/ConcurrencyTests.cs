using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Commit fibers, readers, history readers and the maintenance fiber over a device that completes in any order.</summary>
public sealed unsafe class ConcurrencyTests : IDisposable
{
    private const int Writers = 4;
    private const ulong PagesPerObject = 40;

    private readonly HostPageAllocator _pages = new();
    private readonly ulong[,] _expected = new ulong[Writers + 1, PagesPerObject];
    private ObjectStore _store = null!;
    private int _writersLeft = Writers;
    private bool _isReadingHistory;

    public ConcurrencyTests() => HostEnvironment.Install();

    public void Dispose() => _pages.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Fibers_never_see_anything_but_what_was_submitted(int seed)
    {
        var fibers = new BatonFibers(seed);
        var device = new SlowDevice(6000, fibers, seed);
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, _pages, fibers, new FormatOptions { UuidLow = 1, LogBlocks = 96 }));
        var options = new OpenOptions
        {
            CachedNodes = 64,
            CachedSpacePages = 32,
            OverlayBytes = 512 << 10,
            BackgroundMaintenance = true,
            OrderedCommitBytes = 20 * 4096,
            FewestApart = 4,
            ElementsPerLook = 4,
            EntriesPerLook = 4,
            CutIntervalNanoseconds = 50_000_000,
        };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, _pages, fibers, options, out ObjectStore? store, out _));
        _store = store!;
        device.IsImmediate = false;
        fibers.Start(_store.RunMaintenance);
        for (int writer = 1; writer <= Writers; writer++)
        {
            int id = writer;
            fibers.Start(() => Write(id, new Random((seed * 100) + id), fibers));
        }
        fibers.Start(() => Read(new Random(seed), fibers));
        fibers.Start(() => ReadHistory(fibers, 30));
        fibers.Start(() => ReadHistory(fibers, 200));
        fibers.Run(TimeSpan.FromMinutes(5));
        Assert.True(_store.Statistics.Cuts > 3, $"only {_store.Statistics.Cuts} cuts");
        device.IsImmediate = true;
        Assert.Equal(StoreStatus.Ok, _store.CountFreeBlocks(out ulong free));
        Assert.Equal(free, _store.FreeBlocks);
        _store.Abandon();

        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, _pages, fibers, options, out store, out _));
        _store = store!;
        CheckAll();
        _store.Abandon();
        Assert.Equal(StoreStatus.Ok, ObjectStore.Check(device, _pages, fibers, new CheckOptions { VerifyData = true, Open = options }, out CheckReport report));
        Assert.Equal(0UL, report.Faults);
        Assert.Equal(0, _pages.PagesOutstanding);
    }

    private void Write(int id, Random random, BatonFibers fibers)
    {
        for (int round = 0; round < 40; round++)
        {
            int count = random.Next(10) == 0 ? 30 : 1 + random.Next(5);
            var written = new List<(ulong Page, nint Data)>();
            StoreCommit* commit = _store.Begin(VolumeId.First);
            Assert.True(commit != null);
            for (int i = 0; i < count; i++)
            {
                ulong page = (ulong)random.Next((int)PagesPerObject);
                ulong* data = (ulong*)_pages.Allocate(1);
                new Span<ulong>(data, 512).Fill((ulong)((round * 1000) + i + 1));
                written.Add((page, (nint)data));
                _store.WritePage(commit, new ObjectId((ulong)id), page, data);
            }
            var info = new CommitInfo { RealtimeNanoseconds = 1_000_000_000 + ((ulong)round * 10_000_000), NameLength = random.Next(15) == 0 ? 1 : 0 };
            Assert.Equal(StoreStatus.Ok, _store.Submit(commit, info));
            foreach ((ulong page, nint data) in written)
                _expected[id, page] = *(ulong*)data;
            if (random.Next(3) == 0)
                fibers.Yield();
            Assert.Equal(StoreStatus.Ok, _store.WaitDurable(commit));
            _store.Release(commit);
            foreach ((_, nint data) in written)
                _pages.Free((void*)data, 1);
        }
        if (--_writersLeft == 0)
            _store.StopMaintenance();
    }

    // A value may be overtaken while the reader waits for the device, but only by a newer one.
    private void Read(Random random, BatonFibers fibers)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        while (_writersLeft > 0)
        {
            int id = 1 + random.Next(Writers);
            ulong page = (ulong)random.Next((int)PagesPerObject);
            ulong before = _expected[id, page];
            StoreStatus status = _store.ReadPage(VolumeId.First, new ObjectId((ulong)id), page, data);
            ulong after = _expected[id, page];
            Assert.True(status is StoreStatus.Ok or StoreStatus.Hole, $"{status} {_store.LastFault.Place} block {_store.LastFault.Block.Value}");
            Assert.InRange(data[0], before, ulong.Max(after, data[0]));
            Assert.Equal(data[0], data[511]);
            fibers.Yield();
        }
        _pages.Free(data, 1);
    }

    // A view shows the same thing however long it stays open.
    private void ReadHistory(BatonFibers fibers, int holds)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        while (_writersLeft > 0)
        {
            fibers.Yield();
            ulong newest = 0;
            while (_store.NextCheckpoint(VolumeId.First, newest, out CheckpointInfo info) == StoreStatus.Ok
                && info.Sequence <= _store.DurableSequence)
                newest = info.Sequence;
            StoreStatus status = _store.OpenView(VolumeId.First, newest, out StoreView? view);
            if (status != StoreStatus.Ok)
            {
                Assert.Equal(StoreStatus.NotFound, status);
                continue;
            }
            ulong[] first = ReadView(view!, data);
            for (int i = 0; i < holds; i++)
                fibers.Yield();
            Assert.Equal(first, ReadView(view!, data));
            view!.Close();
            _isReadingHistory = true;
        }
        _pages.Free(data, 1);
        Assert.True(_isReadingHistory, "no view was ever open");
    }

    private static ulong[] ReadView(StoreView view, ulong* data)
    {
        ulong[] values = new ulong[PagesPerObject];
        for (ulong page = 0; page < PagesPerObject; page++)
        {
            StoreStatus status = view.ReadPage(new ObjectId(1), page, data);
            Assert.True(status is StoreStatus.Ok or StoreStatus.Hole, $"view: {status}");
            values[page] = data[0];
        }
        return values;
    }

    private void CheckAll()
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        for (int id = 1; id <= Writers; id++)
        {
            for (ulong page = 0; page < PagesPerObject; page++)
            {
                _store.ReadPage(VolumeId.First, new ObjectId((ulong)id), page, data);
                Assert.Equal(_expected[id, page], data[0]);
            }
        }
        _pages.Free(data, 1);
    }
}
