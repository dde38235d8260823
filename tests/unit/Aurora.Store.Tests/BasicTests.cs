using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

public sealed unsafe class BasicTests
{
    [Fact]
    public void A_new_store_is_empty_and_opens_twice()
    {
        using var store = new StoreHarness();
        store.Open();
        Assert.Equal(0UL, store.Read(1, 0));
        Assert.Null(store.Record(1));
        store.Reopen();
        Assert.Equal(0UL, store.Store.LastSequence);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_committed_is_there_after_opening_again(bool crash)
    {
        using var store = new StoreHarness();
        store.Open();
        StoreCommit* commit = store.Begin();
        store.Write(commit, 7, 0, 70);
        store.Write(commit, 7, 1, 71);
        store.Write(commit, 7, 1000, 72);
        store.PutRecord(commit, 7, "seven");
        store.Commit(commit);
        Assert.Equal(71UL, store.Read(7, 1));
        store.Reopen(crash);
        Assert.Equal(70UL, store.Read(7, 0));
        Assert.Equal(71UL, store.Read(7, 1));
        Assert.Equal(0UL, store.Read(7, 2));
        Assert.Equal(72UL, store.Read(7, 1000));
        Assert.Equal("seven", store.Record(7));
    }

    [Fact]
    public void Trees_hold_what_cuts_put_into_them()
    {
        using var store = new StoreHarness();
        store.Open();
        for (ulong round = 0; round < 5; round++)
        {
            StoreCommit* commit = store.Begin();
            for (ulong page = 0; page < 300; page++)
                store.Write(commit, 1 + (page % 3), page * (round + 1), (round * 1000) + page + 1);
            store.PutRecord(commit, 1, $"round {round}");
            store.Commit(commit);
            Assert.Equal(StoreStatus.Ok, store.Store.CutNow());
        }
        store.Reopen(crash: true);
        Assert.Equal("round 4", store.Record(1));
        for (ulong page = 0; page < 300; page++)
            Assert.Equal(4000 + page + 1, store.Read(1 + (page % 3), page * 5));
    }

    [Fact]
    public void One_small_commit_is_one_round_of_writes_and_one_flush()
    {
        using var store = new StoreHarness();
        store.Open();
        long requests = store.Memory.WriteRequests;
        long flushes = store.Memory.Flushes;
        StoreCommit* commit = store.Begin();
        store.Write(commit, 1, 0, 1);
        store.Commit(commit);
        Assert.Equal(2, store.Memory.WriteRequests - requests);
        Assert.Equal(1, store.Memory.Flushes - flushes);
    }

    [Fact]
    public void A_quiet_store_writes_one_watermark_and_then_nothing()
    {
        using var store = new StoreHarness();
        store.Open();
        StoreCommit* commit = store.Begin();
        store.Write(commit, 1, 0, 1);
        store.Commit(commit);
        long before = store.Memory.WriteRequests;
        for (int i = 0; i < 5; i++)
            Assert.Equal(StoreStatus.Ok, store.Store.WriteWatermark());
        Assert.Equal(1, store.Memory.WriteRequests - before);
    }

    [Fact]
    public void A_clone_costs_nothing_and_later_changes_stay_apart()
    {
        using var store = new StoreHarness();
        store.Open();
        StoreCommit* commit = store.Begin();
        for (ulong page = 0; page < 500; page++)
            store.Write(commit, 1, page, page + 1);
        store.Commit(commit);
        Assert.Equal(StoreStatus.Ok, store.Store.CutNow());
        long written = store.Memory.BlocksWritten;
        StoreCommit* clone = store.Begin();
        store.Store.CloneObject(clone, new ObjectId(1), new ObjectId(2));
        store.Commit(clone);
        Assert.Equal(1, store.Memory.BlocksWritten - written);
        StoreCommit* change = store.Begin();
        store.Write(change, 1, 3, 1003);
        store.Write(change, 2, 4, 2004);
        store.Store.DeleteObject(change, new ObjectId(3));
        store.Commit(change);
        Assert.Equal(StoreStatus.Ok, store.Store.CutNow());
        store.Reopen();
        Assert.Equal(1003UL, store.Read(1, 3));
        Assert.Equal(4UL, store.Read(2, 3));
        Assert.Equal(5UL, store.Read(1, 4));
        Assert.Equal(2004UL, store.Read(2, 4));
        Assert.Equal(500UL, store.Read(2, 499));
        StoreCommit* delete = store.Begin();
        store.Store.DeleteObject(delete, new ObjectId(1));
        store.Commit(delete);
        Assert.Equal(StoreStatus.Ok, store.Store.CutNow());
        Assert.Equal(500UL, store.Read(2, 499));
        store.CheckClean();
    }

    [Fact]
    public void A_named_commit_can_be_read_until_it_is_dropped()
    {
        using var store = new StoreHarness();
        store.Open();
        for (ulong round = 1; round <= 10; round++)
        {
            StoreCommit* commit = store.Begin();
            store.Write(commit, 1, 0, round);
            store.PutRecord(commit, 1, $"r{round}");
            store.Commit(commit, round == 3 ? "third" : "");
            Assert.Equal(StoreStatus.Ok, store.Store.CutNow());
        }
        store.Reopen();
        Assert.Equal(StoreStatus.Ok, store.Store.FindCheckpoint(VolumeId.First, "third"u8, out CheckpointInfo info));
        Assert.True(info.IsKept && info.Sequence == 3 && info.Bytes == 4096);
        Assert.Equal(StoreStatus.Ok, store.Store.OpenView(VolumeId.First, info.Sequence, out StoreView? view));
        Assert.Equal(3UL, store.Read(view!, 1, 0));
        StoreCommit* drop = store.Begin();
        store.Store.DropCheckpoint(drop, info.Sequence);
        store.Commit(drop);
        for (int i = 0; i < 4; i++)
            Assert.Equal(StoreStatus.Ok, store.Store.CutNow());
        Assert.Equal(3UL, store.Read(view!, 1, 0));
        view!.Close();
        Assert.Equal(StoreStatus.NotFound, store.Store.FindCheckpoint(VolumeId.First, "third"u8, out _));
        Assert.Equal(10UL, store.Read(1, 0));
        store.CheckClean();
    }
}
