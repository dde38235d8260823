using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>What a cut merges is not changed by commits: others run meanwhile.</summary>
public sealed unsafe class FrozenSetTests
{
    [Fact]
    public void A_set_that_is_frozen_takes_no_commits_and_no_layers_until_it_is_cleared()
    {
        HostEnvironment.Install();
        using var pages = new HostPageAllocator();
        var set = new LayerSet(pages, 3, 1 << 20);
        set.TopFor(1);
        Assert.False(set.IsFrozen);
        set.Freeze();
        Assert.True(set.IsFrozen);
        Assert.Throws<PanicException>(() => { set.TopFor(1); });
        Assert.Throws<PanicException>(() => set.Push(set.ChangesOf(1), null, StateBelow.Volume, 1, 0));

        // The cut notes in it what becomes of the volumes.
        set.DropHistory(1, 1);
        set.Clear();
        Assert.False(set.IsFrozen);
        set.TopFor(1);
        set.Clear();
    }
}
