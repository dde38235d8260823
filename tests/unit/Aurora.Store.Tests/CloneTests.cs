using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>What clones cost while they are not in the trees yet, and what becomes of counts that are full.</summary>
public sealed unsafe class CloneTests
{
    [Fact]
    public void As_many_clones_of_small_objects_as_commits_take_can_be_cut()
    {
        using var harness = new StoreHarness(blocks: 8192, logBlocks: 512);
        harness.Options.OverlayBytes = 256 << 10;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 6; i++)
            harness.Write(commit, 1, i, i + 1);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        for (ulong round = 0; round < 40; round++)
        {
            commit = harness.Begin();
            for (ulong i = 0; i < 100; i++)
                harness.Store.CloneObject(commit, new ObjectId(1), new ObjectId(100 + (round * 100) + i));
            harness.Commit(commit);
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Reopen(crash: true);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(6UL, harness.Read(4099, 5));
        harness.CheckClean();
    }

    [Fact]
    public void A_cut_that_lacked_memory_is_made_when_there_is_some_again()
    {
        using var harness = new StoreHarness(blocks: 8192, logBlocks: 512);
        harness.Options.OverlayBytes = 256 << 10;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 1);
        harness.Commit(commit, "target");
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        ulong target = harness.Store.LastSequence;
        for (ulong round = 0; round < 6; round++)
        {
            commit = harness.Begin();
            for (ulong i = 0; i < 100; i++)
                harness.Store.CloneObject(commit, new ObjectId(1), new ObjectId(100 + (round * 100) + i));
            harness.Commit(commit);
            harness.Pages.PageLimit = harness.Pages.PagesOutstanding;
            Assert.True(harness.Store.Rollback(VolumeId.First, target, harness.Info()) is StoreStatus.OutOfMemory or StoreStatus.Ok);
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
            harness.Pages.PageLimit = long.MaxValue;
        }
        harness.CheckClean();
    }

    [Fact]
    public void A_clone_of_a_much_changed_object_is_taken_after_a_cut()
    {
        using var harness = new StoreHarness(blocks: 40_000, logBlocks: 4096);
        harness.Options.OverlayBytes = 2 << 20;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        for (ulong round = 0; round < 2; round++)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < 7000; i++)
                harness.Write(commit, 1, (round * 7000) + i, i + 1);
            harness.Commit(commit);
        }
        StoreCommit* clones = harness.Begin();
        harness.Store.CloneObject(clones, new ObjectId(1), new ObjectId(2));
        harness.Store.CloneObject(clones, new ObjectId(1), new ObjectId(3));
        harness.Commit(clones);
        Assert.Equal(7000UL, harness.Read(3, 13_999));
        harness.CheckClean();
    }

    // 65,600 clones are more than a count holds: what they share stays for ever, and a check knows that.
    // What the budget says is what the group's epochs are held to: a fork that keeps to it must never be refused.
    [Fact]
    public void A_commit_takes_as_many_clones_as_its_budget_says()
    {
        using var harness = new StoreHarness(blocks: 20_000, logBlocks: 4096);
        harness.Open();
        CommitBudget budget = harness.Store.CommitBudget;
        const ulong Removal = 9;
        const ulong Fixed = 8192;
        ulong clones = (budget.Bytes - Fixed) / (budget.BytesPerObject + budget.BytesPerPage + Removal);
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 5);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        commit = harness.Begin();
        for (ulong i = 0; i < clones; i++)
            harness.Store.CloneObject(commit, new ObjectId(i == 0 ? 1 : 99 + i), new ObjectId(100 + i));
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(5UL, harness.Read(99 + clones, 0));
        harness.CheckClean();
    }

    [Fact]
    public void Full_counts_keep_their_blocks_for_ever_and_a_check_finds_no_fault()
    {
        using var harness = new StoreHarness(blocks: 40_000, logBlocks: 8192);
        harness.Options.OverlayBytes = 64 << 20;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 10; i++)
            harness.Write(commit, 1, i, i + 1);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        const ulong Last = 65_699;
        ForAll(harness, 100, Last, (changes, id) => harness.Store.CloneObject((StoreCommit*)changes, new ObjectId(1), new ObjectId(id)));
        ForAll(harness, 100, Last - 1, (changes, id) => harness.Store.DeleteObject((StoreCommit*)changes, new ObjectId(id)));
        ForAll(harness, 1, 1, (changes, id) => harness.Store.DeleteObject((StoreCommit*)changes, new ObjectId(id)));
        commit = harness.Begin();
        harness.Write(commit, Last, 2, 77);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(77UL, harness.Read(Last, 2));
        Assert.Equal(4UL, harness.Read(Last, 3));
        harness.CheckClean();
        ForAll(harness, Last, Last, (changes, id) => harness.Store.DeleteObject((StoreCommit*)changes, new ObjectId(id)));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
    }

    private static void ForAll(StoreHarness harness, ulong first, ulong last, System.Func<nint, ulong, StoreStatus> change)
    {
        const ulong PerCommit = 4000;
        for (ulong start = first; start <= last; start += PerCommit)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong id = start; id < start + PerCommit && id <= last; id++)
                Assert.Equal(StoreStatus.Ok, change((nint)commit, id));
            harness.Commit(commit);
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }
}
