using System;
using System.Diagnostics;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Full disks, failing devices, little memory, large images.</summary>
public sealed unsafe class LimitTests
{
    [Fact]
    public void A_full_disk_refuses_commits_loses_nothing_and_deleting_makes_room()
    {
        using var harness = new StoreHarness(blocks: 2000, logBlocks: 128);
        harness.Open();
        ulong written = 0;
        StoreStatus status = StoreStatus.Ok;
        while (status == StoreStatus.Ok)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < 20; i++)
                harness.Write(commit, 1 + (written % 3), (written * 20) + i, (written * 20) + i + 1);
            status = harness.TryCommit(commit);
            written += status == StoreStatus.Ok ? 1u : 0u;
        }
        Assert.Equal(StoreStatus.NoSpace, status);
        Assert.Equal(StoreStatus.Ok, harness.Store.Health);
        Assert.True(written * 20 > 1000, $"only {written * 20} pages fit");
        harness.CheckClean();
        harness.Reopen(crash: true);
        for (ulong i = 0; i < written * 20; i++)
            Assert.Equal(i + 1, harness.Read(1 + (i / 20 % 3), i));

        StoreCommit* delete = harness.Begin();
        harness.Store.DeleteObject(delete, new ObjectId(1));
        harness.Commit(delete);
        StoreCommit* again = harness.Begin();
        for (ulong i = 0; i < 200; i++)
            harness.Write(again, 8, i, i + 5);
        harness.Commit(again);
        Assert.Equal(5UL, harness.Read(8, 0));
        harness.CheckClean();
    }

    [Fact]
    public void Everything_written_and_deleted_is_free_again()
    {
        using var harness = new StoreHarness(blocks: 4000, logBlocks: 64);
        harness.Options.Retention.IsOff = true;
        harness.Open();

        // What remains is the volume table, with the record of the first volume.
        ulong free = harness.Store.Statistics.FreeBlocks - 1;
        for (ulong round = 0; round < 6; round++)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < 300; i++)
                harness.Write(commit, 1 + (i % 2), i * 3, round + i + 1);
            harness.Store.CloneObject(commit, new ObjectId(1), new ObjectId(10 + round));
            harness.PutRecord(commit, 1, "x");
            harness.Commit(commit, round % 2 == 0 ? $"round {round}" : "");
        }
        StoreCommit* drop = harness.Begin();
        for (ulong id = 1; id < 20; id++)
            harness.Store.DeleteObject(drop, new ObjectId(id));
        ulong sequence = 0;
        while (harness.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (info.IsKept)
                harness.Store.DropCheckpoint(drop, sequence);
        }
        harness.Commit(drop);
        for (int i = 0; i < 3; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        Assert.Equal(free, harness.Store.Statistics.FreeBlocks);
        Assert.Equal(1UL, harness.CheckClean().TreeNodes);
    }

    [Fact]
    public void A_failed_write_poisons_the_store_and_keeps_what_was_acknowledged()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* first = harness.Begin();
        harness.Write(first, 1, 0, 11);
        harness.Commit(first);
        harness.Memory.Fail = (operation, _) => operation == BlockOperation.Write ? BlockStatus.MediaError : BlockStatus.Ok;
        StoreCommit* second = harness.Begin();
        harness.Write(second, 1, 0, 12);
        Assert.Equal(StoreStatus.Poisoned, harness.TryCommit(second));
        Assert.NotEqual(StoreStatus.Ok, harness.Store.Health);
        Assert.True(harness.Store.Begin(VolumeId.First) == null);
        harness.Memory.Fail = null;
        harness.Reopen(crash: true);
        Assert.Equal(11UL, harness.Read(1, 0));
    }

    [Fact]
    public void A_read_error_is_a_status_and_passes()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 11);
        harness.Commit(commit);
        harness.Memory.Fail = (operation, _) => operation == BlockOperation.Read ? BlockStatus.MediaError : BlockStatus.Ok;
        void* page = harness.Pages.Allocate(1);
        Assert.Equal(StoreStatus.DeviceError, harness.Store.ReadPage(VolumeId.First, new ObjectId(1), 0, page));
        harness.Memory.Fail = null;
        Assert.Equal(StoreStatus.Ok, harness.Store.ReadPage(VolumeId.First, new ObjectId(1), 0, page));
        harness.Pages.Free(page, 1);
    }

    [Fact]
    public void Too_little_memory_is_a_status_at_every_point()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 50; i++)
            harness.Write(commit, 1, i, i + 1);
        harness.Commit(commit);
        harness.Store.Abandon();
        int refused = 0;
        for (long limit = 1; ; limit += 11)
        {
            harness.Pages.PageLimit = limit;
            StoreStatus status = harness.TryOpen();
            if (status == StoreStatus.Ok)
                break;
            Assert.Equal(StoreStatus.OutOfMemory, status);
            Assert.Equal(0, harness.Pages.PagesOutstanding);
            refused++;
        }
        Assert.True(refused > 5);
        harness.Pages.PageLimit = long.MaxValue;
        Assert.Equal(50UL, harness.Read(1, 49));
    }

    [Fact]
    public void A_fresh_64_GiB_image_opens_in_time_and_takes_no_more_memory_than_a_small_one()
    {
        long small = OpenedPages(8192, out _);
        long large = OpenedPages(64UL << 18, out TimeSpan time);
        Assert.Equal(small, large);
        Assert.True(time < TimeSpan.FromMilliseconds(400), $"{time.TotalMilliseconds} ms on a host that may be busy; the aim is 100");
    }

    [Fact]
    public void A_16_TiB_image_works()
    {
        using var harness = new StoreHarness(1UL << 32, 0);
        harness.Open();
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, StoreFormat.MaxPage, 3);
        harness.Commit(commit);
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.Reopen();
        Assert.Equal(3UL, harness.Read(1, StoreFormat.MaxPage));
    }

    [Fact]
    public void A_commit_larger_than_the_overlay_is_refused_and_the_store_goes_on()
    {
        using var harness = new StoreHarness(blocks: 20_000, logBlocks: 1024);
        harness.Options.OverlayBytes = 256 << 10;
        harness.Open();
        StoreCommit* commit = harness.Begin();
        for (ulong i = 0; i < 6000; i++)
            harness.Write(commit, 1, i, i);
        Assert.Equal(StoreStatus.CommitTooLarge, harness.TryCommit(commit));
        StoreCommit* next = harness.Begin();
        harness.Write(next, 1, 0, 9);
        harness.Commit(next);
        Assert.Equal(9UL, harness.Read(1, 0));
        Assert.Equal(0UL, harness.Read(1, 1));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
    }

    [Fact]
    public void Bad_arguments_are_refused_with_the_commit()
    {
        using var harness = new StoreHarness();
        harness.Open();
        StoreCommit* commit = harness.Begin();
        Assert.Equal(StoreStatus.BadArgument, harness.Store.WriteHole(commit, default, 0));
        Assert.Equal(StoreStatus.BadArgument, harness.TryCommit(commit));
        commit = harness.Begin();
        Assert.Equal(StoreStatus.TooLong, harness.Store.PutRecord(commit, new ObjectId(1), new byte[ObjectStore.MaxRecordBytes + 1]));
        Assert.Equal(StoreStatus.TooLong, harness.TryCommit(commit));
        Assert.Equal(0UL, harness.Store.LastSequence);
    }

    private static long OpenedPages(ulong blocks, out TimeSpan time)
    {
        using var harness = new StoreHarness(blocks, 64);
        harness.Open();
        harness.Store.Abandon();
        long start = Stopwatch.GetTimestamp();
        harness.Open();
        time = Stopwatch.GetElapsedTime(start);
        return harness.Pages.PagesOutstanding;
    }
}
