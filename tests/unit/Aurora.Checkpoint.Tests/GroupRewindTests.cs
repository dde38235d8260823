using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Groups go back, alone, and are of another generation then, whenever the power fails.</summary>
public sealed unsafe class GroupRewindTests : GroupFixture
{
    private const long Missing = -(long)Errno.ENOENT;

    [Fact]
    public void A_group_goes_back_alone_and_again_and_its_log_with_it()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Epoch first = EpochOf("a");
        Step("a", 2);
        Name("a", "two");
        Step("a", 3);
        Machine.Store(Machine.Host, 0, 99);
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "two"));
        Assert.Equal((2UL, "12"), (Machine.Load(Machine.Find("a"), 0), Log("a")));
        ulong generation = GenerationOf("a");
        Assert.True(generation > 0);
        Step("a", 4);
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "1", checkpoint: first.Value.ToString()));
        Assert.Equal((1UL, "1"), (Machine.Load(Machine.Find("a"), 0), Log("a")));
        Assert.Equal(99UL, Machine.Load(Machine.Host, 0));
        Assert.True(GenerationOf("a") > generation);
        generation = GenerationOf("a");
        Reboot();
        Assert.Equal((1UL, "1"), (Machine.Load(Machine.Find("a"), 0), Log("a")));
        Assert.Equal(generation, GenerationOf("a"));
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "two"));
        Assert.Equal("12", Log("a"));
    }

    // The trace ring has indexes of groups that have gone, or have got another one by going back.
    [Fact]
    public void An_index_that_is_no_groups_any_more_has_no_number()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        uint before = Machine.Find("a").Index;
        Assert.Equal(1ul, Machine.Manager.NumberAt(before));
        Name("a", "then");
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "then"));
        Machine.Settle();
        uint after = Machine.Find("a").Index;
        Assert.Equal((ulong.MaxValue, 1ul), (Machine.Manager.NumberAt(before), Machine.Manager.NumberAt(after)));
        Machine.Do(GroupVerb.Kill, "a");
        Machine.Settle();
        Machine.Do(GroupVerb.Remove, "a");
        Assert.Equal(ulong.MaxValue, Machine.Manager.NumberAt(after));
        Assert.Equal(ulong.MaxValue, Machine.Manager.NumberAt(uint.MaxValue));
    }

    /// <summary>
    /// The power fails behind the rollback, of which the list of recent commits tells nothing any more: the generation and the numbers go
    /// on behind all that there were, also those of another branch from the same checkpoint.
    /// </summary>
    [Theory]
    [InlineData("one")]
    [InlineData("two")]
    public void No_generation_and_no_number_comes_again_whatever_is_still_listed(string target)
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Step("a", 2);
        Name("a", "two");
        (ulong known, ulong last) = (GenerationOf("a"), EpochOf("a").Value);
        var cuts = new List<MemoryBlockDevice>();
        Machine.BeforeTurn = () => cuts.Add(CopyOf(Machine.Session.Device));
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: target));
        Machine.BeforeTurn = null;
        Assert.True(GenerationOf("a") > known);
        int back = 0;
        foreach (MemoryBlockDevice cut in cuts)
        {
            CutTwice(cut);
            using GroupMachine machine = GroupMachine.Start(cut);
            ObjectTracker a = machine.Find("a");
            ulong generation = machine.Session.Group.Group.Of(a)->Generation;
            bool isBack = generation != known;
            back += isBack ? 1 : 0;
            Assert.True(generation >= known);
            SlsStatistics statistics = default;
            machine.Session.Engine.ReadStatistics(a, ref statistics);
            Assert.True(statistics.DurableEpoch >= last + (isBack ? 1UL : 0));
        }
        Assert.InRange(back, 1, cuts.Count);
    }

    private static void CutTwice(MemoryBlockDevice device)
    {
        using TestSession session = TestSession.Open(device);
        var info = new CommitInfo { RealtimeNanoseconds = 1 };
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(StoreStatus.Ok, session.Store.CreateVolume(VolumeFlags.None, "other"u8, in info, out _));
            Assert.Equal(StoreStatus.Ok, session.Store.CutNow());
        }
    }

    /// <summary>Whenever the power fails: what has gone back has another generation than it knew.</summary>
    [Fact]
    public void What_goes_back_is_told_so_although_the_power_fails_on_the_way()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        ulong known = GenerationOf("a");
        Step("a", 2);
        var cuts = new List<MemoryBlockDevice>();
        Machine.BeforeTurn = () => cuts.Add(CopyOf(Machine.Session.Device));
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Machine.BeforeTurn = null;
        int back = 0;
        foreach (MemoryBlockDevice cut in cuts)
        {
            using GroupMachine machine = GroupMachine.Start(cut);
            ObjectTracker a = machine.Find("a");
            bool isBack = machine.Load(a, 0) == 1;
            back += isBack ? 1 : 0;
            Assert.Equal(isBack, machine.Session.Group.Group.Of(a)->Generation > known);
        }
        Assert.InRange(back, 1, cuts.Count);
    }

    private static MemoryBlockDevice CopyOf(MemoryBlockDevice device)
    {
        var copy = new MemoryBlockDevice(device.BlockCount);
        foreach (ulong block in device.WrittenBlocks)
            copy.SetContents(block, (byte[])device.Contents(block).Clone());
        return copy;
    }

    [Fact]
    public void A_group_goes_back_by_seconds()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Machine.Session.Clock.Advance(2_000_000_000);
        Step("a", 2);
        Machine.Session.Clock.Advance(500_000_000);
        Assert.Equal(Missing, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "-100"));
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "-1.5"));
        Assert.Equal(1UL, Machine.Load(Machine.Find("a"), 0));
    }

    [Fact]
    public void A_group_that_has_ended_can_be_rewound_to_when_it_ran()
    {
        Machine.Do(GroupVerb.Run, target: "a");
        Step("a", 1);
        Name("a", "one");
        Machine.Do(GroupVerb.Kill, "a");
        Assert.Equal(1, Machine.Do(GroupVerb.Rewind, "a", checkpoint: "one"));
        Assert.Equal(1UL, Machine.Load(Machine.Find("a"), 0));
        Assert.True(Machine.Manager.Read(Machine.Host, 1, out SlsGroup about));
        Assert.Equal(SlsGroup.StatePersisted, about.State);
    }
}
