using System;
using System.Collections.Generic;
using System.Text;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Commits of any size: all of their parts, or nothing.</summary>
public sealed unsafe class LargeCommitTests
{
    private const ulong PagesOfPart = 50;

    [Fact]
    public void A_commit_larger_than_the_log_and_the_overlay_becomes_the_state_at_once()
    {
        using var harness = Small();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7), new PageValue(2, 5, 8));
        ulong before = harness.Store.LastSequence;
        LargeCommit* large = Begin(harness);
        const ulong parts = 40;
        for (ulong part = 0; part < parts; part++)
        {
            SubmitPart(harness, large, part);
            Assert.Equal((7UL, 0UL), (harness.Read(1, 0), harness.Read(3, 1)));
        }
        ulong sequence = Finish(harness, large, "all of it");
        RequireParts(harness, parts);
        Assert.Equal(8UL, harness.Read(2, 5));
        harness.CheckClean();

        // One commit, whatever it took.
        List<ulong> offered = Offered(harness);
        Assert.Equal(sequence, offered[^1]);
        Assert.DoesNotContain(offered, at => at > before && at < sequence);
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "all of it"u8, out CheckpointInfo info));
        Assert.Equal((sequence, parts * PagesOfPart * 4096), (info.Sequence, info.Bytes));
        foreach (bool crash in (bool[])[true, false])
        {
            harness.Reopen(crash);
            RequireParts(harness, parts);
            harness.CheckClean();
        }
        Cut(harness, 4);
        Assert.Equal(0UL, harness.CheckClean().HiddenVolumes);
        RequireParts(harness, parts);
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "all of it"u8, out info));
        Assert.Equal(parts * PagesOfPart * 4096, info.Bytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void A_power_cut_before_the_end_leaves_nothing_of_it(int cuts)
    {
        using var harness = Small();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        Cut(harness, 4);
        ulong free = harness.Store.FreeBlocks;
        LargeCommit* large = Begin(harness);
        for (ulong part = 0; part < 12; part++)
            SubmitPart(harness, large, part);
        Cut(harness, cuts);
        SubmitPart(harness, large, 12);
        harness.Reopen(crash: true);
        RequireNothing(harness, free);
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 9));
        Assert.Equal(9UL, harness.Read(1, 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_given_up_becomes_free(bool isCutBefore)
    {
        using var harness = Small();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        Cut(harness, 4);
        ulong free = harness.Store.FreeBlocks;
        LargeCommit* large = Begin(harness);
        for (ulong part = 0; part < 5; part++)
            SubmitPart(harness, large, part);
        Cut(harness, isCutBefore ? 1 : 0);
        harness.Store.AbortLarge(large);
        RequireNothing(harness, free);
        large = Begin(harness);
        SubmitPart(harness, large, 0);
        Finish(harness, large, "");
        RequireParts(harness, 1);
    }

    [Fact]
    public void What_is_given_up_becomes_free_also_when_no_cut_is_due()
    {
        using var harness = Small();
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Reopen();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        LargeCommit* large = Begin(harness);
        SubmitPart(harness, large, 0);
        Cut(harness, 1);
        SubmitPart(harness, large, 1);
        Assert.Equal(1UL, harness.CheckClean().HiddenVolumes);
        harness.Store.AbortLarge(large);
        for (int i = 0; i < 3; i++)
            harness.Commit(harness.Begin());
        Assert.Equal(0UL, harness.CheckClean().HiddenVolumes);
        ulong cuts = harness.Store.Statistics.Cuts;
        for (int i = 0; i < 10; i++)
            harness.Commit(harness.Begin());
        Assert.Equal(cuts, harness.Store.Statistics.Cuts);
    }

    [Fact]
    public void One_that_is_being_opened_keeps_no_other_hidden_volume()
    {
        LargeCommit* slots = stackalloc LargeCommit[OpenLargeCommits.MemoryPages * 4096 / sizeof(LargeCommit)];
        new Span<byte>(slots, OpenLargeCommits.MemoryPages * 4096).Clear();
        var open = new OpenLargeCommits(slots);
        LargeCommit* opening = open.Take(1);
        Assert.True(open.IsTaken(1));
        Assert.False(open.IsOpenOn(1));
        Assert.False(open.IsOpen(VolumeRecord.HiddenBit | 2));
        opening->Hidden = VolumeRecord.HiddenBit | 3;
        Assert.True(open.IsOpenOn(1) && open.IsOpen(opening->Hidden));
        Assert.False(open.IsOpen(VolumeRecord.HiddenBit | 2));
        open.Give(opening);
        Assert.False(open.IsTaken(1) || open.IsOpen(VolumeRecord.HiddenBit | 3));
    }

    [Fact]
    public void Nobody_else_changes_the_volume_meanwhile_and_nobody_sees_the_hidden_one()
    {
        using var harness = Small();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        ObjectStore store = harness.Store;
        Assert.Equal(StoreStatus.Ok, store.CreateVolume(VolumeFlags.None, "other"u8, harness.Info(), out VolumeId other));
        StoreCommit* named = harness.Begin();
        harness.Commit(named, "name");
        ulong kept = store.LastSequence;
        LargeCommit* large = Begin(harness);
        var hidden = new VolumeId((other.Value + 1) | VolumeRecord.HiddenBit);
        SubmitPart(harness, large, 0);
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 8);
        Assert.Equal(StoreStatus.Busy, harness.TryCommit(commit));
        Assert.Equal(StoreStatus.Busy, store.Rollback(VolumeId.First, kept, harness.Info()));
        Assert.Equal(StoreStatus.Busy, store.SetVolume(VolumeId.First, VolumeFlags.Image, default, harness.Info()));
        Assert.Equal(StoreStatus.Busy, store.BeginLarge(VolumeId.First, harness.Info(), out _));

        // What changes nothing of its state may go on, and so may the others.
        commit = harness.Begin();
        Assert.Equal(StoreStatus.Ok, store.DropCheckpoint(commit, kept));
        harness.Commit(commit);
        harness.CommitTo(other, new PageValue(1, 0, 5));
        Assert.Equal(StoreStatus.Ok, store.CloneVolume(VolumeId.First, 0, VolumeFlags.None, default, harness.Info(), out VolumeId clone));
        Assert.Equal(7UL, harness.ReadFrom(clone, 1, 0));
        RequireHidden(harness, hidden);
        SubmitPart(harness, large, 1);
        Cut(harness, 1);
        RequireHidden(harness, hidden);
        Finish(harness, large, "");
        RequireHidden(harness, hidden);
        Assert.Equal((7UL, 5UL), (harness.ReadFrom(clone, 1, 0), harness.ReadFrom(other, 1, 0)));
        RequireParts(harness, 2);
        Assert.Equal(StoreStatus.NotFound, store.FindCheckpoint(VolumeId.First, "name"u8, out _));
        Assert.Equal(StoreStatus.BadArgument, MakeImageAndBegin(harness, other));
    }

    [Fact]
    public void A_full_disk_half_way_refuses_the_whole_and_loses_nothing()
    {
        using var harness = new StoreHarness(blocks: 3000, logBlocks: 64);
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        LargeCommit* large = Begin(harness);
        StoreStatus status = StoreStatus.Ok;
        ulong parts = 0;
        for (; status == StoreStatus.Ok; parts++)
            status = TrySubmitPart(harness, large, parts);
        Assert.Equal(StoreStatus.NoSpace, status);
        Assert.True(parts > 20, $"only {parts} parts");
        harness.Store.AbortLarge(large);

        // The next one waits for the cuts that give it back.
        large = Begin(harness);
        for (ulong part = 0; part + 5 < parts; part++)
            SubmitPart(harness, large, part);
        Finish(harness, large, "");
        RequireParts(harness, parts - 5);
        Assert.Equal(7UL, harness.Read(1, 0));
        Cut(harness, 4);
        Assert.Equal(0UL, harness.CheckClean().HiddenVolumes);
    }

    [Fact]
    public void What_one_that_was_given_up_has_left_makes_room_for_the_next_one_to_be_opened()
    {
        using var harness = new StoreHarness(blocks: 3000, logBlocks: 64);
        harness.Options.Retention.IsOff = true;
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        LargeCommit* large = Begin(harness);
        for (ulong part = 0; TrySubmitPart(harness, large, part) == StoreStatus.Ok; part++)
            Assert.True(part < 100);

        // What removes something may use more of the reserve than opening one may.
        StoreStatus status = StoreStatus.Ok;
        for (ulong id = 1000; status == StoreStatus.Ok; id++)
        {
            StoreCommit* part = harness.Begin();
            harness.Store.DeleteObject(part, new Base.ObjectId(id + 5000));
            harness.PutRecord(part, id, new string('r', 2500));
            status = Submit(harness, large, part);
        }
        Assert.Equal(StoreStatus.NoSpace, status);
        harness.Store.AbortLarge(large);
        large = Begin(harness);
        SubmitPart(harness, large, 0);
        Finish(harness, large, "");
        RequireParts(harness, 1);
        harness.CheckClean();
    }

    [Fact]
    public void A_part_is_full_before_it_is_too_large()
    {
        using var harness = Small();
        LargeCommit* large = Begin(harness);
        byte[] record = new byte[2500];
        for (ulong id = 1; id < 4000;)
        {
            StoreCommit* part = harness.Begin();
            for (; !harness.Store.IsFull(part); id++)
                Assert.Equal(StoreStatus.Ok, harness.Store.PutRecord(part, new Base.ObjectId(id), record));
            Assert.Equal(StoreStatus.Ok, Submit(harness, large, part));
        }
        Finish(harness, large, "");
        Assert.NotNull(harness.Record(3999));
        harness.CheckClean();
    }

    [Fact]
    public void Going_back_before_and_to_a_large_commit_and_views_of_both()
    {
        using var harness = Small();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        ulong before = harness.Store.LastSequence;
        LargeCommit* large = Begin(harness);
        for (ulong part = 0; part < 8; part++)
            SubmitPart(harness, large, part);
        ulong sequence = Finish(harness, large, "");
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 8));
        foreach (ulong target in (ulong[])[sequence, before, sequence])
        {
            if (harness.Store.OpenView(VolumeId.First, target, out StoreView? view) != StoreStatus.Ok)
                Assert.Equal(before, target);
            else
                Assert.Equal(target == sequence ? ValueOf(3, 2) : 0, harness.Read(view!, 3 + 3, 2));
            view?.Close();
            if (target == before && view == null)
                continue;
            Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, target, harness.Info()));
            Assert.Equal((7UL, target == sequence ? ValueOf(3, 2) : 0), (harness.Read(1, 0), harness.Read(3 + 3, 2)));
        }
        RequireParts(harness, 8);
        harness.Reopen(crash: true);
        RequireParts(harness, 8);
        Cut(harness, 4);
        harness.CheckClean();
    }

    private static StoreHarness Small()
    {
        var harness = new StoreHarness(blocks: 24_000, logBlocks: 64);
        harness.Options.OverlayBytes = 256 << 10;
        harness.Options.OrderedCommitBytes = 20 * 4096;
        harness.Open();
        return harness;
    }

    private static LargeCommit* Begin(StoreHarness harness)
    {
        StoreStatus status = harness.Store.BeginLarge(VolumeId.First, harness.Info(), out LargeCommit* large);
        Assert.Equal(StoreStatus.Ok, status);
        return large;
    }

    private static ulong ValueOf(ulong part, ulong page) => (part * 1000) + page + 1;

    private static void SubmitPart(StoreHarness harness, LargeCommit* large, ulong part)
        => Assert.Equal(StoreStatus.Ok, TrySubmitPart(harness, large, part));

    private static StoreStatus TrySubmitPart(StoreHarness harness, LargeCommit* large, ulong part)
    {
        StoreCommit* commit = harness.Begin();
        for (ulong page = 0; page < PagesOfPart; page++)
            harness.Write(commit, part + 3, page, ValueOf(part, page));
        return Submit(harness, large, commit);
    }

    private static StoreStatus Submit(StoreHarness harness, LargeCommit* large, StoreCommit* part)
    {
        StoreStatus status = harness.Store.SubmitPart(large, part, harness.Info());
        if (status == StoreStatus.Ok)
            status = harness.Store.WaitDurable(part);
        harness.Store.Release(part);
        harness.FreePages();
        return status;
    }

    private static ulong Finish(StoreHarness harness, LargeCommit* large, string name)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.FinishLarge(large, harness.Info(name), out StoreCommit* commit));
        ulong sequence = commit->SequenceNumber;
        Assert.Equal(StoreStatus.Ok, harness.Store.WaitDurable(commit));
        harness.Store.Release(commit);
        return sequence;
    }

    private static void RequireParts(StoreHarness harness, ulong parts)
    {
        for (ulong part = 0; part < parts; part++)
        {
            for (ulong page = 0; page < PagesOfPart; page += 7)
                Assert.Equal(ValueOf(part, page), harness.Read(part + 3, page));
        }
    }

    // As if it had never begun, also in what is free.
    private static void RequireNothing(StoreHarness harness, ulong free)
    {
        Assert.Equal((7UL, 0UL), (harness.Read(1, 0), harness.Read(3, 1)));
        harness.CheckClean();
        for (int i = 0; i < 4; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Commit(commit);
            Cut(harness, 1);
        }
        Assert.Equal((7UL, 0UL), (harness.Read(1, 0), harness.Read(3, 1)));
        Assert.Equal(0UL, harness.CheckClean().HiddenVolumes);
        Assert.InRange(harness.Store.FreeBlocks, free - 8, free + 8);
    }

    private static void RequireHidden(StoreHarness harness, VolumeId hidden)
    {
        ObjectStore store = harness.Store;
        for (VolumeId at = default; store.NextVolume(at, out VolumeInfo info) == StoreStatus.Ok; at = info.Id)
            Assert.True(info.Id.Value < VolumeRecord.HiddenBit);
        Assert.Equal(StoreStatus.NotFound, store.FindVolume(hidden, out _));
        Assert.Equal(StoreStatus.NotFound, store.CloneVolume(hidden, 0, VolumeFlags.None, default, harness.Info(), out _));
        Assert.Equal(StoreStatus.NotFound, store.DropVolume(hidden, harness.Info()));
        Assert.Equal(StoreStatus.NotFound, store.SetVolume(hidden, VolumeFlags.None, default, harness.Info()));
        Assert.Equal(StoreStatus.NotFound, store.NextCheckpoint(hidden, 0, out _));
        Assert.Equal(StoreStatus.NotFound, store.OpenView(hidden, store.LastSequence, out _));
        Assert.Equal(StoreStatus.NotFound, store.BeginLarge(hidden, harness.Info(), out _));
        StoreCommit* commit = store.Begin(hidden);
        harness.Write(commit, 1, 0, 1);
        Assert.Equal(StoreStatus.NotFound, harness.TryCommit(commit));
    }

    private static StoreStatus MakeImageAndBegin(StoreHarness harness, VolumeId volume)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.SetVolume(volume, VolumeFlags.Image, default, harness.Info()));
        return harness.Store.BeginLarge(volume, harness.Info(), out _);
    }

    private static List<ulong> Offered(StoreHarness harness)
    {
        List<ulong> offered = [];
        for (ulong at = 0; harness.Store.NextCheckpoint(VolumeId.First, at, out CheckpointInfo info) == StoreStatus.Ok; at = info.Sequence)
            offered.Add(info.Sequence);
        return offered;
    }

    private static void Cut(StoreHarness harness, int times)
    {
        for (int i = 0; i < times; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }
}
