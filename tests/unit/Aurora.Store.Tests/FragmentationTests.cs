using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>A full disk with its free blocks scattered over more groups than the space map has frames.</summary>
public sealed unsafe class FragmentationTests : IDisposable
{
    private const ulong Groups = 110;
    private const ulong PagesPerCommit = 1500;

    private readonly HostPageAllocator _pages = new();
    private readonly BatonFibers _fibers;
    private readonly CompactDevice _device;
    private readonly Dictionary<ulong, ulong> _expected = [];
    private readonly OpenOptions _options = new()
    {
        CachedNodes = 64,
        CachedSpacePages = 32,
        OverlayBytes = 2 << 20,
        BackgroundMaintenance = true,
        CutIntervalNanoseconds = 50_000_000,
    };

    private ObjectStore _store = null!;
    private ulong _time = 1_000_000_000;
    private int _writersLeft;

    public FragmentationTests()
    {
        HostEnvironment.Install();
        _fibers = new BatonFibers(3);
        _device = new CompactDevice((Groups * SpacePage.BlocksPerGroup) + 2000, _fibers, 3);
    }

    public void Dispose() => _pages.Dispose();

    [Fact]
    public void Cuts_and_commits_over_more_groups_than_frames_work_side_by_side()
    {
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(_device, _pages, _fibers, new FormatOptions { UuidLow = 1, LogBlocks = 1024 }));
        ulong filled = Fill();
        Open(_options);
        _device.IsImmediate = false;
        _writersLeft = 3;
        _fibers.Start(_store.RunMaintenance);
        _fibers.Start(() => Punch(filled));
        for (int writer = 0; writer < 2; writer++)
        {
            ulong id = 2 + (ulong)writer;
            _fibers.Start(() => Write(id, filled));
        }
        _fibers.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(StoreStatus.Ok, _store.Health);
        _device.IsImmediate = true;
        _store.Abandon();

