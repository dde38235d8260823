using System;
using System.Linq;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Commits of several volumes that are one. Power cuts between them are the crash suite's matter.</summary>
public sealed unsafe class JoinedCommitTests
{
    [Fact]
    public void They_are_the_state_of_each_of_their_volumes_in_memory_and_after_a_restart()
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId[] volumes = Make(harness, 7);
        Assert.Equal(StoreStatus.Ok, Commit(harness, volumes, 5, pages: 2));
        for (int round = 0; round < 3; round++)
        {
            Assert.All(volumes, volume => Assert.Equal((5UL, 5UL), (harness.ReadFrom(volume, 1, 0), harness.ReadFrom(volume, 1, 1))));
            harness.CheckClean();
            harness.Reopen(crash: round == 0);
        }
    }

    [Fact]
    public void What_there_is_no_room_for_changes_none_of_them_and_takes_nothing()
    {
        using var harness = new StoreHarness(blocks: 1024, logBlocks: 64);
        harness.Open();
        VolumeId[] volumes = Make(harness, 2);
        Assert.Equal(StoreStatus.Ok, Commit(harness, volumes, 5, pages: 3));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(StoreStatus.NoSpace, Commit(harness, volumes, 9, pages: 300));
            Assert.All(volumes, volume => Assert.Equal((5UL, 0UL), (harness.ReadFrom(volume, 1, 0), harness.ReadFrom(volume, 1, 100))));
        }
        Assert.Equal(StoreStatus.Ok, Commit(harness, volumes, 6, pages: 3));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
        harness.CheckClean();
        Assert.All(volumes, volume => Assert.Equal(6UL, harness.ReadFrom(volume, 1, 2)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void When_the_device_fails_none_of_them_is_acknowledged(int good)
    {
        using var harness = new StoreHarness();
        harness.Open();
        VolumeId[] volumes = Make(harness, 3);
        Assert.Equal(StoreStatus.Ok, Commit(harness, volumes, 5, pages: 1));
        int writes = 0;
        harness.Memory.Fail = (operation, _) =>
            operation == BlockOperation.Write && ++writes > good ? BlockStatus.DeviceError : BlockStatus.Ok;
        Assert.NotEqual(StoreStatus.Ok, Commit(harness, volumes, 6, pages: 1));
        harness.Memory.Fail = null;
        harness.Reopen(crash: true);
        Assert.All(volumes, volume => Assert.Equal(5UL, harness.ReadFrom(volume, 1, 0)));
        harness.CheckClean();
    }

    // It says of itself that it is nothing without the next one.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_last_record_that_is_joined_with_the_next_does_not_count(bool isReadOnly)
    {
        using var harness = new StoreHarness();
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 8));
        harness.Store.Abandon();
        var image = new SealedImage(harness.Memory);
        ulong last = image.Metadata.Last(block => block.Kind == "log").Block;
        byte[] contents = (byte[])image.Contents(last).Clone();
        fixed (byte* bytes = contents)
            ((LogBlockHeader*)bytes)->Flags |= LogFlags.Joined;
        harness.Device = image.With((last, contents));
        harness.Options.ReadOnly = isReadOnly;
        harness.Open();
        Assert.Equal(7UL, harness.Read(1, 0));
        if (isReadOnly)
            return;
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 9));
        harness.Reopen(crash: true);
        Assert.Equal(9UL, harness.Read(1, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void One_that_is_damaged_when_something_says_that_it_was_durable_is_no_end_of_the_log(int which)
    {
        using var harness = new StoreHarness();
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        VolumeId[] volumes = Make(harness, 3);
        ulong first = harness.Store.LastSequence + 1;
        Assert.Equal(StoreStatus.Ok, Commit(harness, volumes, 5, pages: 1));
        harness.CommitTo(VolumeId.First, new PageValue(2, 0, 7));
        harness.Store.Abandon();
        ulong block = LogBlockOf(harness, first + (ulong)which);
        harness.Memory.SetContents(block, new byte[4096]);
        Assert.Equal(StoreStatus.Corrupt, harness.TryOpen());
    }

    private static ulong LogBlockOf(StoreHarness harness, ulong sequence)
    {
        foreach (MetadataBlock block in new SealedImage(harness.Memory).Metadata.Where(each => each.Kind == "log"))
        {
            fixed (byte* bytes = new SealedImage(harness.Memory).Contents(block.Block))
            {
                if (((LogBlockHeader*)bytes)->Sequence == sequence)
                    return block.Block;
            }
        }
        throw new InvalidOperationException($"no record {sequence}");
    }

    private static VolumeId[] Make(StoreHarness harness, int count)
    {
        var volumes = new VolumeId[count + 1];
        volumes[0] = VolumeId.First;
        for (int i = 1; i <= count; i++)
            Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, default, harness.Info(), out volumes[i]));
        return volumes;
    }

    private static StoreStatus Commit(StoreHarness harness, VolumeId[] volumes, ulong value, ulong pages)
    {
        StoreCommit** commits = stackalloc StoreCommit*[volumes.Length];
        CommitInfo first = harness.Info();
        for (int i = 0; i < volumes.Length; i++)
        {
            commits[i] = harness.Store.Begin(volumes[i]);
            for (ulong page = 0; page < pages; page++)
                harness.Write(commits[i], 1, page, value);
            if (i > 0)
                harness.Store.Join(commits[0], commits[i], harness.Info());
        }
        StoreStatus status = harness.Store.SubmitJoined(commits[0], first);
        for (int i = 0; i < volumes.Length && status == StoreStatus.Ok; i++)
            status = harness.Store.WaitDurable(commits[i]);
        for (int i = 0; i < volumes.Length; i++)
            harness.Store.Release(commits[i]);
        harness.FreePages();
        return status;
    }
}
