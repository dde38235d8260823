using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Store.Tests;

/// <summary>
/// The data of a commit is written before the commit takes its turn: a small one never waits for that of a large one of another volume,
/// commits of one volume keep their order, and what has been written for a commit that never comes is free again.
/// </summary>
public sealed unsafe class PreparationTests(ITestOutputHelper output) : IDisposable
{
    private const ulong LargePages = (64 << 20) / PageSize.Bytes;
    private const ulong Millisecond = 1_000_000;

    private readonly HostPageAllocator _pages = new();
    private BatonFibers _fibers = null!;
    private QueueDevice _device = null!;
    private ObjectStore _store = null!;
    private bool _isLargeDone;

    public void Dispose() => _pages.Dispose();

    [Fact]
    public void A_small_commit_never_waits_for_a_large_one()
    {
        Open(1, 60_000);
        VolumeId small = Make();
        ulong longest = 0;
        int count = 0;
        _device.IsImmediate = false;
        _fibers.Start(() => Write(VolumeId.First, 1, LargePages));
        _fibers.Start(() =>
        {
            while (!_isLargeDone)
            {
                ulong start = _device.Nanoseconds;
                Commit(small, 1, 1, out _);
                longest = Math.Max(longest, _device.Nanoseconds - start);
                count++;
            }
        });
        _fibers.Run(TimeSpan.FromMinutes(2));
        output.WriteLine($"1 page behind 64 MiB: at most {longest / 1000} µs of the device's time, {count} commits meanwhile");
        Assert.True(count > 10, $"{count} commits beside the large one");
        Assert.InRange(longest, 1UL, 5 * Millisecond);
        Close();
    }

    [Fact]
    public void Commits_of_one_volume_keep_the_order_of_their_calls()
    {
        Open(2, 20_000);
        List<ulong> sequences = [];
        _device.IsImmediate = false;
        bool isStarted = false;
        _fibers.Start(() =>
        {
            isStarted = true;
            Commit(VolumeId.First, 1, 2000, out ulong sequence);
            sequences.Add(sequence);
        });
        _fibers.Start(() =>
        {
            while (!isStarted)
                _fibers.Yield();
            Commit(VolumeId.First, 1, 1, out ulong sequence);
            sequences.Add(sequence);
        });
        _fibers.Run(TimeSpan.FromMinutes(1));
        sequences.Sort();
        Assert.Equal([1UL, 2UL], sequences);
        _device.IsImmediate = true;
        ulong* page = (ulong*)_pages.Allocate(1);
        Assert.Equal(StoreStatus.Ok, _store.ReadPage(VolumeId.First, new ObjectId(1), 0, page));
        Assert.Equal(1UL, page[0]);
        _pages.Free(page, 1);
        Close();
    }

    // Its record turns out to be longer than the log allows when its data is written already.
    [Fact]
    public void A_commit_that_is_refused_in_its_turn_gives_everything_back()
    {
        Open(3, 20_000, 64);
        ulong free = _store.FreeBlocks;
        ulong reserve = _store.ReserveBlocks;
        bool isDone = false;
        ulong least = free;
        _device.IsImmediate = false;
        _fibers.Start(() =>
        {
            StoreCommit* commit = _store.Begin(VolumeId.First);
            Fill(commit, 1, 9000, out nint page);
            Assert.Equal(StoreStatus.CommitTooLarge, _store.Submit(commit, Info()));
            _store.Release(commit);
            _pages.Free((void*)page, 1);
            isDone = true;
        });
        _fibers.Start(() =>
        {
            while (!isDone)
            {
                // What is claimed and not found yet is in the reserve.
                least = Math.Min(least, _store.FreeBlocks - _store.ReserveBlocks);
                _fibers.Yield();
            }
        });
        _fibers.Run(TimeSpan.FromMinutes(1));
        Assert.InRange(least, 1UL, free - reserve - 9000);
        Assert.Equal(free, _store.FreeBlocks);
        Assert.Equal(reserve, _store.ReserveBlocks);
        Close();
    }