        // The log since the last cut names blocks in more groups than there are frames.
        Open(_options);
        Verify();
        EndWhole();
    }

    // Memory ends while a commit takes a block in one group after the other: the cut that is made for it has earlier commits to put into
    // the trees, and needs other pages of the map than those with the new blocks.
    [Fact]
    public void Without_memory_a_commit_over_many_groups_does_not_keep_a_cut_from_its_pages()
    {
        ulong filled = Fragment(ulong.MaxValue, out OpenOptions options, out ulong* data);
        for (ulong round = 1; round < 4; round++)
        {
            _store.Abandon();
            Open(options);
            for (ulong i = 0; i < round; i++)
                Assert.Equal(StoreStatus.Ok, Overwrite((filled / 2) + (round * 10) + (i * 7000), 1, data));
            StoreStatus status = Overwrite(filled / 4, 100, data, memory: 0);
            Assert.Equal((round, StoreStatus.OutOfMemory, StoreStatus.Ok), (round, status, _store.Health));
            Assert.Equal(StoreStatus.Ok, Overwrite(filled / 4, 100, data));
        }
        _pages.Free(data, 1);
        EndWhole();
    }

    // Scattered commits of all sizes, each with as much memory as it happens to find: none of them, and no cut, ends the session.
    [Fact]
    public void Memory_may_end_at_any_moment_on_a_fragmented_disk()
    {
        ulong filled = Fragment(300_000_000, out OpenOptions options, out ulong* data);
        var random = new Random(11);
        int refused = 0;
        for (int step = 0; step < 200; step++)
        {
            if (random.Next(3) == 0)
            {
                _store.Abandon();
                Open(options);
            }
            ulong count = (ulong)(random.Next(3) == 0 ? random.Next(30, 120) : random.Next(1, 4));
            StoreStatus status =
                Overwrite((ulong)random.NextInt64((long)filled / 2), count, data, random.Next(2) == 0 ? random.Next(3) : -1);
            Assert.True(status is StoreStatus.Ok or StoreStatus.OutOfMemory or StoreStatus.NoSpace, $"step {step}: {status}");
            refused += status == StoreStatus.OutOfMemory ? 1 : 0;
            if (random.Next(10) == 0)
            {
                _pages.PageLimit = _pages.PagesOutstanding;
                status = _store.CutNow();
                _pages.PageLimit = long.MaxValue;
                Assert.True(status is StoreStatus.Ok or StoreStatus.OutOfMemory, $"step {step}: cut {status}");
            }
            Assert.True(_store.Health == StoreStatus.Ok, $"step {step}: {_store.Health}, {_store.LastFault.Place}");
        }
        Assert.True(refused > 10, $"only {refused} refused");
        _pages.Free(data, 1);
        EndWhole();
    }

    // A full disk whose free blocks are single ones, everywhere; and a page of data.
    private ulong Fragment(ulong cutInterval, out OpenOptions options, out ulong* data)
    {
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(_device, _pages, _fibers, new FormatOptions { UuidLow = 1, LogBlocks = 2048 }));
        ulong filled = Fill();
        options = _options;
        options.BackgroundMaintenance = false;
        options.CutIntervalNanoseconds = cutInterval;
        options.Retention.IsOff = true;
        Open(options);
        data = (ulong*)_pages.Allocate(1);
        new Span<ulong>(data, 512).Fill(9);
        MakeHoles(filled, data);
        return filled;
    }

    private void EndWhole()
    {
        _store.Abandon();
        StoreStatus status = ObjectStore.Check(_device, _pages, _fibers, new CheckOptions { Open = _options }, out CheckReport report);
        Assert.Equal((StoreStatus.Ok, 0UL), (status, report.Faults));
        Assert.Equal(0, _pages.PagesOutstanding);
    }

    // Without a bound (-1), or with so many pages of memory from the moment on at which the commit is submitted.
    private StoreStatus Overwrite(ulong first, ulong count, ulong* data, int memory = -1)
    {
        StoreCommit* commit = _store.Begin(VolumeId.First);
        for (ulong page = first; page < first + (count * 300); page += 300)
            _store.WritePage(commit, new ObjectId(1), page, data);
        if (memory >= 0)
            _pages.PageLimit = _pages.PagesOutstanding + memory;
        StoreStatus status = Finish(commit);
        _pages.PageLimit = long.MaxValue;
        return status;
    }

    // All there is free is single blocks, everywhere.
    private void MakeHoles(ulong filled, ulong* data)
    {
        const ulong Distance = 30;
        for (ulong first = 0; first < filled; first += filled / 4)
        {
            StoreCommit* commit = _store.Begin(VolumeId.First);
            for (ulong page = first; page < first + (filled / 4); page += Distance)
                _store.WriteHole(commit, new ObjectId(1), page);
            Assert.Equal(StoreStatus.Ok, Finish(commit));
        }
        for (int i = 0; i < 3; i++)
            Assert.Equal(StoreStatus.Ok, _store.CutNow());
        for (ulong page = filled; _store.FreeBlocks > filled / Distance; page += 60)
        {
            StoreCommit* commit = _store.Begin(VolumeId.First);
            for (ulong i = 0; i < 60; i++)
                _store.WritePage(commit, new ObjectId(1), page + i, data);
            Assert.Equal(StoreStatus.Ok, Finish(commit));
        }
        for (int i = 0; i < 3; i++)
            Assert.Equal(StoreStatus.Ok, _store.CutNow());
    }

    // One object until the disk is full.
    private ulong Fill()
    {
        OpenOptions options = _options;
        options.BackgroundMaintenance = false;
        Open(options);
        ulong* data = (ulong*)_pages.Allocate(1);
        new Span<ulong>(data, 512).Fill(7);
        ulong page = 0;
        for (StoreStatus status = StoreStatus.Ok; status == StoreStatus.Ok;)
        {
            StoreCommit* commit = _store.Begin(VolumeId.First);
            for (ulong i = 0; i < PagesPerCommit; i++)
                _store.WritePage(commit, new ObjectId(1), page + i, data);
            status = Finish(commit);
            page += status == StoreStatus.Ok ? PagesPerCommit : 0;
        }
        _pages.Free(data, 1);
        Assert.True(page > Groups * SpacePage.BlocksPerGroup * 9 / 10, $"only {page} pages fit");
        Assert.Equal(StoreStatus.Ok, _store.CutNow());
        _store.Abandon();
        return page;
    }

    // Each commit frees a few pages in every group.
    private void Punch(ulong filled)
    {
        for (ulong round = 0; round < 12; round++)
        {
            StoreCommit* commit = _store.Begin(VolumeId.First);
            for (ulong page = round; page < filled; page += 300)
                _store.WriteHole(commit, new ObjectId(1), page);
            Assert.Equal(StoreStatus.Ok, Finish(commit));
            for (ulong page = round; page < filled; page += 300)
                _expected[page] = 0;
        }
        Ended();
    }

    private void Write(ulong id, ulong filled)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        for (ulong round = 0; round < 25; round++)
        {
            new Span<ulong>(data, 512).Fill((id << 32) + round + 1);
            StoreCommit* commit = _store.Begin(VolumeId.First);
            ulong page = filled + (id * 1000) + round;
            for (ulong i = 0; i < 12; i++)
                _store.WritePage(commit, new ObjectId(1), page + (i * 10_000), data);
            StoreStatus status = Finish(commit);
            Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace, status.ToString());
            for (ulong i = 0; i < 12 && status == StoreStatus.Ok; i++)
                _expected[page + (i * 10_000)] = (id << 32) + round + 1;
        }
        _pages.Free(data, 1);
        Ended();
    }

    private void Ended()
    {
        if (--_writersLeft == 0)
            _store.StopMaintenance();
    }

    private StoreStatus Finish(StoreCommit* commit)
    {
        var info = new CommitInfo { RealtimeNanoseconds = _time += 10_000_000 };
        StoreStatus status = _store.Submit(commit, info);
        if (status == StoreStatus.Ok)
            status = _store.WaitDurable(commit);
        _store.Release(commit);
        return status;
    }

    private void Verify()
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        foreach ((ulong page, ulong value) in _expected)
        {
            StoreStatus status = _store.ReadPage(VolumeId.First, new ObjectId(1), page, data);
            Assert.True(status is StoreStatus.Ok or StoreStatus.Hole, $"page {page}: {status}");
            Assert.Equal(value, data[0]);
        }
        _pages.Free(data, 1);
    }

    private void Open(in OpenOptions options)
    {
        StoreStatus status = ObjectStore.Open(_device, _pages, _fibers, options, out ObjectStore? store, out StoreFault fault);
        Assert.True(status == StoreStatus.Ok, $"open: {status} {fault.Place} block {fault.Block.Value}");
        _store = store!;
    }
}
