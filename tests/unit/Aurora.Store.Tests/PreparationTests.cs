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
public sealed unsafe class PreparationTests(ITestOutputHelper output)
{
    private const ulong LargePages = (64 << 20) / PageSize.Bytes;
    private const ulong Millisecond = 1_000_000;

    private bool _isLargeDone;

    [Fact]
    public void A_small_commit_never_waits_for_a_large_one()
    {
        using var at = new FiberedStore(1, 60_000);
        VolumeId small = at.Make();
        ulong longest = 0;
        int count = 0;
        at.Device.IsImmediate = false;
        at.Fibers.Start(() => Write(at, VolumeId.First, 1, LargePages));
        at.Fibers.Start(() =>
        {
            while (!_isLargeDone)
            {
                ulong start = at.Device.Nanoseconds;
                at.Commit(small, 1, 1, out _);
                longest = Math.Max(longest, at.Device.Nanoseconds - start);
                count++;
            }
        });
        at.Fibers.Run(TimeSpan.FromMinutes(2));
        output.WriteLine($"1 page behind 64 MiB: at most {longest / 1000} µs of the device's time, {count} commits meanwhile");
        Assert.True(count > 10, $"{count} commits beside the large one");
        Assert.InRange(longest, 1UL, 5 * Millisecond);
        at.Close();
    }

    [Fact]
    public void Commits_of_one_volume_keep_the_order_of_their_calls()
    {
        using var at = new FiberedStore(2, 20_000);
        List<ulong> sequences = [];
        at.Device.IsImmediate = false;
        bool isStarted = false;
        at.Fibers.Start(() =>
        {
            isStarted = true;
            at.Commit(VolumeId.First, 1, 2000, out ulong sequence);
            sequences.Add(sequence);
        });
        at.Fibers.Start(() =>
        {
            while (!isStarted)
                at.Fibers.Yield();
            at.Commit(VolumeId.First, 1, 1, out ulong sequence);
            sequences.Add(sequence);
        });
        at.Fibers.Run(TimeSpan.FromMinutes(1));
        sequences.Sort();
        Assert.Equal([1UL, 2UL], sequences);
        at.Device.IsImmediate = true;
        Assert.Equal(1UL, at.ReadWord(VolumeId.First, 0));
        at.Close();
    }

    // Its record turns out to be longer than the log allows when its data is written already.
    [Fact]
    public void A_commit_that_is_refused_in_its_turn_gives_everything_back()
    {
        using var at = new FiberedStore(3, 20_000, 64);
        ulong free = at.Store.FreeBlocks;
        ulong reserve = at.Store.ReserveBlocks;
        bool isDone = false;
        ulong least = free;
        at.Device.IsImmediate = false;
        at.Fibers.Start(() =>
        {
            StoreCommit* commit = at.Store.Begin(VolumeId.First);
            at.Fill(commit, 1, 9000, out nint page);
            Assert.Equal(StoreStatus.CommitTooLarge, at.Store.Submit(commit, FiberedStore.Info()));
            at.Store.Release(commit);
            at.FreePage(page);
            isDone = true;
        });
        at.Fibers.Start(() =>
        {
            while (!isDone)
            {
                // What is claimed and not found yet is in the reserve.
                least = Math.Min(least, at.Store.FreeBlocks - at.Store.ReserveBlocks);
                at.Fibers.Yield();
            }
        });
        at.Fibers.Run(TimeSpan.FromMinutes(1));
        Assert.InRange(least, 1UL, free - reserve - 9000);
        Assert.Equal(free, at.Store.FreeBlocks);
        Assert.Equal(reserve, at.Store.ReserveBlocks);
        at.Close();
    }

