using System;
using System.Collections.Generic;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Going back to a retained checkpoint, and what stays of what was left.</summary>
public sealed unsafe class RollbackTests
{
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(true, 2)]
    public void The_state_is_that_of_the_checkpoint_and_both_branches_stay_readable(bool isNamed, int cuts)
    {
        using var harness = new StoreHarness();
        harness.Open();
        Write(harness, 1, "");
        Write(harness, 2, isNamed ? "target" : "");
        ulong target = harness.Store.LastSequence;
        Write(harness, 3, "");
        for (int i = 0; i < cuts; i++)
        {
            Assert.Equal(StoreStatus.Ok, i == 0 || isNamed ? harness.Store.CutNow() : StoreStatus.Ok);
            Write(harness, 4 + (ulong)i, "");
        }
        ulong left = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, target, harness.Info()));
        Verify(harness, 2);
        harness.CheckClean();
        Write(harness, 9, "");
        harness.Reopen(crash: true);
        Verify(harness, 9);
        harness.CheckClean();
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, left, out StoreView? view));
        Assert.Equal(3UL + (ulong)cuts, harness.Read(view!, 1, 0));
        view!.Close();

        // And forth again.
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, left, harness.Info()));
        Verify(harness, 3 + (ulong)cuts);
        harness.CheckClean();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    public void What_is_still_on_offer_although_dropped_can_be_gone_back_to(int cutsBefore, int writesAfter)
    {
        using var harness = new StoreHarness();
        harness.Open();
        Write(harness, 1, "");
        Write(harness, 2, "target");
        ulong target = harness.Store.LastSequence;
        for (int i = 0; i < cutsBefore; i++)
        {
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
            Write(harness, 3, "");
        }
        StoreCommit* drop = harness.Begin();
        Assert.Equal(StoreStatus.Ok, harness.Store.DropCheckpoint(drop, target));
        harness.Commit(drop);
        for (int i = 0; i < writesAfter; i++)
            Write(harness, 4, "");
        bool isOffered = harness.Store.NextCheckpoint(VolumeId.First, target - 1, out CheckpointInfo info) == StoreStatus.Ok
            && info.Sequence == target;
        Assert.Equal(cutsBefore < 3, isOffered);
        Assert.Equal(isOffered ? StoreStatus.Ok : StoreStatus.NotFound, harness.Store.Rollback(VolumeId.First, target, harness.Info()));
        if (isOffered)
            Verify(harness, 2);
        harness.CheckClean();
        harness.Reopen(crash: true);
        if (isOffered)
            Verify(harness, 2);
        harness.CheckClean();
    }

    [Fact]
    public void What_is_not_retained_is_not_found_and_nothing_happens()
    {
        using var harness = new StoreHarness();
        harness.Open();
        Write(harness, 1, "");
        Assert.Equal(StoreStatus.NotFound, harness.Store.Rollback(VolumeId.First, 77, harness.Info()));
        Verify(harness, 1);
        Assert.Equal(StoreStatus.BadArgument, harness.Store.Rollback(VolumeId.First, 1, harness.Info("named")));
        harness.CheckClean();
    }

    [Fact]
    public void A_rollback_whose_cut_did_not_happen_is_finished_by_recovery_and_seen_by_readers()
    {
        using var harness = new StoreHarness();
        harness.Open();
        Write(harness, 1, "target");
        ulong target = harness.Store.LastSequence;
        Write(harness, 2, "");
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Write(harness, 3, "");

        // The superblock of the cut behind it never arrives.
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, target, harness.Info()));
        Verify(harness, 1);
        harness.Memory.Fail = (operation, block) =>
            operation == BlockOperation.Write && block < 4 ? BlockStatus.MediaError : BlockStatus.Ok;
        Assert.NotEqual(StoreStatus.Ok, harness.Store.CutNow());
        harness.Memory.Fail = null;
        harness.Store.Abandon();
        ulong sequence = harness.Store.LastSequence;

        harness.Options.ReadOnly = true;
        harness.Open();
        Assert.Equal(sequence, harness.Store.LastSequence);
        Verify(harness, 1);
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, sequence, out StoreView? view));
        Assert.Equal(1UL, harness.Read(view!, 1, 0));
        view!.Close();
        harness.Store.Abandon();
        harness.CheckClean();

        harness.Options.ReadOnly = false;
        harness.Open();
        Verify(harness, 1);
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, sequence - 1, out view));
        Assert.Equal(3UL, harness.Read(view!, 1, 0));
        view!.Close();
        harness.CheckClean();
    }

    [Fact]
    public void The_cost_does_not_grow_with_the_size_of_the_state()
    {
        long small = CostOf(200);
        long large = CostOf(4000);
        Assert.True(large < small + 40, $"{small} blocks written for 200 pages, {large} for 4,000");
    }

    /// <summary>Rolls back to some checkpoint on offer and returns its model.</summary>
    public static StoreModel RollBackSomewhere(StoreHarness harness, Random random, Dictionary<ulong, StoreModel> past)
    {
        List<ulong> offered = [];
        ulong sequence = 0;
        while (harness.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
            offered.Add(sequence = info.Sequence);
        ulong target = offered[random.Next(offered.Count)];
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, target, harness.Info()));
        StoreModel model = past[target].Copy();
        past[harness.Store.LastSequence] = model.Copy();
        return model;
    }

    private static long CostOf(ulong pages)
    {
        using var harness = new StoreHarness(16_000);
        harness.Options.OverlayBytes = 4 << 20;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < pages; i++)
            harness.Write(commit, 1, i * 7, i + 1);
        harness.Commit(commit, "target");
        ulong target = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        commit = harness.Begin();
        harness.Write(commit, 1, 0, 99);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        long before = harness.Memory.BlocksWritten;
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, target, harness.Info()));
        long cost = harness.Memory.BlocksWritten - before;
        Assert.Equal(1UL, harness.Read(1, 0));
        harness.CheckClean();
        return cost;
    }

    private static void Write(StoreHarness harness, ulong value, string name)
    {
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, value);
        for (ulong page = 1; page < 30; page++)
            harness.Write(commit, 1, page * value, value);
        harness.PutRecord(commit, 2, $"record {value}");
        harness.Write(commit, 10 + value, 3, value);
        if (value > 2)
            harness.Store.CloneObject(commit, new ObjectId(1), new ObjectId(100 + value));
        harness.Commit(commit, name);
    }

    private static void Verify(StoreHarness harness, ulong value)
    {
        Assert.Equal(value, harness.Read(1, 0));
        Assert.Equal(value, harness.Read(1, 29 * value));
        Assert.Equal($"record {value}", harness.Record(2));
        Assert.Equal(value, harness.Read(10 + value, 3));
        if (value < 9)
            Assert.Equal(0UL, harness.Read(11 + value, 3));
    }
}
