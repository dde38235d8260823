using System;
using System.Linq;
using Aurora.Posix.Persistence;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What is told of the latest checkpoints is what sorting them would tell.</summary>
public sealed class StatisticsTests
{
    [Property(MaxTest = 200)]
    public void Percentiles_are_those_of_the_sorted_samples(NonNegativeInt[] stops, byte percent)
    {
        var statistics = new CheckpointStatistics();
        foreach (NonNegativeInt stop in stops)
            statistics.Add(new CheckpointSample { StopNanoseconds = (ulong)stop.Get, DurableNanoseconds = (ulong)(stop.Get % 7) }, default);
        int at = percent % 100;
        Assert.Equal(Expected(stops.Select(stop => (ulong)stop.Get).ToArray(), at), statistics.StopPercentile(at));
        Assert.Equal(Expected(stops.Select(stop => (ulong)(stop.Get % 7)).ToArray(), at), statistics.DurablePercentile(at));
    }

    [Fact]
    public void Only_the_newest_samples_count()
    {
        var statistics = new CheckpointStatistics();
        for (int i = 0; i < CheckpointStatistics.Capacity + 10; i++)
            statistics.Add(new CheckpointSample { StopNanoseconds = (ulong)(i < 10 ? 1_000_000 : i) }, default);
        Assert.Equal(10UL, statistics.StopPercentile(0));
        Assert.Equal((ulong)CheckpointStatistics.Capacity + 9, statistics.StopPercentile(100));
    }

    private static ulong Expected(ulong[] values, int percent)
    {
        if (values.Length == 0)
            return 0;
        Array.Sort(values);
        return values[Math.Min(values.Length - 1, values.Length * percent / 100)];
    }
}
