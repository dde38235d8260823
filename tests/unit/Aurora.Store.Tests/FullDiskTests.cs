using System;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Disks that are filled by what needs many tree nodes: every commit that is taken can be cut, before and after a crash, and deleting makes room.</summary>
public sealed unsafe class FullDiskTests
{
    private const ulong PagesPerLeaf = 168;

    // A process that forks, and children that write here and there: a node for every page.
    [Theory]
    [InlineData(20_000, 60, 100, true)]
    [InlineData(20_000, 60, 200, false)]
    [InlineData(65_536, 250, 200, false)]
    public void Scattered_writes_to_clones(ulong blocks, ulong leaves, ulong clones, bool isManual)
    {
        using StoreHarness harness = Opened(blocks, isManual ? 4096u : 0, isManual);
        for (ulong page = 0; page < leaves * PagesPerLeaf; page += 840)
            Assert.Equal(StoreStatus.Ok, WriteRun(harness, 1, page, 840));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        StoreCommit* fork = harness.Begin();
        for (ulong clone = 0; clone < clones; clone++)
            harness.Store.CloneObject(fork, new ObjectId(1), new ObjectId(100 + clone));
        harness.Commit(fork);
        ulong written = FillUp(harness, clones, (commit, clone) =>
        {
            for (ulong leaf = 0; leaf < leaves; leaf++)
                harness.Write((StoreCommit*)commit, 100 + clone, (leaf * PagesPerLeaf) + 5, leaf + 1);
        });
        RequireUsable(harness, 100);
        Assert.True(written * leaves * 3 > harness.Store.TotalBlocks / 10, $"only {written} clones were written");
    }

    [Fact]
    public void Records_of_three_kilobytes()
    {
        using StoreHarness harness = Opened(12_000, 2048, isManual: true);
        FillUp(harness, ulong.MaxValue, (commit, round) => Fill(harness, commit, 1, round * 50, 50));
        string text = new('x', 3000);
        ulong records = FillUp(harness, 2000, (commit, round) => harness.PutRecord((StoreCommit*)commit, 1000 + round, text));
        Assert.True(records > 10);
        RequireUsable(harness, 1000);
    }

    // Seven pages are one more than a record holds: a node for each file.
    [Theory]
    [InlineData(16_384, 6, 8, 7)]
    [InlineData(65_536, 6, 8, 25)]
    [InlineData(65_536, 3, 32, 7)]
    [InlineData(65_536, 3, 64, 7)]
    public void Small_files(ulong blocks, ulong freeShare, ulong filesPerCommit, ulong pages)
    {
        using StoreHarness harness = Opened(blocks, 0, isManual: false);
        FillUp(harness, ulong.MaxValue, (commit, round) => Fill(harness, commit, 1, round * 200, 200), leave: blocks / freeShare);
        ulong left = harness.Store.FreeBlocks;
        ulong commits = FillUp(harness, ulong.MaxValue, (commit, round) =>
        {
            for (ulong id = 10 + (round * filesPerCommit); id < 10 + ((round + 1) * filesPerCommit); id++)
            {
                harness.PutRecord((StoreCommit*)commit, id, "inode");
                Fill(harness, commit, id, 0, pages);
            }
        });
        Assert.True(commits * filesPerCommit * (pages + 1) > left * 2 / 3, $"{commits} commits of {filesPerCommit} files fit into {left} blocks");
        RequireUsable(harness, 11);
    }

    // What only goes makes no leaf of the index larger: a full disk takes it, however much there is of it.
    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public void Many_small_things_can_be_removed_at_once(ulong step)
    {
        const ulong Things = 6000;
        using StoreHarness harness = Opened(16_384, 4096, isManual: true);
        string text = new('x', 60);
        StoreCommit* make = harness.Begin();
        for (ulong id = 1; id <= Things; id++)
            harness.PutRecord(make, 10 + id, text);
        harness.Commit(make);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        FillUp(harness, ulong.MaxValue, (commit, round) => Fill(harness, commit, 1, round * 50, 50));
        FillUp(harness, ulong.MaxValue, (commit, round) => Fill(harness, commit, 2, round, 1));
        StoreCommit* remove = harness.Begin();
        for (ulong id = 1; id <= Things; id += step)
            harness.Store.DeleteObject(remove, new ObjectId(10 + id));
        Assert.Equal(StoreStatus.Ok, harness.TryCommit(remove));
        RequireUsable(harness, 1);
    }

