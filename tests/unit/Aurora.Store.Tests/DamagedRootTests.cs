using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>One damaged root does not take the rest with it: the present comes back, goes on, and the damage is named.</summary>
public sealed unsafe class DamagedRootTests
{
    private const ulong Second = 1_000_000_000;

    [Fact]
    public void With_a_damaged_history_the_present_opens_and_goes_on_and_nothing_of_the_history_is_given_away()
    {
        using StoreHarness harness = MakeImage(isOlderTheSame: true);
        ulong block = TableRoots.HistoryOf(harness.Memory, Newest(harness)).Block;
        byte[] good = harness.Memory.Contents(block);
        harness.Memory.SetContents(block, new byte[4096]);

        harness.Open();
        Assert.Equal((StoreStatus.BadChecksum, FaultPlace.HistoryTree, block), FaultOf(harness.Store));
        RequirePresent(harness);
        for (ulong i = 100; i < 130; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, i % 7, i);
            harness.Write(commit, 2, i, i);
            Assert.Equal(StoreStatus.Ok, harness.TryCommit(commit, i == 110 ? "too late" : "", Second));
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(StoreStatus.Ok, harness.Store.Health);
        Assert.Equal(StoreStatus.BadChecksum, harness.Store.Rollback(VolumeId.First, harness.Store.LastSequence, harness.Info()));

        // What is recent is still on offer.
        ulong last = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.NextCheckpoint(VolumeId.First, last - 1, out CheckpointInfo recent));
        Assert.Equal(last, recent.Sequence);
        harness.Reopen(crash: true);
        Assert.Equal(129UL, harness.Read(2, 129));

