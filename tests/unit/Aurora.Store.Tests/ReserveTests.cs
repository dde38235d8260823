using System;
using System.Linq;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Bounds that must hold before anything is changed: space for removing things, memory of a commit, what a log says about itself.</summary>
public sealed unsafe class ReserveTests
{
    [Fact]
    public void On_a_full_disk_a_deletion_may_take_pages_with_it()
    {
        using var harness = new StoreHarness(blocks: 8192, logBlocks: 256);
        harness.Open();
        ulong objects = 0;
        for (StoreStatus status = StoreStatus.Ok; status == StoreStatus.Ok;)
        {
            StoreCommit* fill = harness.Begin();
            for (ulong i = 0; i < 200; i++)
                harness.Write(fill, 10 + objects, i, i + 1);
            status = harness.TryCommit(fill);
            objects += status == StoreStatus.Ok ? 1u : 0u;
        }
        Assert.True(harness.Store.FreeBlocks <= harness.Store.ReserveBlocks + 600);
        Assert.True(harness.Store.FreeBlocks < harness.Store.TotalBlocks / 10);
        StoreCommit* remove = harness.Begin();
        harness.Store.DeleteObject(remove, new ObjectId(10));
        for (ulong i = 0; i < 50; i++)
            harness.Write(remove, 5, i, i + 1);
        harness.Commit(remove);
        StoreCommit* again = harness.Begin();
        for (ulong i = 0; i < 100; i++)
            harness.Write(again, 6, i, i + 1);
        harness.Commit(again);
        harness.CheckClean();
    }