    [Fact]
    public void Going_back_needs_a_merge_of_its_own()
    {
        using StoreHarness harness = Opened(12_000, 4096, isManual: true);
        FillUp(harness, ulong.MaxValue, (commit, round) => Fill(harness, commit, 1, round * 50, 50), leave: 1800);
        FillUp(harness, ulong.MaxValue, (commit, round) => Fill(harness, commit, 10 + round, 0, 7), leave: 300);
        StoreStatus status = harness.Store.Rollback(VolumeId.First, harness.Store.LastSequence - 1, harness.Info());
        Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.NotFound, $"{status}");
        RequireUsable(harness, 12);
    }

    // Nothing in the commit says that its keys are near each other: it is looked at closely before it is refused.
    [Fact]
    public void Changes_without_order_fit_when_their_sum_does()
    {
        using StoreHarness harness = Opened(2600, 128, isManual: true);
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 600; i++)
            harness.Write(commit, 1 + (i % 3), i * 7919 % 600, i + 1);
        harness.Commit(commit);
        commit = harness.Begin();
        for (ulong i = 0; i < 300; i++)
            harness.Write(commit, 9, i << 40, i + 1);
        harness.Commit(commit);
        RequireUsable(harness, 9);
    }

    // What the other commit claims is far more than it turns out to take.
    [Fact]
    public void A_volume_can_be_dropped_while_a_large_commit_is_prepared()
    {
        using StoreHarness harness = Opened(1800, 128, isManual: true);
        Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, default, harness.Info(), out VolumeId other));
        harness.CommitTo(other, new PageValue(1, 0, 1));
        for (int cut = 0; cut < 3; cut++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 300; i++)
            harness.Write(commit, 9, i << 40, i + 1);
        var dropped = StoreStatus.Pending;
        bool isWritten = false;
        harness.Memory.Fail = (operation, block) =>
        {
            if (operation == BlockOperation.Write && !isWritten)
            {
                isWritten = true;
                dropped = harness.Store.DropVolume(other, harness.Info());
            }
            return BlockStatus.Ok;
        };
        harness.Commit(commit);
        harness.Memory.Fail = null;
        Assert.Equal(StoreStatus.Ok, dropped);
        RequireUsable(harness, 9);
    }

    private static StoreHarness Opened(ulong blocks, uint logBlocks, bool isManual)
    {
        var harness = new StoreHarness(blocks, logBlocks);
        harness.Info("", 1_700_000_000_000_000_000);
        if (isManual)
        {
            harness.Options.OverlayBytes = 8 << 20;
            harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
            harness.Options.Retention.IsOff = true;
        }
        else
        {
            harness.Options = default;
        }
        harness.Open();
        return harness;
    }

    private static void Fill(StoreHarness harness, nint commit, ulong id, ulong first, ulong count)
    {
        for (ulong page = first; page < first + count; page++)
            harness.Write((StoreCommit*)commit, id, page, page + 1);
    }

    private static StoreStatus WriteRun(StoreHarness harness, ulong id, ulong first, ulong count)
    {
        StoreCommit* commit = harness.Begin();
        Fill(harness, (nint)commit, id, first, count);
        return harness.TryCommit(commit);
    }

    // Commits until there is no space, or so much is left; returns how many were taken.
    private static ulong FillUp(StoreHarness harness, ulong most, Action<nint, ulong> change, ulong leave = 0)
    {
        for (ulong done = 0; done < most && harness.Store.FreeBlocks > leave; done++)
        {
            StoreCommit* commit = harness.Begin();
            change((nint)commit, done);
            StoreStatus status = harness.TryCommit(commit);
            if (status == StoreStatus.NoSpace)
                return done;
            Assert.True(status == StoreStatus.Ok, $"commit {done}: {status}, health {harness.Store.Health}, {harness.Store.FreeBlocks} free");
        }
        return most;
    }

    private static void RequireUsable(StoreHarness harness, ulong deletable)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Reopen(crash: true);
        StoreCommit* remove = harness.Begin();
        harness.Store.DeleteObject(remove, new ObjectId(deletable));
        harness.Commit(remove);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
    }
}
