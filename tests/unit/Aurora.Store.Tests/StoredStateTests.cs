using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>What volumes hold has a name: the same one means the same contents, and what changes gets another.</summary>
public sealed unsafe class StoredStateTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_clone_has_the_state_of_its_source_until_one_of_them_changes(bool isCut)
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        StoredState first = StateOf(harness, VolumeId.First);
        VolumeId clone = Clone(harness, VolumeId.First, 0);
        VolumeId second = Clone(harness, clone, 0);
        Cut(harness, isCut);
        VolumeId old = Clone(harness, VolumeId.First, first.Sequence);
        Assert.True(first.IsSameAs(StateOf(harness, VolumeId.First)) && first.IsSameAs(StateOf(harness, clone)));
        Assert.True(first.IsSameAs(StateOf(harness, second)));
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 2));
        harness.CommitTo(clone, new PageValue(1, 0, 3));
        Cut(harness, isCut);
        StoredState[] states = [first, StateOf(harness, VolumeId.First), StateOf(harness, clone), StateOf(harness, second)];
        // One that was cloned from a clone without commits of its own is known by itself as soon as that one has some.
        for (int i = 0; i < states.Length; i++)
        {
            for (int k = 0; k < i; k++)
                Assert.False(states[i].IsSameAs(states[k]));
        }
        Assert.True(first.IsSameAs(StateOf(harness, old)));
        Assert.Equal((2UL, 3UL), (Read(harness, VolumeId.First), Read(harness, clone)));
        Assert.Equal((1UL, 1UL), (Read(harness, second), Read(harness, old)));
    }

    [Fact]
    public void What_goes_back_has_a_state_of_its_own_and_a_name_does_not_change_it()
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        StoredState first = StateOf(harness, VolumeId.First);
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 2));
        StoredState second = StateOf(harness, VolumeId.First);
        CommitInfo info = harness.Info();
        StoreStatus status = harness.Store.SubmitRollback(VolumeId.First, first.Sequence, in info, out ulong commit);
        Assert.Equal(StoreStatus.Ok, status);
        Assert.Equal(1UL, Read(harness, VolumeId.First));
        Assert.Equal(StoreStatus.Ok, harness.Store.WaitForSequence(commit));
        StoredState third = StateOf(harness, VolumeId.First);
        Assert.False(third.IsSameAs(first) || third.IsSameAs(second));
        Assert.Equal(commit, third.Sequence);
        Assert.Equal(StoreStatus.Ok, harness.Store.SetVolume(VolumeId.First, VolumeFlags.None, "name"u8, harness.Info()));
        Assert.True(third.IsSameAs(StateOf(harness, VolumeId.First)));
        harness.Reopen(crash: true);
        Assert.Equal(1UL, Read(harness, VolumeId.First));
        harness.CheckClean();
    }

    [Fact]
    public void A_number_that_was_taken_is_nobodys()
    {
        using var harness = new StoreHarness();
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 1));
        Assert.Equal(StoreStatus.Ok, harness.Store.TakeVolumeNumber(out VolumeId number));
        VolumeId clone = Clone(harness, VolumeId.First, 0);
        Assert.NotEqual(number, clone);
        Assert.Equal(StoreStatus.NotFound, harness.Store.FindVolume(number, out _));
        Assert.Equal(StoreStatus.NotFound, harness.Store.FindState(number, out _));
        harness.Reopen(crash: true);
        Assert.Equal(1UL, Read(harness, clone));
        harness.CheckClean();
    }

    private static StoredState StateOf(StoreHarness harness, VolumeId volume)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.FindState(volume, out StoredState state));
        return state;
    }

    private static VolumeId Clone(StoreHarness harness, VolumeId source, ulong sequence)
    {
        StoreStatus status = harness.Store.CloneVolume(source, sequence, VolumeFlags.None, "clone"u8, harness.Info(), out VolumeId volume);
        Assert.Equal(StoreStatus.Ok, status);
        return volume;
    }

    private static ulong Read(StoreHarness harness, VolumeId volume) => harness.ReadFrom(volume, 1, 0);

    private static void Cut(StoreHarness harness, bool isWanted)
    {
        if (isWanted)
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }
}