    // Built bit by bit, while others look and commit, to the same volume before and to others meanwhile.
    [Fact]
    public void A_large_commit_is_seen_as_a_whole()
    {
        Open(4, 20_000);
        VolumeId small = Make();
        Commit(VolumeId.First, 1, 1500, out _);
        int seen = 0;
        _device.IsImmediate = false;
        _fibers.Start(() => Write(VolumeId.First, 1, 3000));
        _fibers.Start(() =>
        {
            while (!_isLargeDone)
            {
                ulong first = ReadWord(VolumeId.First, 0);
                ulong last = ReadWord(VolumeId.First, 1499);
                Assert.True(first == last || first == 1500, $"{first} and then {last}");
                seen++;
            }
        });
        _fibers.Start(() =>
        {
            while (!_isLargeDone)
                Commit(small, 1, 1, out _);
        });
        _fibers.Run(TimeSpan.FromMinutes(1));
        _device.IsImmediate = true;
        Assert.True(seen > 10, $"looked {seen} times");
        Commit(VolumeId.First, 1, 10, out _);
        for (int cut = 0; cut < 2; cut++)
        {
            Assert.Equal(10UL, ReadWord(VolumeId.First, 9));
            Assert.Equal(3000UL, ReadWord(VolumeId.First, 10));
            Assert.Equal(3000UL, ReadWord(VolumeId.First, 2999));
            Assert.Equal(StoreStatus.Ok, _store.CutNow());
        }
        Close();
    }

    // Nobody makes a cut: were each a layer of its own, everybody would wait for one.
    [Fact]
    public void Large_commits_in_a_row_do_not_stop_others()
    {
        const ulong rounds = 50;
        Open(5, 40_000);
        VolumeId small = Make();
        _fibers.Start(() =>
        {
            for (ulong round = 1; round <= rounds; round++)
            {
                Commit(VolumeId.First, 1, 200 + round, out _);
                Commit(small, 1, round, out _);
            }
        });
        _fibers.Run(TimeSpan.FromMinutes(1));
        Assert.Equal(0UL, _store.Statistics.Cuts);
        for (int cut = 0; cut < 2; cut++)
        {
            Assert.Equal(200 + rounds, ReadWord(VolumeId.First, 0));
            Assert.Equal(200 + rounds, ReadWord(VolumeId.First, 199 + rounds));
            Assert.Equal(rounds, ReadWord(small, rounds - 1));
            Assert.Equal(StoreStatus.Ok, _store.CutNow());
        }
        Close();
    }

    // While it waits for one request, and sums what it will write next, others are under way; but never more than it may have.
    [Fact]
    public void A_large_commit_keeps_the_device_busy()
    {
        var device = new HoldingDevice(8192);
        using var harness = new StoreHarness(blocks: 8192, device: device);
        harness.Open();
        StoreCommit* large = harness.Begin();
        for (ulong page = 0; page < 2000; page++)
            harness.Write(large, 1, page, 100 + page);
        device.IsHolding = true;
        Assert.Equal(StoreStatus.Ok, harness.Store.Submit(large, harness.Info()));
        device.IsHolding = false;
        Assert.Equal(StoreStatus.Ok, harness.Store.WaitDurable(large));
        harness.Store.Release(large);
        Assert.InRange(device.MostUnderWay, 200, 256);
        Assert.InRange(device.TimesEmpty, 1, 2);
        harness.CheckClean();
    }

    // What it overwrites is one long run of blocks, of which the device is told piece by piece; one that answers at once is never
    // waited for.
    [Fact]
    public void The_discards_behind_a_large_commit_give_way()
    {
        Open(6, 20_000);
        OverwriteAll(4);
        Assert.InRange(_store.Statistics.BlocksDiscarded, 4000UL, 16_000UL);
        Assert.Equal(1, _device.MostDiscardsInARow);
        Close();
    }

