using System;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Clocks that jump, and what they may cost of the history.</summary>
public sealed unsafe class ClockTests
{
    private const ulong Second = 1_000_000_000;
    private const ulong Day = 86_400 * Second;

    [Theory]
    [InlineData("one commit a day ahead")]
    [InlineData("ten commits a day ahead")]
    [InlineData("one commit a day ahead, three times")]
    [InlineData("one commit a day behind")]
    [InlineData("a day ahead right after opening")]
    public void A_clock_that_jumps_and_comes_back_costs_no_history(string how)
    {
        using var harness = new StoreHarness(blocks: 16_384);
        harness.Open();
        harness.Info("", 20_000 * Day);
        for (int i = 0; i < 90; i++)
            PutAndCut(harness, Second + (Second / 10));
        ulong before = harness.Store.Statistics.AutomaticCheckpoints;
        if (how == "a day ahead right after opening")
            harness.Reopen();
        int times = how.EndsWith("three times", StringComparison.Ordinal) ? 3 : 1;
        int commits = how.StartsWith("ten", StringComparison.Ordinal) ? 10 : 1;
        ulong jump = how.EndsWith("behind", StringComparison.Ordinal) ? unchecked(0 - Day) : Day;
        for (int i = 0; i < times; i++)
        {
            harness.Info("", jump);
            for (int j = 0; j < commits; j++)
                PutAndCut(harness, Second);
            harness.Info("", unchecked(0 - jump));
        }
        for (int i = 0; i < 8; i++)
            PutAndCut(harness, Second + (Second / 10));
        Assert.True(harness.Store.Statistics.AutomaticCheckpoints >= before, $"{before} before, {harness.Store.Statistics.AutomaticCheckpoints} after");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(120)]
    public void After_a_night_the_history_thins_as_ever(int secondsBetweenCommits)
    {
        using var harness = new StoreHarness(blocks: 16_384);
        harness.Open();
        harness.Info("", 20_000 * Day);
        for (int i = 0; i < 90; i++)
            PutAndCut(harness, Second);
        harness.Info("", Day / 2);
        for (int i = 0; i < 90; i++)
            PutAndCut(harness, (ulong)secondsBetweenCommits * Second);
        Assert.Equal(StoreStatus.Ok, harness.Store.NextCheckpoint(VolumeId.First, 0, out CheckpointInfo oldest));
        Assert.True(oldest.Sequence > 90, $"{oldest.Sequence} is still there");
    }

    private static void PutAndCut(StoreHarness harness, ulong nanoseconds)
    {
        StoreCommit* commit = harness.Begin();
        harness.Write(commit, 1, 0, 5);
        Assert.Equal(StoreStatus.Ok, harness.TryCommit(commit, "", nanoseconds));
        Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
    }
}
