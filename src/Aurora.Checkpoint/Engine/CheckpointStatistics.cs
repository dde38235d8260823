// Figures of the checkpoints taken since boot: totals, and a ring of the latest for medians and percentiles. Written by the engine.
using System;
using System.Runtime.InteropServices;
using Aurora.Posix.Persistence;

namespace Aurora.Checkpoint;

/// <summary>Totals and the latest samples.</summary>
public sealed unsafe class CheckpointStatistics
{
    /// <summary>How many samples are kept.</summary>
    public const int Capacity = 1024;

    private readonly CheckpointSample[] _samples = new CheckpointSample[Capacity];
    private readonly CheckpointPhases[] _phases = new CheckpointPhases[Capacity];
    private readonly ulong[] _stops = new ulong[Capacity];
    private readonly ulong[] _durables = new ulong[Capacity];
    private readonly ulong[] _chosen = new ulong[Capacity];
    private SlsStatistics _latest;
    private ulong _latestOf;

    public ulong Checkpoints { get; private set; }
    public ulong Pages { get; private set; }
    public ulong Bytes { get; private set; }
    public ulong Records { get; private set; }

    public void Add(in CheckpointSample sample, in CheckpointPhases phases)
    {
        int place = (int)(Checkpoints % Capacity);
        _samples[place] = sample;
        _stops[place] = sample.StopNanoseconds;
        _durables[place] = sample.DurableNanoseconds;
        _phases[place] = phases;
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
    public ulong StopPercentile(int percent) => Percentile(_stops, percent);

    /// <summary>As <see cref="StopPercentile"/>, for the time from stop to durable.</summary>
    public ulong DurablePercentile(int percent) => Percentile(_durables, percent);

    /// <summary>What is told of the kept samples together; reckoned when there are new ones, since programs ask often.</summary>
    public void ReadLatest(ref SlsStatistics statistics)
    {
        if (_latestOf != Checkpoints)
        {
            _latest.StopMedianNanoseconds = StopPercentile(50);
            _latest.StopP99Nanoseconds = StopPercentile(99);
            _latest.DurableMedianNanoseconds = DurablePercentile(50);
            _latest.DurableP99Nanoseconds = DurablePercentile(99);
            ReadPhases(out _latest.PhaseMean, out _latest.PhaseLongest);
            _latestOf = Checkpoints;
        }
        statistics.StopMedianNanoseconds = _latest.StopMedianNanoseconds;
        statistics.StopP99Nanoseconds = _latest.StopP99Nanoseconds;
        statistics.DurableMedianNanoseconds = _latest.DurableMedianNanoseconds;
        statistics.DurableP99Nanoseconds = _latest.DurableP99Nanoseconds;
        statistics.PhaseMean = _latest.PhaseMean;
        statistics.PhaseLongest = _latest.PhaseLongest;
    }

    /// <summary>The mean of the phases of the kept samples, and the longest of each.</summary>
    public void ReadPhases(out CheckpointPhases mean, out CheckpointPhases longest)
    {
        mean = longest = default;
        Span<ulong> sums = PartsOf(ref mean);
        Span<ulong> peaks = PartsOf(ref longest);
        int count = Count;
        for (int i = 0; i < count; i++)
        {
            Span<ulong> parts = PartsOf(ref _phases[i]);
            for (int part = 0; part < parts.Length; part++)
            {
                sums[part] += parts[part];
                peaks[part] = Math.Max(peaks[part], parts[part]);
            }
        }
        for (int part = 0; part < sums.Length && count > 0; part++)
            sums[part] /= (ulong)count;
    }

    private static Span<ulong> PartsOf(ref CheckpointPhases phases)
        => MemoryMarshal.Cast<CheckpointPhases, ulong>(MemoryMarshal.CreateSpan(ref phases, 1));

    private ulong Percentile(ulong[] kept, int percent)
    {
        int count = Count;
        if (count == 0)
            return 0;
        var chosen = new Span<ulong>(_chosen, 0, count);
        new Span<ulong>(kept, 0, count).CopyTo(chosen);
        return Select(chosen, Math.Min(count - 1, count * percent / 100));
    }

    // The value that would stand there if all were sorted (Hoare's FIND): programs ask often, and sorting took longer than a checkpoint.
    private static ulong Select(Span<ulong> values, int index)
    {
        int first = 0;
        int last = values.Length - 1;
        while (first < last)
        {
            ulong middle = Middle(values[first], values[(first + last) / 2], values[last]);
            int low = first;
            int high = last;
            while (low <= high)
            {
                while (values[low] < middle)
                    low++;
                while (values[high] > middle)
                    high--;
                if (low > high)
                    break;
                (values[low], values[high]) = (values[high], values[low]);
                low++;
                high--;
            }
            if (index <= high)
                last = high;
            else if (index >= low)
                first = low;
            else
                break;
        }
        return values[index];
    }

    private static ulong Middle(ulong a, ulong b, ulong c)
        => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