    // They take longer than the cut itself.
    [Fact]
    public void Who_goes_back_does_not_wait_until_all_is_discarded()
    {
        Open(7, 20_000);
        OverwriteAll(3);
        Commit(VolumeId.First, 2, 1, out ulong target);
        Commit(VolumeId.First, 1, 4000, out _);
        ulong before = _store.Statistics.BlocksDiscarded, told = 0, later = 0;
        _device.IsImmediate = false;
        _fibers.Start(_store.RunMaintenance);
        _fibers.Start(() => Assert.Equal(StoreStatus.Ok, _store.CutNow()));
        _fibers.Start(() =>
        {
            while (_store.Statistics.BlocksDiscarded == before)
                _fibers.Yield();
            told = _store.Statistics.BlocksDiscarded;
            Assert.Equal(StoreStatus.Ok, _store.Rollback(VolumeId.First, target, Info()));
            told = _store.Statistics.BlocksDiscarded - told;
            ulong then = _store.Statistics.BlocksDiscarded;
            OverwriteAll(4);
            later = _store.Statistics.BlocksDiscarded - then;
            _store.StopMaintenance();
        });
        _fibers.Run(TimeSpan.FromMinutes(1));
        Assert.InRange(told, 0UL, 256UL);

        // Later cuts tell theirs.
        Assert.InRange(later, 4000UL, 20_000UL);
        Close();
    }

    // Power fails when the data is on the device, durable even, and the record is not.
    [Fact]
    public void Data_without_a_record_leaves_nothing()
    {
        using var harness = new StoreHarness(blocks: 8192, device: new EndingDevice(8192));
        harness.Options.OrderedCommitBytes = 20 * 4096;
        harness.Open();
        StoreCommit* first = harness.Begin();
        harness.Write(first, 1, 0, 7);
        harness.Commit(first);
        ulong free = harness.Store.FreeBlocks;
        long written = harness.Memory.BlocksWritten;
        StoreCommit* large = harness.Begin();
        for (ulong page = 0; page < 200; page++)
            harness.Write(large, 1, page, 100 + page);
        ((EndingDevice)harness.Device).EndsAtFlush = true;
        Assert.Throws<PowerException>(() => harness.Store.Submit(large, harness.Info()));
        Assert.Equal(200, harness.Memory.BlocksWritten - written);
        ((EndingDevice)harness.Device).EndsAtFlush = false;
        harness.Reopen(crash: true);
        Assert.Equal(1UL, harness.Store.LastSequence);
        Assert.Equal(free, harness.Store.FreeBlocks);
        Assert.Equal(7UL, harness.Read(1, 0));
        Assert.Equal(0UL, harness.Read(1, 100));
        harness.CheckClean();
    }

