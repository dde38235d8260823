// Figures of the checkpoints taken since boot: totals, and a ring of the latest for medians and percentiles. Written by the engine.
using System;
using Aurora.Posix.Persistence;

namespace Aurora.Checkpoint;

/// <summary>Totals and the latest samples.</summary>
public sealed unsafe class CheckpointStatistics
{
    /// <summary>How many samples are kept.</summary>
    public const int Capacity = 1024;

    private readonly CheckpointSample[] _samples = new CheckpointSample[Capacity];
    private readonly ulong[] _sorted = new ulong[Capacity];

    public ulong Checkpoints { get; private set; }
    public ulong Pages { get; private set; }
    public ulong Bytes { get; private set; }
    public ulong Records { get; private set; }

    public void Add(in CheckpointSample sample)
    {
        _samples[(int)(Checkpoints % Capacity)] = sample;
        Checkpoints++;
        Pages += sample.DirtyPages;
        Records += sample.Records;
        Bytes += sample.Bytes;
    }

    /// <summary>The number of samples kept, oldest first at index 0.</summary>
    public int Count => (int)Math.Min(Checkpoints, Capacity);

    public CheckpointSample this[int index]
        => _samples[(int)((Checkpoints - (ulong)Count + (ulong)index) % Capacity)];

    /// <summary>The stop time below which <paramref name="percent"/> of the kept samples lie, in nanoseconds; zero without samples.</summary>
    public ulong StopPercentile(int percent)
    {
        int count = Count;
        for (int i = 0; i < count; i++)
            _sorted[i] = this[i].StopNanoseconds;
        return Percentile(count, percent);
    }

    /// <summary>As <see cref="StopPercentile"/>, for the time from stop to durable.</summary>
    public ulong DurablePercentile(int percent)
    {
        int count = Count;
        for (int i = 0; i < count; i++)
            _sorted[i] = this[i].DurableNanoseconds;
        return Percentile(count, percent);
    }

    private ulong Percentile(int count, int percent)
    {
        if (count == 0)
            return 0;
        ShellSort(new Span<ulong>(_sorted, 0, count));
        return _sorted[Math.Min(count - 1, count * percent / 100)];
    }

    // The library's Span.Sort makes its helper objects on first use, which a sealed heap forbids.
    private static void ShellSort(Span<ulong> values)
    {
        for (int gap = values.Length / 2; gap > 0; gap /= 2)
        {
            for (int i = gap; i < values.Length; i++)
            {
                ulong value = values[i];
                int j = i;
                for (; j >= gap && values[j - gap] > value; j -= gap)
                    values[j] = values[j - gap];
                values[j] = value;
            }
        }
    }
}