    // Built bit by bit, while others look and commit, to the same volume before and to others meanwhile.
    [Fact]
    public void A_large_commit_is_seen_as_a_whole()
    {
        using var at = new FiberedStore(4, 20_000);
        VolumeId small = at.Make();
        at.Commit(VolumeId.First, 1, 1500, out _);
        int seen = 0;
        at.Device.IsImmediate = false;
        at.Fibers.Start(() => Write(at, VolumeId.First, 1, 3000));
        at.Fibers.Start(() =>
        {
            while (!_isLargeDone)
            {
                ulong first = at.ReadWord(VolumeId.First, 0);
                ulong last = at.ReadWord(VolumeId.First, 1499);
                Assert.True(first == last || first == 1500, $"{first} and then {last}");
                seen++;
            }
        });
        at.Fibers.Start(() =>
        {
            while (!_isLargeDone)
                at.Commit(small, 1, 1, out _);
        });
        at.Fibers.Run(TimeSpan.FromMinutes(1));
        at.Device.IsImmediate = true;
        Assert.True(seen > 10, $"looked {seen} times");
        at.Commit(VolumeId.First, 1, 10, out _);
        for (int cut = 0; cut < 2; cut++)
        {
            Assert.Equal(10UL, at.ReadWord(VolumeId.First, 9));
            Assert.Equal(3000UL, at.ReadWord(VolumeId.First, 10));
            Assert.Equal(3000UL, at.ReadWord(VolumeId.First, 2999));
            Assert.Equal(StoreStatus.Ok, at.Store.CutNow());
        }
        at.Close();
    }

    // Nobody makes a cut: were each a layer of its own, everybody would wait for one.
    [Fact]
    public void Large_commits_in_a_row_do_not_stop_others()
    {
        const ulong rounds = 50;
        using var at = new FiberedStore(5, 40_000);
        VolumeId small = at.Make();
        at.Fibers.Start(() =>
        {
            for (ulong round = 1; round <= rounds; round++)
            {
                at.Commit(VolumeId.First, 1, 200 + round, out _);
                at.Commit(small, 1, round, out _);
            }
        });
        at.Fibers.Run(TimeSpan.FromMinutes(1));
        Assert.Equal(0UL, at.Store.Statistics.Cuts);
        for (int cut = 0; cut < 2; cut++)
        {
            Assert.Equal(200 + rounds, at.ReadWord(VolumeId.First, 0));
            Assert.Equal(200 + rounds, at.ReadWord(VolumeId.First, 199 + rounds));
            Assert.Equal(rounds, at.ReadWord(small, rounds - 1));
            Assert.Equal(StoreStatus.Ok, at.Store.CutNow());
        }
        at.Close();
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
        using var at = new FiberedStore(seed, 1500, 64);
        VolumeId[] volumes = [VolumeId.First, at.Make(), at.Make(), at.Make()];
        int left = volumes.Length;
        int refused = 0;
        at.Device.IsImmediate = false;
        at.Fibers.Start(at.Store.RunMaintenance);
        foreach (VolumeId volume in volumes)
        {
            var random = new Random((seed * 10) + (int)volume.Value);
            at.Fibers.Start(() =>
            {
                for (int round = 0; round < 60; round++)
                {
                    StoreStatus status = TryCommit(at, volume, 1 + (ulong)random.Next(3), 1 + (ulong)random.Next(250), random.Next(4) == 0);
                    Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.OutOfMemory, $"{status}");
                    refused += status == StoreStatus.Ok ? 0 : 1;
                }
                if (--left == 0)
                    at.Store.StopMaintenance();
            });
        }
        at.Fibers.Run(TimeSpan.FromMinutes(2));
        at.Device.IsImmediate = true;
        output.WriteLine($"{refused} refused, {at.Store.Statistics.Cuts} cuts");
        Assert.Equal(StoreStatus.Ok, at.Store.Health);
        Assert.Equal(StoreStatus.Ok, at.Store.CountFreeBlocks(out ulong free));
        Assert.Equal(free, at.Store.FreeBlocks);
        at.Close();
    }

    private void Write(FiberedStore at, VolumeId volume, ulong id, ulong pages)
    {
        at.Commit(volume, id, pages, out _);
        _isLargeDone = true;
    }

    private static StoreStatus TryCommit(FiberedStore at, VolumeId volume, ulong id, ulong pages, bool deletes)
    {
        StoreCommit* commit = at.Store.Begin(volume);
        Assert.True(commit != null);
        nint page = 0;
        if (deletes)
            Assert.Equal(StoreStatus.Ok, at.Store.DeleteObject(commit, new ObjectId(id)));
        else
            at.Fill(commit, id, pages, out page);
        StoreStatus status = at.Store.Submit(commit, FiberedStore.Info());
        if (status == StoreStatus.Ok)
            status = at.Store.WaitDurable(commit);
        at.Store.Release(commit);
        if (page != 0)
            at.FreePage(page);
        return status;
    }
}