    // Several commits of many pages at a time, on a device that has no room for all of them: some are refused, but what one was promised no
    // other takes, so every cut can be made.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Commits_that_are_prepared_together_do_not_take_each_others_room(int seed)
    {
        Open(seed, 1500, 64);
        VolumeId[] volumes = [VolumeId.First, Make(), Make(), Make()];
        int left = volumes.Length;
        int refused = 0;
        _device.IsImmediate = false;
        _fibers.Start(_store.RunMaintenance);
        foreach (VolumeId volume in volumes)
        {
            var random = new Random((seed * 10) + (int)volume.Value);
            _fibers.Start(() =>
            {
                for (int round = 0; round < 60; round++)
                {
                    StoreStatus status = TryCommit(volume, 1 + (ulong)random.Next(3), 1 + (ulong)random.Next(250), random.Next(4) == 0);
                    Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.OutOfMemory, $"{status}");
                    refused += status == StoreStatus.Ok ? 0 : 1;
                }
                if (--left == 0)
                    _store.StopMaintenance();
            });
        }
        _fibers.Run(TimeSpan.FromMinutes(2));
        _device.IsImmediate = true;
        output.WriteLine($"{refused} refused, {_store.Statistics.Cuts} cuts");
        Assert.Equal(StoreStatus.Ok, _store.Health);
        Assert.Equal(StoreStatus.Ok, _store.CountFreeBlocks(out ulong free));
        Assert.Equal(free, _store.FreeBlocks);
        Close();
    }

    private void Open(int seed, ulong blocks, uint logBlocks = 1024)
    {
        HostEnvironment.Install();
        _fibers = new BatonFibers(seed);
        _device = new QueueDevice(blocks, _fibers);
        var format = new FormatOptions { UuidLow = 1, LogBlocks = logBlocks };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(_device, _pages, _fibers, format));
        var options = new OpenOptions
        {
            BackgroundMaintenance = true, OrderedCommitBytes = logBlocks == 64 ? 20u * 4096 : 0, FewestApart = 100,
        };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(_device, _pages, _fibers, options, out ObjectStore? store, out _));
        _store = store!;
    }

    // And what is on the device is whole.
    private void Close()
    {
        _device.IsImmediate = true;
        _store.Abandon();
        var check = new CheckOptions { VerifyData = true };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Check(_device, _pages, _fibers, check, out CheckReport report));
        Assert.Equal(0UL, report.Faults);
        Assert.Equal(0, _pages.PagesOutstanding);
    }

    private static CommitInfo Info() => new() { RealtimeNanoseconds = 1 };

    private VolumeId Make()
    {
        Assert.Equal(StoreStatus.Ok, _store.CreateVolume(VolumeFlags.None, default, Info(), out VolumeId volume));
        return volume;
    }

    // One page in memory for all of them.
    private void Fill(StoreCommit* commit, ulong id, ulong pages, out nint page)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        new Span<ulong>(data, 512).Fill(pages);
        page = (nint)data;
        for (ulong i = 0; i < pages; i++)
            Assert.Equal(StoreStatus.Ok, _store.WritePage(commit, new ObjectId(id), i, data));
    }

    private void Write(VolumeId volume, ulong id, ulong pages)
    {
        Commit(volume, id, pages, out _);
        _isLargeDone = true;
    }

    private ulong ReadWord(VolumeId volume, ulong page)
    {
        ulong* data = (ulong*)_pages.Allocate(1);
        StoreStatus status = _store.ReadPage(volume, new ObjectId(1), page, data);
        ulong word = data[0];
        _pages.Free(data, 1);
        Assert.Equal(StoreStatus.Ok, status);
        return word;
    }

    private void OverwriteAll(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            Commit(VolumeId.First, 1, 4000, out _);
            Assert.Equal(StoreStatus.Ok, _store.CutNow());
        }
    }

    private void Commit(VolumeId volume, ulong id, ulong pages, out ulong sequence)
    {
        StoreCommit* commit = _store.Begin(volume);
        Assert.True(commit != null);
        Fill(commit, id, pages, out nint page);
        Assert.Equal(StoreStatus.Ok, _store.Submit(commit, Info()));
        sequence = commit->SequenceNumber;
        Assert.Equal(StoreStatus.Ok, _store.WaitDurable(commit));
        _store.Release(commit);
        _pages.Free((void*)page, 1);
    }

    private StoreStatus TryCommit(VolumeId volume, ulong id, ulong pages, bool deletes)
    {
        StoreCommit* commit = _store.Begin(volume);
        Assert.True(commit != null);
        nint page = 0;
        if (deletes)
            Assert.Equal(StoreStatus.Ok, _store.DeleteObject(commit, new ObjectId(id)));
        else
            Fill(commit, id, pages, out page);
        StoreStatus status = _store.Submit(commit, Info());
        if (status == StoreStatus.Ok)
            status = _store.WaitDurable(commit);
        _store.Release(commit);
        if (page != 0)
            _pages.Free((void*)page, 1);
        return status;
    }
}
