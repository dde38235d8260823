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
}
