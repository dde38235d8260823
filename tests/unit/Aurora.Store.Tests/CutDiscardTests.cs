using System;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>The device is told in small pieces of what a cut made free, and nobody waits for that.</summary>
public sealed class CutDiscardTests
{
    // What it overwrites is one long run of blocks, of which the device is told piece by piece; one that answers at once is never
    // waited for.
    [Fact]
    public void The_discards_behind_a_large_commit_give_way()
    {
        using var at = new FiberedStore(6, 20_000);
        OverwriteAll(at, 4);
        Assert.InRange(at.Store.Statistics.BlocksDiscarded, 4000UL, 16_000UL);
        Assert.Equal(1, at.Device.MostDiscardsInARow);
        at.Close();
    }

    // They take longer than the cut itself.
    [Fact]
    public void Who_goes_back_does_not_wait_until_all_is_discarded()
    {
        using var at = new FiberedStore(7, 20_000);
        OverwriteAll(at, 3);
        at.Commit(VolumeId.First, 2, 1, out ulong target);
        at.Commit(VolumeId.First, 1, 4000, out _);
        ulong before = at.Store.Statistics.BlocksDiscarded, told = 0, later = 0;
        at.Device.IsImmediate = false;
        at.Fibers.Start(at.Store.RunMaintenance);
        at.Fibers.Start(() => Assert.Equal(StoreStatus.Ok, at.Store.CutNow()));
        at.Fibers.Start(() =>
        {
            while (at.Store.Statistics.BlocksDiscarded == before)
                at.Fibers.Yield();
            told = at.Store.Statistics.BlocksDiscarded;
            Assert.Equal(StoreStatus.Ok, at.Store.Rollback(VolumeId.First, target, FiberedStore.Info()));
            told = at.Store.Statistics.BlocksDiscarded - told;
            ulong then = at.Store.Statistics.BlocksDiscarded;
            OverwriteAll(at, 4);
            later = at.Store.Statistics.BlocksDiscarded - then;
            at.Store.StopMaintenance();
        });
        at.Fibers.Run(TimeSpan.FromMinutes(1));
        Assert.InRange(told, 0UL, 256UL);

        // Later cuts tell theirs.
        Assert.InRange(later, 4000UL, 20_000UL);
        at.Close();
    }

    private static void OverwriteAll(FiberedStore at, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            at.Commit(VolumeId.First, 1, 4000, out _);
            Assert.Equal(StoreStatus.Ok, at.Store.CutNow());
        }
    }
}
