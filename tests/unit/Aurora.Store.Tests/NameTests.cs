using System;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>A name stays until it is dropped, whatever the power does to a rollback.</summary>
public sealed unsafe class NameTests
{
    [Theory]
    [InlineData("nothing is damaged")]
    [InlineData("the superblock before the rollback is torn")]
    [InlineData("the superblock of the rollback is torn")]
    public void The_state_a_rollback_leaves_keeps_its_name(string what)
    {
        using var harness = new StoreHarness();
        harness.Info("", 1_700_000_000_000_000_000);
        harness.Open();
        Put(harness, 1, "old");
        ulong old = harness.Store.LastSequence;
        Put(harness, 2, "good");
        ulong good = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        if (what == "the superblock before the rollback is torn")
            TearNewestSuperblock(harness);
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, old, harness.Info()));
        if (what == "the superblock of the rollback is torn")
            TearNewestSuperblock(harness);
        Assert.Equal(1UL, harness.Read(1, 0));
        RequireName(harness, good);
        for (ulong value = 3; value < 6; value++)
        {
            Put(harness, value, "");
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
            RequireName(harness, good);
        }
        harness.CheckClean();
    }

    [Fact]
    public void A_branch_of_which_nothing_is_known_is_kept_from_the_rollback_on()
    {
        using var harness = new StoreHarness();
        harness.Info("", 1_700_000_000_000_000_000);
        harness.Options.Retention.IsOff = true;
        harness.Open();
        Put(harness, 1, "old");
        ulong old = harness.Store.LastSequence;
        Put(harness, 2, "");
        ulong left = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Options.Retention.IsOff = false;
        harness.Reopen(crash: true);
        TearNewestSuperblock(harness);
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, old, harness.Info()));
        for (ulong value = 3; value < 6; value++)
        {
            Put(harness, value, "");
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, left, out StoreView? view));
        Assert.Equal(2UL, harness.Read(view!, 1, 0));
        view!.Close();
    }

    private static void RequireName(StoreHarness harness, ulong sequence)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "good"u8, out CheckpointInfo info));
        Assert.Equal(sequence, info.Sequence);
        Assert.True(info.IsKept && !info.IsAutomatic);
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, sequence, out StoreView? view));
        Assert.Equal(2UL, harness.Read(view!, 1, 0));
        view!.Close();
    }

    private static void Put(StoreHarness harness, ulong value, string name)
    {
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, value);
        harness.Commit(commit, name);
    }

    // Power fails while both copies are being written, and comes back.
    private static void TearNewestSuperblock(StoreHarness harness)
    {
        harness.Store.Abandon();
        const int WriteVersion = 48;
        bool isFirst = BitConverter.ToUInt64(harness.Memory.Contents(0), WriteVersion) > BitConverter.ToUInt64(harness.Memory.Contents(2), WriteVersion);
        for (ulong block = isFirst ? 0UL : 2; block < (isFirst ? 2UL : 4); block++)
        {
            byte[] torn = (byte[])harness.Memory.Contents(block).Clone();
            torn[2000] ^= 0x55;
            harness.Memory.SetContents(block, torn);
        }
        harness.Open();
    }
}
