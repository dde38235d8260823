using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Volumes: made, cloned, dropped; each with objects and a history of its own.</summary>
public sealed unsafe class VolumeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Volumes_have_objects_of_their_own(bool isCut)
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId other = Create(harness, "other");
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 11), new PageValue(2, 0, 12));
        harness.CommitTo(other, new PageValue(1, 0, 21));
        Cut(harness, isCut);
        harness.Reopen(crash: true);
        Assert.Equal(11UL, harness.Read(1, 0));
        Assert.Equal(12UL, harness.Read(2, 0));
        Assert.Equal(21UL, harness.ReadFrom(other, 1, 0));
        Assert.Equal(0UL, harness.ReadFrom(other, 2, 0));
        harness.CheckClean();
    }

    /// <summary>Clones that nobody waits for do not keep others from committing, however many they are.</summary>
    [Fact]
    public void Many_clones_that_nobody_waits_for_leave_room_for_commits()
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 11));
        VolumeId last = default;
        for (int i = 0; i < 100; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.SubmitClone(VolumeId.First, 0, VolumeFlags.None, default, default, out last));
        harness.CommitTo(last, new PageValue(2, 0, 12));
        harness.Reopen(crash: true);
        Assert.Equal((11UL, 12UL), (harness.ReadFrom(last, 1, 0), harness.ReadFrom(last, 2, 0)));
        harness.CheckClean();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_clone_has_what_its_source_had_and_both_go_on_by_themselves(int cuts)
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 11), new PageValue(1, 500, 12), new PageValue(2, 7, 13));
        Cut(harness, (cuts & 1) != 0);
        harness.CommitTo(VolumeId.First, new PageValue(1, 1, 14));
        VolumeId clone = Clone(harness, VolumeId.First, 0, "clone");
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 15), new PageValue(3, 0, 16));
        harness.CommitTo(clone, new PageValue(1, 500, 25), new PageValue(4, 0, 26));
        Cut(harness, (cuts & 2) != 0);
        VolumeId second = Clone(harness, clone, 0, "second");
        harness.CommitTo(clone, new PageValue(4, 0, 27));
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal([15, 14, 12, 13, 16, 0], ReadAll(harness, VolumeId.First));
            Assert.Equal([11, 14, 25, 13, 0, 27], ReadAll(harness, clone));
            Assert.Equal([11, 14, 25, 13, 0, 26], ReadAll(harness, second));
            if (round == 1)
                Cut(harness, true);
            harness.Reopen(crash: round == 0);
        }
        harness.CheckClean();
    }

    [Fact]
    public void A_clone_of_a_checkpoint_has_what_it_had()
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        StoreCommit* named = harness.Begin();
        harness.Write(named, 1, 0, 2);
        harness.Commit(named, "kept");
        ulong kept = harness.Store.LastSequence;
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 3));
        ulong recent = harness.Store.LastSequence;
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 4));
        VolumeId ofKept = Clone(harness, VolumeId.First, kept, "of kept");
        VolumeId ofRecent = Clone(harness, VolumeId.First, recent, "of recent");
        harness.Reopen(crash: true);
        Assert.Equal((2UL, 3UL, 4UL), (harness.ReadFrom(ofKept, 1, 0), harness.ReadFrom(ofRecent, 1, 0), harness.Read(1, 0)));
        Cut(harness, true);
        Assert.Equal((2UL, 3UL, 4UL), (harness.ReadFrom(ofKept, 1, 0), harness.ReadFrom(ofRecent, 1, 0), harness.Read(1, 0)));
        Assert.Equal(StoreStatus.NotFound, TryClone(harness, VolumeId.First, 9999, out _));
        harness.CheckClean();
    }

    [Fact]
    public void Each_volume_has_a_history_of_its_own_and_goes_back_by_itself()
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId other = Create(harness, "other");
        harness.CommitTo(other, new PageValue(1, 0, 21));
        StoreCommit* named = harness.Store.Begin(other);
        harness.Write(named, 1, 0, 22);
        harness.Commit(named, "point");
        ulong point = harness.Store.LastSequence;
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 11));
        harness.CommitTo(other, new PageValue(1, 0, 23));
        Assert.Equal(StoreStatus.NotFound, harness.Store.FindCheckpoint(VolumeId.First, "point"u8, out _));
        Assert.Equal(StoreStatus.NotFound, harness.Store.OpenView(VolumeId.First, point, out _));
        Assert.Equal(StoreStatus.NotFound, harness.Store.Rollback(VolumeId.First, point, harness.Info()));
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(other, point, harness.Info()));
        harness.CommitTo(VolumeId.First, new PageValue(1, 1, 12));
        harness.Reopen(crash: true);
        Assert.Equal((22UL, 11UL, 12UL), (harness.ReadFrom(other, 1, 0), harness.Read(1, 0), harness.Read(1, 1)));

        // The branch that was left is in the volume's history.
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(other, point + 2, out StoreView? left));
        Assert.Equal(23UL, harness.Read(left!, 1, 0));
        left!.Close();
        Cut(harness, true);
        harness.CheckClean();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Clones_of_clones_dropped_in_any_order_leave_nothing(int order)
    {
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        using var harness = new StoreHarness();
        harness.Options.Retention.IsOff = true;
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        Cut(harness, true);
        Cut(harness, true);
        ulong free = harness.Store.Statistics.FreeBlocks;
        var volumes = new VolumeId[3];
        volumes[0] = Create(harness, "base");
        for (int i = 0; i < 3; i++)
        {
            if (i > 0)
                volumes[i] = Clone(harness, volumes[i - 1], 0, $"clone {i}");
            for (ulong page = 0; page < 200; page += 3)
                harness.CommitTo(volumes[i], new PageValue(5, page + (ulong)i, page + 1), new PageValue((ulong)(10 + i), page, page + 2));
            StoreCommit* named = harness.Store.Begin(volumes[i]);
            harness.Write(named, 6, 0, 6);
            harness.Commit(named, "kept");
            Cut(harness, i != 1);
        }
        foreach (int which in orders[order])
        {
            Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(volumes[which], harness.Info()));
            Assert.Equal(StoreStatus.NotFound, harness.Store.FindVolume(volumes[which], out _));
            Cut(harness, which != 1);
            harness.CheckClean();
        }
        harness.Reopen(crash: true);
        for (int i = 0; i < 8; i++)
        {
            harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
            Cut(harness, true);
        }
        Cut(harness, true);
        Cut(harness, true);
        Assert.Equal(free, harness.Store.Statistics.FreeBlocks);
        Assert.Equal(1UL, harness.CheckClean().Volumes);
    }

    [Fact]
    public void Volumes_are_listed_named_and_never_numbered_again()
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId a = Create(harness, "a");
        VolumeId b = Clone(harness, a, 0, "b", VolumeFlags.Image);
        Assert.Equal(StoreStatus.Ok, harness.Store.SetVolume(a, VolumeFlags.None, "renamed"u8, harness.Info()));
        Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(b, harness.Info()));
        VolumeId c = Clone(harness, a, 0, "c", VolumeFlags.Image);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal([(1UL, ""), (a.Value, "renamed"), (c.Value, "c")], List(harness));
            if (round == 1)
                Cut(harness, true);
            harness.Reopen(crash: true);
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.FindVolume(c, out VolumeInfo info));
        Assert.Equal((VolumeFlags.Image, a), (info.Flags, info.Parent));
        Assert.True(Create(harness, "d").Value > c.Value);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId image = Create(harness, "image", VolumeFlags.Image);
        CommitInfo info = harness.Info();
        Assert.Equal(StoreStatus.BadArgument, harness.Store.DropVolume(VolumeId.First, info));
        Assert.Equal(StoreStatus.NotFound, harness.Store.DropVolume(new VolumeId(77), info));
        Assert.Equal(StoreStatus.NotFound, TryClone(harness, new VolumeId(77), 0, out _));
        Assert.Equal(StoreStatus.NotFound, harness.Store.SetVolume(default, VolumeFlags.None, default, info));
        Assert.Equal(StoreStatus.BadArgument, harness.Store.CreateVolume((VolumeFlags)16, "x"u8, info, out _));
        Assert.Equal(StoreStatus.TooLong, harness.Store.CreateVolume(VolumeFlags.None, new byte[65], info, out _));
        Assert.Equal(StoreStatus.BadArgument, TryCommitTo(harness, image));
        Assert.Equal(StoreStatus.NotFound, TryCommitTo(harness, new VolumeId(77)));
        Assert.Equal(StoreStatus.NotFound, TryCommitTo(harness, new VolumeId(1UL << 63)));
        Assert.Equal(StoreStatus.NotFound, TryCommitTo(harness, default));
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        harness.CheckClean();
    }

    [Fact]
    public void A_thousand_clones_cost_a_record_each()
    {
        using var harness = new StoreHarness(blocks: 20_000);
        harness.Open();
        for (ulong page = 0; page < 300; page++)
            harness.CommitTo(VolumeId.First, new PageValue(1, page, page + 1));
        Cut(harness, true);
        Cut(harness, true);
        ulong free = harness.Store.Statistics.FreeBlocks;
        var clones = new List<VolumeId>();
        for (int i = 0; i < 1000; i++)
            clones.Add(Clone(harness, VolumeId.First, 0, $"clone {i}"));
        Cut(harness, true);
        Cut(harness, true);
        Assert.True(free - harness.Store.Statistics.FreeBlocks < 150, $"{free - harness.Store.Statistics.FreeBlocks} blocks");
        harness.CommitTo(clones[500], new PageValue(1, 0, 5000));
        harness.Reopen(crash: true);
        Assert.Equal((5000UL, 1UL, 300UL),
            (harness.ReadFrom(clones[500], 1, 0), harness.ReadFrom(clones[501], 1, 0), harness.ReadFrom(clones[999], 1, 299)));
        foreach (VolumeId clone in clones)
            Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(clone, harness.Info()));
        Cut(harness, true);
        Assert.Equal(1UL, harness.CheckClean().Volumes);
    }

    [Fact]
    public void A_set_that_is_full_can_be_cut_whatever_was_dropped()
    {
        using var harness = new StoreHarness(blocks: 20_000);
        harness.Options.OverlayBytes = 256 << 10;
        harness.Open();
        VolumeId volume = Create(harness, "long history");
        for (ulong i = 0; i < 2000; i++)
        {
            StoreCommit* commit = harness.Store.Begin(volume);
            harness.PutRecord(commit, 1, $"state {i}");
            harness.Commit(commit, $"point {i}");
        }
        Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(volume, harness.Info()));
        for (ulong i = 0; i < 400; i++)
            harness.CommitTo(VolumeId.First, new PageValue(i + 1, i, i + 1));
        for (int i = 0; i < 30; i++)
            Cut(harness, true);
        Assert.Equal(0UL, harness.CheckClean().Checkpoints - Kept(harness));
    }

    [Fact]
    public void A_cut_reads_again_what_it_has_written_itself()
    {
        using var harness = new StoreHarness(blocks: 60_000);
        harness.Options.OverlayBytes = 8 << 20;
        harness.Options.Retention.IsOff = true;
        harness.Open();
        for (ulong part = 0; part < 20; part++)
        {
            StoreCommit* large = harness.Begin();
            for (ulong page = 0; page < 900; page++)
                harness.Write(large, 1, (part * 900) + page, page + 1);
            harness.Commit(large);
        }
        for (ulong id = 2; id <= 400; id++)
        {
            StoreCommit* small = harness.Begin();
            harness.PutRecord(small, id, new string('a', 200));
            harness.Commit(small);
        }
        Cut(harness, true);
        Cut(harness, true);
        StoreCommit* first = harness.Begin();
        harness.PutRecord(first, 100, "first");
        harness.PutRecord(first, 300, "first");
        harness.Commit(first, "sealed");
        StoreCommit* second = harness.Begin();
        harness.Store.DeleteObject(second, new ObjectId(1));
        harness.PutRecord(second, 299, "second");
        harness.PutRecord(second, 5001, "second");
        harness.Commit(second);
        Cut(harness, true);
        Assert.Equal(("first", "second"), (harness.Record(300), harness.Record(299)));
        harness.Reopen(crash: true);
        harness.CheckClean();
    }

    private static ulong Kept(StoreHarness harness)
    {
        ulong count = 0;
        ulong sequence = 0;
        while (harness.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            count += info.IsKept ? 1u : 0u;
        }
        return count;
    }

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void A_root_with_many_references_is_copied(ulong pages)
    {
        using var harness = new StoreHarness(blocks: 20_000);
        harness.Options.Retention.IsOff = true;
        harness.Options.MostRootReferences = 10;
        harness.Open();
        for (ulong id = 1; id <= pages; id++)
            harness.CommitTo(VolumeId.First, new PageValue(id, 0, id));
        Cut(harness, true);
        Cut(harness, true);
        var clones = new List<VolumeId>();
        for (int i = 0; i < 40; i++)
        {
            clones.Add(Clone(harness, i % 3 == 2 ? clones[i / 2] : VolumeId.First, 0, $"clone {i}"));
            Cut(harness, i % 7 == 6);
        }
        harness.Reopen(crash: true);
        Cut(harness, true);
        harness.CheckClean();
        foreach (VolumeId clone in clones)
        {
            Assert.Equal((1UL, pages), (harness.ReadFrom(clone, 1, 0), harness.ReadFrom(clone, pages, 0)));
            Assert.Equal(StoreStatus.Ok, harness.Store.DropVolume(clone, harness.Info()));
        }
        for (int i = 0; i < 45; i++)
            Cut(harness, true);
        CheckReport report = harness.CheckClean();
        Assert.Equal((1UL, pages), (report.Volumes, report.DataBlocks));
    }

    private static void Cut(StoreHarness harness, bool isWanted)
    {
        if (isWanted)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }

    private static VolumeId Create(StoreHarness harness, string name, VolumeFlags flags = VolumeFlags.None)
    {
        StoreStatus status = harness.Store.CreateVolume(flags, Encoding.UTF8.GetBytes(name), harness.Info(), out VolumeId volume);
        Assert.Equal(StoreStatus.Ok, status);
        return volume;
    }

    private static VolumeId Clone(
        StoreHarness harness, VolumeId source, ulong sequence, string name, VolumeFlags flags = VolumeFlags.None)
    {
        StoreStatus status = harness.Store.CloneVolume(
            source, sequence, flags, Encoding.UTF8.GetBytes(name), harness.Info(), out VolumeId volume);
        Assert.Equal(StoreStatus.Ok, status);
        return volume;
    }

    private static StoreStatus TryClone(StoreHarness harness, VolumeId source, ulong sequence, out VolumeId volume)
        => harness.Store.CloneVolume(source, sequence, VolumeFlags.None, default, harness.Info(), out volume);

    private static StoreStatus TryCommitTo(StoreHarness harness, VolumeId volume)
    {
        StoreCommit* commit = harness.Store.Begin(volume);
        harness.Write(commit, 1, 0, 1);
        return harness.TryCommit(commit);
    }

    private static ulong[] ReadAll(StoreHarness harness, VolumeId volume) =>
    [
        harness.ReadFrom(volume, 1, 0),
        harness.ReadFrom(volume, 1, 1),
        harness.ReadFrom(volume, 1, 500),
        harness.ReadFrom(volume, 2, 7),
        harness.ReadFrom(volume, 3, 0),
        harness.ReadFrom(volume, 4, 0),
    ];

    private static List<(ulong Number, string Name)> List(StoreHarness harness)
    {
        var list = new List<(ulong, string)>();
        VolumeId at = default;
        while (harness.Store.NextVolume(at, out VolumeInfo info) == StoreStatus.Ok)
        {
            at = info.Id;
            list.Add((info.Id.Value, Encoding.UTF8.GetString(info.Name, info.NameLength)));
        }
        return list;
    }
}