        // When the block can be read again, all of the history is there.
        harness.Store.Abandon();
        harness.Memory.SetContents(block, good);
        harness.Open();
        Assert.Equal(StoreStatus.Ok, harness.Store.HistoryFault(VolumeId.First).Status);
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "kept"u8, out CheckpointInfo kept));
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, kept.Sequence, out StoreView? view));
        Assert.Equal(6UL, harness.Read(view!, 1, 6));
        view!.Close();
        harness.CheckClean();
    }

    [Fact]
    public void With_a_damaged_history_a_named_commit_in_the_log_does_not_stop_recovery()
    {
        using StoreHarness harness = MakeImage(isOlderTheSame: true);
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 3, 0, 33);
        harness.Commit(commit, "in the log");
        ulong block = TableRoots.HistoryOf(harness.Memory, Newest(harness)).Block;
        harness.Store.Abandon();
        harness.Memory.SetContents(block, new byte[4096]);
        harness.Open();
        Assert.Equal(33UL, harness.Read(3, 0));
        Assert.Equal(StoreStatus.BadChecksum, harness.Store.HistoryFault(VolumeId.First).Status);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }

    [Theory]
    [InlineData("objects", false)]
    [InlineData("objects", true)]
    [InlineData("history", false)]
    [InlineData("space map", false)]
    [InlineData("space map", true)]
    public void A_damaged_root_of_the_newest_superblock_is_recovered_from_the_older_one_and_the_log(string root, bool isErrorOfDevice)
    {
        using StoreHarness harness = MakeImage(isOlderTheSame: false);
        ulong block = RootOf(harness, root);
        if (isErrorOfDevice)
            harness.Memory.Fail = (operation, start)
                => operation == BlockOperation.Read && start == block ? BlockStatus.MediaError : BlockStatus.Ok;
        else
            harness.Memory.SetContents(block, new byte[4096]);
        harness.Open();
        Assert.Equal(StoreStatus.Ok, harness.Store.HistoryFault(VolumeId.First).Status);
        RequirePresent(harness);
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "kept"u8, out _));
        harness.Memory.Fail = null;
        for (ulong i = 100; i < 110; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 2, i, i);
            harness.Commit(commit);
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        RequirePresent(harness);
        harness.Reopen(crash: true);
        RequirePresent(harness);
        harness.CheckClean();
    }

    [Fact]
    public void With_a_damaged_space_map_the_present_can_be_read_and_writing_is_refused_by_name()
    {
        using StoreHarness harness = MakeImage(isOlderTheSame: true);
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 3, 0, 33);
        harness.Commit(commit);
        ulong block = RootOf(harness, "space map");
        harness.Store.Abandon();
        harness.Memory.SetContents(block, new byte[4096]);
        Assert.Equal(StoreStatus.BadChecksum, harness.TryOpen());
        Assert.Equal((FaultPlace.SpaceMap, block), (harness.OpenFault.Place, harness.OpenFault.Block.Value));
        harness.Options.ReadOnly = true;
        harness.Open();
        RequirePresent(harness);
        Assert.Equal(33UL, harness.Read(3, 0));
    }

    [Fact]
    public void Dropping_what_cannot_be_read_costs_its_space_and_nothing_else()
    {
        using var harness = new StoreHarness();
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong page = 0; page < 300; page++)
            harness.Write(commit, 5, page, page + 1);
        harness.PutRecord(commit, 6, "stays");
        harness.Commit(commit, "large");
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        ulong pageTree = NodeOf(harness, TreeKind.Pages);
        commit = harness.Begin();
        harness.Store.DeleteObject(commit, new ObjectId(5));
        harness.Commit(commit);
        harness.Reopen();
        harness.Memory.SetContents(pageTree, new byte[4096]);
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "large"u8, out CheckpointInfo large));
        commit = harness.Begin();
        harness.Store.DropCheckpoint(commit, large.Sequence);
        harness.Commit(commit);
        for (int i = 0; i < 3; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal("stays", harness.Record(6));
        Assert.All(
            harness.Check(out _),
            fault => Assert.True(
                fault.StartsWith("Leaked", StringComparison.Ordinal) || fault.Contains("Superblock", StringComparison.Ordinal), fault));
    }

    [Theory]
    [InlineData("")]
    [InlineData("target")]
    public void A_root_that_fails_to_be_read_once_costs_nothing_when_a_rollback_is_waiting_for_its_cut(string name)
    {
        using StoreHarness harness = WithRollbackWaiting(name, isRecordWritten: true);
        ulong block = RootOf(harness, "objects");
        harness.Memory.Fail = (operation, start) => operation == BlockOperation.Read && start == block ? BlockStatus.MediaError : BlockStatus.Ok;
        StoreStatus first = harness.TryOpen();
        Assert.True(first == StoreStatus.Ok || harness.OpenFault.Place == FaultPlace.ObjectTree, $"{first} {harness.OpenFault.Place}");
        harness.Memory.Fail = null;
        if (first == StoreStatus.Ok)
            harness.Store.Abandon();
        harness.Open();
        Assert.Equal(7UL, harness.Read(1, 0));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
    }

    [Fact]
    public void What_the_newest_superblock_requires_is_required_still_when_the_older_one_is_used()
    {
        using StoreHarness harness = WithRollbackWaiting("", isRecordWritten: false);
        RequireInNewest(harness, StoreFormat.RollbackFeature | StoreFormat.LargeCommitFeature);
        harness.Memory.SetContents(RootOf(harness, "objects"), new byte[4096]);
        harness.Open();
        Assert.Equal(8UL, harness.Read(1, 0));
        Assert.Equal(StoreFormat.RollbackFeature | StoreFormat.WrittenFeatures, Newest(harness).RequiredFeatures);
    }

    // A build that does not know large or joined commits would take their records for the end of the log, or a part for the whole.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_the_log_may_hold_is_required_of_who_opens_the_image_before_the_first_commit(bool isReadOnly)
    {
        using var harness = new StoreHarness();
        Assert.Equal(StoreFormat.WrittenFeatures, Newest(harness).RequiredFeatures);
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Store.Abandon();
        RequireInAll(harness, 0);
        harness.Options.ReadOnly = isReadOnly;
        harness.Open();
        Assert.Equal(7UL, harness.Read(1, 0));
        Assert.Equal(isReadOnly ? 0 : StoreFormat.WrittenFeatures, Newest(harness).RequiredFeatures);
        if (!isReadOnly)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(isReadOnly ? 0 : StoreFormat.WrittenFeatures, Newest(harness).RequiredFeatures);
    }

    [Fact]
    public void A_feature_that_this_build_does_not_know_is_refused()
    {
        using var harness = new StoreHarness();
        RequireInAll(harness, StoreFormat.KnownFeatures + 1);
        Assert.Equal(StoreStatus.UnknownFeature, harness.TryOpen());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_page_of_the_last_commit_that_cannot_be_read_is_no_reason_to_show_an_older_state(bool isReadOnly)
    {
        using StoreHarness harness = MakeImage(isOlderTheSame: true);
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 3, 0, 0x3333);
        harness.Commit(commit);
        harness.Store.Abandon();
        ulong data = BlockWith(harness, 0x3333);
        harness.Memory.Fail = (operation, start) => operation == BlockOperation.Read && start == data ? BlockStatus.MediaError : BlockStatus.Ok;
        harness.Options.ReadOnly = isReadOnly;
        Assert.Equal(StoreStatus.DeviceError, harness.TryOpen());
        Assert.Equal((FaultPlace.Device, data), (harness.OpenFault.Place, harness.OpenFault.Block.Value));
        harness.Memory.Fail = null;
        harness.Open();
        Assert.Equal(0x3333UL, harness.Read(3, 0));
    }

    // Power fails after the cut that keeps the target of a rollback, before or after the record that goes back to it, and before another
    // cut.
    private static StoreHarness WithRollbackWaiting(string name, bool isRecordWritten)
    {
        var harness = new StoreHarness();
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        for (ulong value = 5; value <= 8; value++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, 0, value);
            harness.PutRecord(commit, 50 + value, $"record {value}");
            harness.Commit(commit, value == 7 ? name : "");
            if (value == 6)
                Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        int superblocks = 0;
        harness.Memory.Fail = (operation, block) =>
        {
            bool isWrite = operation == BlockOperation.Write;
            superblocks += isWrite && block < 4 ? 1 : 0;
            bool isLate = block < 4 ? superblocks > 1 : !isRecordWritten && superblocks == 1 && block < StoreFormat.LogStart + 256;
            return isWrite && isLate ? BlockStatus.MediaError : BlockStatus.Ok;
        };
        StoreStatus status = harness.Store.Rollback(VolumeId.First, harness.Store.LastSequence - 1, harness.Info());
        Assert.Equal(isRecordWritten, status == StoreStatus.Ok);
        harness.Memory.Fail = null;
        harness.Store.Abandon();
        return harness;
    }

    private static ulong BlockWith(StoreHarness harness, ulong value)
    {
        foreach (ulong block in harness.Memory.WrittenBlocks)
        {
            if (BitConverter.ToUInt64(harness.Memory.Contents(block)) == value)
                return block;
        }
        return 0;
    }

    // Commits over two cuts, of which one is kept by name. Closed; with another mount at the end both superblocks name the same cut.
    private static StoreHarness MakeImage(bool isOlderTheSame)
    {
        var harness = new StoreHarness();
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        for (ulong i = 1; i <= 40; i++)
        {
            StoreCommit* commit = harness.Begin();
            harness.Write(commit, 1, i, i);
            harness.PutRecord(commit, 50 + i, $"record {i}");
            Assert.Equal(StoreStatus.Ok, harness.TryCommit(commit, i == 10 ? "kept" : "", Second));
            if (i is 20 or 30)
                Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.Close());
        if (isOlderTheSame)
        {
            harness.Open();
            Assert.Equal(StoreStatus.Ok, harness.Store.Close());
        }
        return harness;
    }

    private static void RequirePresent(StoreHarness harness)
    {
        for (ulong i = 7; i <= 40; i++)
        {
            Assert.Equal(i, harness.Read(1, i));
            Assert.Equal($"record {i}", harness.Record(50 + i));
        }
    }

    private static (StoreStatus Status, FaultPlace Place, ulong Block) FaultOf(ObjectStore store)
        => (store.HistoryFault(VolumeId.First).Status, store.HistoryFault(VolumeId.First).Place,
            store.HistoryFault(VolumeId.First).Block.Value);

    private static Superblock Newest(StoreHarness harness)
    {
        Superblock newest = default;
        for (ulong block = 0; block < 4; block++)
        {
            fixed (byte* bytes = harness.Memory.Contents(block))
            {
                if (((Superblock*)bytes)->WriteVersion > newest.WriteVersion)
                    newest = *(Superblock*)bytes;
            }
        }
        return newest;
    }

    private static void RequireInNewest(StoreHarness harness, ulong features)
        => Require(harness, Newest(harness).WriteVersion, features);

    private static void RequireInAll(StoreHarness harness, ulong features)
    {
        for (ulong version = Newest(harness).WriteVersion, slot = 0; slot < 2 && version > 0; slot++, version--)
            Require(harness, version, features);
    }

    private static void Require(StoreHarness harness, ulong version, ulong features)
    {
        for (ulong block = 0; block < 4; block++)
        {
            byte[] contents = (byte[])harness.Memory.Contents(block).Clone();
            fixed (byte* bytes = contents)
            {
                var super = (Superblock*)bytes;
                super->RequiredFeatures = super->WriteVersion == version ? features : super->RequiredFeatures;
                super->Checksum = BlockChecksum.OfSuperblock(super);
            }
            harness.Memory.SetContents(block, contents);
        }
    }

    private static ulong RootOf(StoreHarness harness, string root)
    {
        Superblock super = Newest(harness);
        Geometry.TryCreate(super.BlockCount, super.LogBlocks, out Geometry geometry);
        return root switch
        {
            "objects" => TableRoots.ObjectsOf(harness.Memory, super).Block,
            "history" => TableRoots.HistoryOf(harness.Memory, super).Block,
            _ => geometry.Level2Start + ((SpaceEntry*)super.SpaceRoots)->Slot,
        };
    }

    private static ulong NodeOf(StoreHarness harness, TreeKind kind)
    {
        foreach (ulong block in harness.Memory.WrittenBlocks)
        {
            fixed (byte* bytes = harness.Memory.Contents(block))
            {
                var header = (NodeHeader*)bytes;
                if (header->Magic == StoreFormat.NodeMagic && header->Kind == kind && header->Level == 0 && header->Block == block)
                    return block;
            }
        }
        return 0;
    }
}
