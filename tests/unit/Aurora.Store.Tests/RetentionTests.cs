using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>History that thins with age, gives its space back, and the device that is told so.</summary>
public sealed unsafe class RetentionTests
{
    private const ulong Second = 1_000_000_000;

    [Fact]
    public void History_thins_with_age_and_every_checkpoint_on_offer_reads_as_it_was()
    {
        using var harness = new StoreHarness(blocks: 60_000, logBlocks: 256);
        harness.Open();
        var times = new Dictionary<ulong, ulong>();
        ulong named = 0;
        const ulong Steps = 2 * 3600 * 2;
        ulong now = 0;
        for (ulong step = 1; step <= Steps; step++)
        {
            // Two commits a second at first and at the end; in between one in ten seconds.
            bool isDense = step < 300 || step > Steps - 300;
            if (!isDense && step % 20 != 0)
                continue;
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, step % 50, step);
            harness.Write(commit, 1, 60, step);
            CommitInfo info = harness.Info(step == 40 ? "first" : "");
            now = step * Second / 2;
            info.RealtimeNanoseconds = now;
            Assert.Equal(StoreStatus.Ok, harness.Store.Submit(commit, info));
            Assert.Equal(StoreStatus.Ok, harness.Store.WaitDurable(commit));
            times[commit->SequenceNumber] = step;
            named = step == 40 ? commit->SequenceNumber : named;
            harness.Store.Release(commit);
            harness.FreePages();
        }
        List<CheckpointInfo> kept = [.. Checkpoints(harness.Store)];
        Assert.Contains(kept, info => info.Sequence == named);
        ulong[] ages = [.. kept.Where(info => info.Sequence != named).Select(info => (now - info.Commit.RealtimeNanoseconds) / Second)];
        Assert.InRange(ages.Count(age => age <= 60), 50, 65);
        Assert.InRange(ages.Count(age => age is > 60 and <= 3600), 50, 75);
        Assert.Equal(0, ages.Count(age => age > 3660));
        Assert.True(harness.Store.Statistics.CheckpointsDropped > 200);
        foreach (CheckpointInfo info in kept)
        {
            Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, info.Sequence, out StoreView? view));
            Assert.Equal(times[info.Sequence], harness.Read(view!, 1, 60));
            view!.Close();
        }
        harness.CheckClean();
    }

    // Each of them keeps one checkpoint a second: what ages out of all of them together is more than a cut drops of one.
    [Fact]
    public void Cuts_drop_as_many_as_they_keep_however_many_volumes_there_are()
    {
        const int volumes = 40;
        using var harness = new StoreHarness(blocks: 60_000, logBlocks: 1024);
        harness.Options.Retention = new RetentionOptions
        {
            FineSpan = 10 * Second, CoarseSpacing = 100 * Second, CoarseSpan = 100 * Second,
        };
        harness.Open();
        List<VolumeId> all = [];
        for (int i = 0; i < volumes; i++)
        {
            Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, default, harness.Info(), out VolumeId volume));
            all.Add(volume);
        }
        for (ulong round = 1; round <= 40; round++)
        {
            CommitInfo info = harness.Info("", Second);
            foreach (VolumeId volume in all)
            {
                StoreCommit* commit = harness.Store.Begin(volume);
                harness.Write(commit, 1, 0, round);
                Assert.Equal(StoreStatus.Ok, harness.Store.Submit(commit, info));
                Assert.Equal(StoreStatus.Ok, harness.Store.WaitDurable(commit));
                harness.Store.Release(commit);
            }
            harness.FreePages();
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }

        // Ten seconds, one of a hundred, and what has become too old since the last cut.
        Assert.InRange(harness.Store.AutomaticCheckpoints, volumes * 9UL, volumes * 14UL);
        harness.CheckClean();
    }

    [Fact]
    public void Without_retention_only_named_checkpoints_are_kept()
    {
        using var harness = new StoreHarness();
        harness.Options.Retention.IsOff = true;
        harness.Open();
        for (ulong i = 1; i < 20; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, 0, i);
            Assert.Equal(StoreStatus.Ok, harness.TryCommit(commit, i == 3 ? "x" : "", Second));
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        Assert.Equal(1, Checkpoints(harness.Store).Count(info => info.IsKept));
    }

    [Fact]
    public void On_a_full_disk_history_gives_way_but_not_what_has_a_name()
    {
        using var harness = new StoreHarness(blocks: 4000, logBlocks: 128);
        harness.Options.CutIntervalNanoseconds = 1;
        harness.Open();
        for (ulong round = 1; round <= 40; round++)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < 400; i++)
                harness.Write(commit, 1, i, (round * 1000) + i);
            Assert.Equal(StoreStatus.Ok, harness.TryCommit(commit, round == 2 ? "named" : "", Second));

            // Whoever looks at the free blocks before writing is not kept from it by history for long.
            if (harness.Store.FreeBlocks <= harness.Store.ReserveBlocks + 100)
            {
                for (int cut = 0; cut < 12; cut++)
                    Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
                Assert.True(harness.Store.FreeBlocks > harness.Store.ReserveBlocks + 100, $"round {round}: {harness.Store.FreeBlocks} free");
            }
        }
        Assert.Equal(40_000UL, harness.Read(1, 0));
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "named"u8, out CheckpointInfo named));
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, named.Sequence, out StoreView? view));
        Assert.Equal(2399UL, harness.Read(view!, 1, 399));
        view!.Close();
        harness.CheckClean();
    }

    [Fact]
    public void Dropping_a_checkpoint_costs_what_it_frees()
    {
        using var harness = new StoreHarness(blocks: 30_000, logBlocks: 1024);
        harness.Options.OverlayBytes = 8 << 20;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 12_000; i++)
            harness.Write(commit, 1, i * 3, i + 1);
        harness.Commit(commit, "large");
        commit = harness.Begin();
        harness.Write(commit, 1, 0, 5);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "large"u8, out CheckpointInfo large));
        harness.Reopen();
        ulong nodes = harness.Store.Statistics.NodesRead;
        commit = harness.Begin();
        harness.Store.DropCheckpoint(commit, large.Sequence);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.InRange(harness.Store.Statistics.NodesRead - nodes, 1UL, 12UL);
        harness.CheckClean();
    }

    [Fact]
    public void Freed_extents_are_discarded_once_nothing_needs_them()
    {
        using var harness = new StoreHarness(blocks: 8192, logBlocks: 256);
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 1000; i++)
            harness.Write(commit, 1 + (i / 500), i, i + 1);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        commit = harness.Begin();
        harness.Store.DeleteObject(commit, new ObjectId(1));
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(0, harness.Memory.BlocksDiscarded);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.InRange(harness.Memory.BlocksDiscarded, 480, 520);
        Assert.Equal((ulong)harness.Memory.BlocksDiscarded, harness.Store.Statistics.BlocksDiscarded);
        for (ulong i = 500; i < 1000; i++)
            Assert.Equal(i + 1, harness.Read(2, i));
        harness.CheckClean();
    }

    [Fact]
    public void The_scrub_goes_round_and_names_what_has_rotted()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 300; i++)
            harness.Write(commit, 5 + (i % 3), i * 2, i + 1);
        harness.PutRecord(commit, 60, "no pages");
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        for (int i = 0; i < 8; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.Scrub(50));
        StoreStatistics clean = harness.Store.Statistics;
        Assert.True(clean.ScrubRounds >= 1 && clean.PagesScrubbed >= 300, $"{clean.ScrubRounds} rounds, {clean.PagesScrubbed} pages");
        Assert.Equal(0UL, clean.ScrubFaults);

        ulong block = harness.Memory.WrittenBlocks.First(b => BitConverter.ToUInt64(harness.Memory.Contents(b)) == 101);
        harness.Memory.SetContents(block, new byte[4096]);
        for (int i = 0; i < 16; i++)
            harness.Store.Scrub(50);
        Assert.True(harness.Store.Statistics.ScrubFaults >= 1);
        StoreFault fault = harness.Store.LastScrubFault;
        Assert.Equal((StoreStatus.BadChecksum, 6UL, 200UL, block), (fault.Status, fault.Object.Value, fault.Page, fault.Block.Value));
    }

    private static List<CheckpointInfo> Checkpoints(ObjectStore store)
    {
        var found = new List<CheckpointInfo>();
        ulong sequence = 0;
        while (store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            found.Add(info);
        }
        return found;
    }
}