    [Fact]
    public void Lack_of_memory_is_not_taken_for_a_commit_that_is_too_large()
    {
        using var harness = new StoreHarness(blocks: 40_000, logBlocks: 1024);
        harness.Options.OverlayBytes = 2 << 20;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 5000; i++)
            harness.Write(commit, 1, i, i + 1);
        harness.Pages.PageLimit = harness.Pages.PagesOutstanding + 80;
        Assert.Equal(StoreStatus.OutOfMemory, harness.TryCommit(commit));
        harness.Pages.PageLimit = long.MaxValue;
        Assert.Equal(StoreStatus.Ok, harness.Store.Health);
        CommitBudget budget = harness.Store.CommitBudget;
        ulong most = budget.Bytes / budget.BytesPerPage;
        Assert.InRange(most, 10_000UL, 30_000UL);
        harness.CheckClean();
    }

    // Its layer would be built apart.
    [Fact]
    public void A_large_commit_that_lacks_memory_keeps_none()
    {
        using var harness = new StoreHarness(blocks: 40_000, logBlocks: 1024);
        harness.Options.OverlayBytes = 2 << 20;
        harness.Options.FewestApart = 100;
        harness.Open();
        long idle = harness.Pages.PagesOutstanding;
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 5000; i++)
            harness.Write(commit, 1, i, i + 1);
        harness.Pages.PageLimit = harness.Pages.PagesOutstanding + 120;
        Assert.Equal(StoreStatus.OutOfMemory, harness.TryCommit(commit));
        harness.Pages.PageLimit = long.MaxValue;
        Assert.InRange(harness.Pages.PagesOutstanding, idle, idle + 31);
        commit = harness.Begin();
        harness.Write(commit, 1, 0, 1);
        harness.Commit(commit);
        harness.CheckClean();
    }

    [Fact]
    public void A_commit_within_the_budget_is_taken_and_one_beyond_it_is_not()
    {
        using var harness = new StoreHarness(blocks: 40_000, logBlocks: 2048);
        harness.Options.OverlayBytes = 1 << 20;
        harness.Open();
        CommitBudget budget = harness.Store.CommitBudget;
        ulong most = (budget.Bytes - budget.BytesPerObject - 8192) / budget.BytesPerPage;
        foreach (ulong pages in (ulong[])[most, most + 200])
        {
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < pages; i++)
                harness.Store.WriteHole(commit, new ObjectId(1), i * 2);
            Assert.Equal(pages == most ? StoreStatus.Ok : StoreStatus.CommitTooLarge, harness.TryCommit(commit));
        }
    }

    [Fact]
    public void Deleting_what_the_layer_holds_never_runs_out_of_its_reserve()
    {
        for (long limit = 0; limit < 40; limit += 9)
        {
            using var harness = new StoreHarness(blocks: 30_000, logBlocks: 1024);
            harness.Options.OverlayBytes = 4 << 20;
            harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
            harness.Open();
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < 9000; i++)
                harness.Write(commit, 1, i, i + 1);
            harness.Commit(commit);
            harness.Pages.PageLimit = harness.Pages.PagesOutstanding + 5 + limit;
            StoreCommit* remove = harness.Begin();
            harness.Store.DeleteObject(remove, new ObjectId(1));
            Assert.True(harness.TryCommit(remove) is StoreStatus.Ok or StoreStatus.OutOfMemory);
            harness.Pages.PageLimit = long.MaxValue;
        }
    }

    [Fact]
    public void A_quiet_store_writes_one_watermark_and_no_more()
    {
        using var harness = new StoreHarness();
        harness.Open();
        Assert.False(harness.Store.IsWatermarkDue);
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 1);
        harness.Commit(commit);
        Assert.True(harness.Store.IsWatermarkDue);
        Assert.Equal(StoreStatus.Ok, harness.Store.WriteWatermark());
        Assert.False(harness.Store.IsWatermarkDue);
        long written = harness.Memory.BlocksWritten;
        Assert.Equal(StoreStatus.Ok, harness.Store.WriteWatermark());
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        written = harness.Memory.BlocksWritten;
        Assert.Equal(StoreStatus.Ok, harness.Store.WriteWatermark());
        Assert.Equal(written, harness.Memory.BlocksWritten);
    }

    [Fact]
    public void A_watermark_behind_a_gap_protects_what_it_covers()
    {
        using var harness = new StoreHarness();
        harness.Open();
        for (ulong i = 1; i <= 5; i++)
            WriteOne(harness, i, wait: true);
        WriteOne(harness, 6, wait: false);
        WriteOne(harness, 7, wait: false);
        harness.Store.Abandon();

        // 6 is lost; 7, written beside it, says that 5 was durable. Damage to the data of 5 must not take 5 away.
        harness.Memory.SetContents(StoreFormat.LogStart + 5, new byte[4096]);
        ulong block = harness.Memory.WrittenBlocks.First(b => BitConverter.ToUInt64(harness.Memory.Contents(b)) == 5);
        harness.Memory.SetContents(block, new byte[4096]);
        harness.Open();
        Assert.Equal(5UL, harness.Store.LastSequence);
        void* page = harness.Pages.Allocate(1);
        Assert.Equal(StoreStatus.BadChecksum, harness.Store.ReadPage(VolumeId.First, new ObjectId(1), 5, page));
        harness.Pages.Free(page, 1);
    }

    [Fact]
    public void A_tree_that_leads_to_one_node_on_many_ways_is_refused()
    {
        using var harness = new StoreHarness();
        Assert.Equal(StoreStatus.Ok, HostileImages.MakeDag(harness));
        StoreStatus status = harness.TryOpen();
        byte[] record = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = default;
        for (int i = 0; i < 100 && status == StoreStatus.Ok; i++)
            status = harness.Store.NextRecord(VolumeId.First, ref id, record, out _);
        Assert.Equal(StoreStatus.Corrupt, status);
        Assert.Equal(FaultPlace.ObjectTree, harness.Store.LastFault.Place);
        StoreCommit* commit = harness.Begin();
        harness.PutRecord(commit, 70, "x");
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Corrupt, harness.Store.CutNow());
    }

    private static void WriteOne(StoreHarness harness, ulong value, bool wait)
    {
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, value, value);
        if (wait)
            harness.Commit(commit);
        else
            Assert.Equal(StoreStatus.Ok, harness.Store.Submit(commit, harness.Info()));
    }
}
