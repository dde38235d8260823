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

    [Fact]
    public void The_parts_of_a_checkpoint_add_up_to_the_time_until_it_was_durable()
    {
        using TestSession session = TestSession.Create();
        session.Clock.LookNanoseconds = 7;
        ulong before = session.Engine.Statistics.Checkpoints;
        session.Checkpoint();
        Assert.Equal(before + 1, session.Engine.Statistics.Checkpoints);
        Assert.True(session.Engine.ReadSample(0, out CheckpointSample sample));

        // Of the only one that took time the longest parts are the parts.
        session.Engine.Statistics.ReadPhases(out _, out CheckpointPhases parts);
        ulong stop = parts.QuiesceNanoseconds + parts.FreezeNanoseconds + parts.CaptureNanoseconds + parts.ResumeNanoseconds;
        Assert.Equal(sample.StopNanoseconds, stop);
        Assert.Equal(sample.DurableNanoseconds, stop + parts.SumNanoseconds + parts.WriteNanoseconds + parts.FlushNanoseconds);
    }

    private static ulong Expected(ulong[] values, int percent)
    {
        if (values.Length == 0)
            return 0;
        Array.Sort(values);
        return values[Math.Min(values.Length - 1, values.Length * percent / 100)];
    }
}
