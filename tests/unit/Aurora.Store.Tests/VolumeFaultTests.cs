using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>
/// What volumes must never do: answer when they are gone, share a number, keep their space, lose themselves on a full disk.
/// </summary>
public sealed unsafe class VolumeFaultTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_dropped_volume_and_its_history_are_gone_at_once(int cuts)
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId gone = Create(harness);
        harness.CommitTo(gone, new PageValue(1, 0, 1));
        Cut(harness, cuts > 2 ? 1 : 0);
        Name(harness, gone, "kept", new PageValue(1, 0, 2));
        ulong kept = harness.Store.LastSequence;
        harness.CommitTo(gone, new PageValue(1, 0, 3));
        ulong recent = harness.Store.LastSequence;
        Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(gone, harness.Info()));
        Cut(harness, cuts);
        Assert.Equal(StoreStatus.NotFound, harness.Store.NextCheckpoint(gone, 0, out _));
        Assert.Equal(StoreStatus.NotFound, harness.Store.FindCheckpoint(gone, "kept"u8, out _));
        foreach (ulong sequence in (ulong[])[0, kept, recent])
        {
            Assert.Equal(StoreStatus.NotFound, harness.Store.OpenView(gone, sequence, out _));
            Assert.Equal(StoreStatus.NotFound, harness.Store.Rollback(gone, sequence, harness.Info()));
            Assert.Equal(StoreStatus.NotFound, harness.Store.CloneVolume(gone, sequence, VolumeFlags.None, default, harness.Info(), out _));
        }
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 4));
        Cut(harness, 1);
        Assert.Equal(StoreStatus.Ok, harness.Store.Health);
        harness.CheckClean();
    }

    // What a clone starts with is a commit of its parent, not of its parent's parent.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_clone_tells_which_commit_of_its_parent_it_starts_with(bool isWritten)
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        VolumeId parent = Clone(harness, VolumeId.First);
        ulong expected = 0;
        if (isWritten)
        {
            harness.Commit(harness.Store.Begin(parent));
            expected = harness.Store.LastSequence;
        }
        VolumeId clone = Clone(harness, parent);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(StoreStatus.Ok, harness.Store.FindVolume(clone, out VolumeInfo info));
            Assert.Equal((parent, expected), (info.Parent, info.ParentSequence));
            if (round == 1)
                Cut(harness, 1);
            harness.Reopen(crash: true);
        }
    }

    [Fact]
    public void A_commit_of_nothing_but_its_name_is_found_after_a_crash()
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.Commit(harness.Begin(), "first");
        ulong first = harness.Store.LastSequence;
        harness.Reopen(crash: true);
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "first"u8, out CheckpointInfo found));
        Assert.Equal(first, found.Sequence);
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, first, out StoreView? view));
        view!.Close();
        Cut(harness, 1);
        harness.CheckClean();
    }

    // While a cut writes its superblock others make volumes.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_number_is_never_given_twice_whatever_cuts_are_made_meanwhile(int seed)
    {
        HostEnvironment.Install();
        using var pages = new HostPageAllocator();
        var fibers = new BatonFibers(seed);
        var device = new SlowDevice(3000, fibers, seed);
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, pages, fibers, new FormatOptions { UuidLow = 1, LogBlocks = 96 }));
        var options = new OpenOptions { CachedNodes = 64, CachedSpacePages = 32, OverlayBytes = 512 << 10,
            CutIntervalNanoseconds = ulong.MaxValue, BackgroundMaintenance = true };
        options.Retention.IsOff = true;
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, pages, fibers, options, out ObjectStore? store, out _));
        device.IsImmediate = false;
        List<ulong> numbers = [];
        int makers = 2;
        for (int maker = 0; maker < 2; maker++)
        {
            fibers.Start(() =>
            {
                for (int i = 0; i < 60; i++)
                {
                    var info = new CommitInfo { RealtimeNanoseconds = (ulong)i };
                    StoreStatus status = store!.CreateVolume(VolumeFlags.None, default, info, out VolumeId made);
                    Assert.Equal(StoreStatus.Ok, status);
                    numbers.Add(made.Value);
                }
                makers--;
            });
        }
        fibers.Start(() =>
        {
            while (makers > 0)
            {
                Assert.Equal(StoreStatus.Ok, store!.CutNow());
                fibers.Yield();
            }

            // All of them are in the table then.
            Assert.Equal(StoreStatus.Ok, store!.CutNow());
        });
        fibers.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        store!.Abandon();
        device.IsImmediate = true;
        Assert.Equal(StoreStatus.Ok,
            ObjectStore.Check(device, pages, fibers, new CheckOptions { VerifyData = true, Open = options }, out CheckReport report));
        Assert.Equal((0UL, 120UL), (report.Faults, report.Volumes));
    }

    // Dropping gives its space back bit by bit, and who needs it waits for it instead of being told that there is none.
    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public void A_full_disk_has_room_again_once_a_volume_is_dropped(int named)
    {
        using var harness = new StoreHarness(blocks: 4000, logBlocks: 256);
        harness.Options.Retention.IsOff = true;
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        VolumeId large = Create(harness);
        for (ulong i = 0; i < (ulong)named; i++)
            Name(harness, large, $"name {i}",
                [.. Enumerable.Range(0, 20).Select(page => new PageValue(1, (ulong)page, (i * 100) + (ulong)page + 1))]);
        ulong filled = FillUp(harness, large);
        Assert.True(filled > 5);
        Cut(harness, 3);
        Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(large, harness.Info()));
        StoreCommit* commit = harness.Begin();
        for (ulong page = 0; page < 800; page++)
            harness.Write(commit, 1, page, page + 1);
        Assert.Equal(StoreStatus.Ok, harness.TryCommit(commit));
        Cut(harness, 10);
        harness.CheckClean();
    }

    // Nothing but Ok and NoSpace, and dropping is always possible.
    [Theory]
    [InlineData(false, 1500)]
    [InlineData(true, 1500)]
    [InlineData(false, 6000)]
    [InlineData(true, 6000)]
    public void On_a_full_disk_volumes_are_made_until_there_is_no_space_and_dropped_always(bool isAutomatic, ulong blocks)
    {
        using var harness = new StoreHarness(blocks, logBlocks: 128);
        harness.Options.Retention.IsOff = !isAutomatic;
        harness.Options.Retention.FineSpacing = 20_000_000;
        harness.Options.CutIntervalNanoseconds = isAutomatic ? 50_000_000 : ulong.MaxValue;
        harness.Open();
        Name(harness, VolumeId.First, "kept", new PageValue(1, 0, 1));
        ulong kept = harness.Store.LastSequence;
        List<VolumeId> made = [.. Enumerable.Range(0, 4).Select(_ => Clone(harness, VolumeId.First))];
        foreach (VolumeId volume in made)
            FillUp(harness, volume);
        int refused = 0;
        for (int round = 0; refused < 40; round++)
        {
            StoreStatus status = Make(harness, round % 4, made, kept);
            Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace,
                $"round {round}: {status} {harness.Store.LastFault.Place}, health {harness.Store.Health}");
            refused += status == StoreStatus.NoSpace ? 1 : 0;
            if (round % 400 == 50)
                harness.Reopen(crash: true);
        }
        Cut(harness, 1);
        harness.Reopen(crash: true);
        foreach (VolumeId volume in made)
        {
            StoreStatus status = harness.Store.DropVolume(volume, harness.Info());
            Assert.True(status == StoreStatus.Ok,
                $"drop of {volume.Value}: {status}, {harness.Store.FreeBlocks} free of {harness.Store.TotalBlocks}");
        }
        Cut(harness, made.Count + 20);
        Assert.Equal(1UL, harness.CheckClean().Volumes);
        Assert.True(harness.Store.FreeBlocks > harness.Store.TotalBlocks / 2,
            $"{harness.Store.FreeBlocks} of {harness.Store.TotalBlocks} are free");
    }

    // Many volumes change in one cut, each with a state to be kept: every commit that is taken can be cut.
    [Theory]
    [InlineData(200, false, 150)]
    [InlineData(200, false, 400)]
    [InlineData(200, false, 700)]
    [InlineData(200, false, 1000)]
    [InlineData(200, true, 400)]
    [InlineData(200, true, 1000)]
    public void Many_volumes_that_all_keep_a_state_fit_into_a_cut(int volumes, bool isNamed, ulong leave)
    {
        using var harness = new StoreHarness(blocks: 5000, logBlocks: 1024);
        harness.Options.Retention = new RetentionOptions { FineSpacing = 1_000_000, FineSpan = 1UL << 50 };
        harness.Options.OverlayBytes = 4 << 20;
        harness.Open();
        VolumeId[] made = [.. Enumerable.Range(0, volumes).Select(_ => Create(harness))];
        FillUp(harness, made[0], leave);
        int taken = 0;
        for (int round = 0; round < 6; round++)
        {
            foreach (VolumeId volume in made)
            {
                StoreCommit* commit = harness.Store.Begin(volume);
                harness.PutRecord(commit, 1 + (ulong)round, "x");
                StoreStatus status = harness.TryCommit(commit, isNamed ? $"n{round}" : "", 100);
                Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace, $"round {round}: {status}, health {harness.Store.Health}");
                taken += status == StoreStatus.Ok ? 1 : 0;
            }
            harness.Info("", 10_000_000);
            Cut(harness, 1);
        }
        Assert.True(taken > 0 || leave < 200);
        harness.Reopen(crash: true);
        harness.CheckClean();
    }

    private static StoreStatus Make(StoreHarness harness, int how, List<VolumeId> made, ulong kept)
    {
        CommitInfo info = harness.Info();
        VolumeId volume = default;
        StoreStatus status = how switch
        {
            0 => harness.Store.CreateVolume(VolumeFlags.None, default, info, out volume),
            1 => harness.Store.CloneVolume(made[made.Count / 2], 0, VolumeFlags.None, default, info, out volume),
            2 => harness.Store.CloneVolume(VolumeId.First, kept, VolumeFlags.None, default, info, out volume),
            _ => harness.Store.Rollback(VolumeId.First, kept, info),
        };
        if (!volume.IsNone)
            made.Add(volume);
        return status;
    }

    private static VolumeId Create(StoreHarness harness)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, default, harness.Info(), out VolumeId volume));
        return volume;
    }

    private static VolumeId Clone(StoreHarness harness, VolumeId source)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.CloneVolume(source, 0, VolumeFlags.None, default, harness.Info(), out VolumeId volume));
        return volume;
    }

    private static void Name(StoreHarness harness, VolumeId volume, string name, params ReadOnlySpan<PageValue> pages)
    {
        StoreCommit* commit = harness.Store.Begin(volume);
        foreach (PageValue page in pages)
            harness.Write(commit, page.Id, page.Page, page.Value);
        harness.Commit(commit, name);
    }

    private static void Cut(StoreHarness harness, int times)
    {
        for (int i = 0; i < times; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }

    // Commits of ever fewer pages until not even one finds space, or so much is left.
    private static ulong FillUp(StoreHarness harness, VolumeId volume, ulong leave = 0)
    {
        ulong taken = 0;
        ulong at = 0;
        for (ulong pages = 60; pages > 0 && harness.Store.FreeBlocks > leave;)
        {
            StoreCommit* commit = harness.Store.Begin(volume);
            for (ulong page = at; page < at + pages; page++)
                harness.Write(commit, 7, page, page + 1);
            StoreStatus status = harness.TryCommit(commit);
            Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace, $"{status}, health {harness.Store.Health}");
            taken += status == StoreStatus.Ok ? 1u : 0u;
            at += pages;
            pages = status == StoreStatus.Ok ? pages : pages / 4;
        }
        return taken;
    }
}
