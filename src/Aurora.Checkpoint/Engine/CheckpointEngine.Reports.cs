using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

// What the Aurora calls report.
public sealed unsafe partial class CheckpointEngine
{
    /// <summary>The epoch this boot continued from; zero when it started fresh.</summary>
    public ulong RestoredEpoch { get; private set; }

    /// <summary>From kernel entry to the moment guests could run in this boot, in nanoseconds; set once by whoever boots.</summary>
    public ulong BootNanoseconds { get; set; }

    /// <inheritdoc/>
    public override void ReadStatistics(ref SlsStatistics statistics)
    {
        statistics.CapturedEpoch = _lastCaptured.Value;
        statistics.DurableEpoch = _lastDurable.Value;
        statistics.RestoredEpoch = RestoredEpoch;
        statistics.PeriodNanoseconds = PeriodNanoseconds;
        statistics.Checkpoints = Statistics.Checkpoints;
        statistics.Pages = Statistics.Pages;
        statistics.Records = Statistics.Records;
        statistics.Bytes = Statistics.Bytes;
        statistics.StopMedianNanoseconds = Statistics.StopPercentile(50);
        statistics.StopP99Nanoseconds = Statistics.StopPercentile(99);
        statistics.DurableMedianNanoseconds = Statistics.DurablePercentile(50);
        statistics.DurableP99Nanoseconds = Statistics.DurablePercentile(99);
        statistics.RestoreNanoseconds = BootNanoseconds;
        StoreStatistics store = _services.Store.Statistics;
        statistics.StoreFreeBytes = store.FreeBlocks * PageSize.Bytes;
        statistics.StoreTotalBytes = store.TotalBlocks * PageSize.Bytes;
        statistics.Failed = _hasFailed ? 1UL : 0;
        statistics.Violations = Violations;
    }

    /// <inheritdoc/>
    public override bool ReadSample(int index, out CheckpointSample sample)
    {
        bool exists = index >= 0 && index < Statistics.Count;
        sample = exists ? Statistics[Statistics.Count - 1 - index] : default;
        return exists;
    }

    /// <inheritdoc/>
    public override unsafe bool ReadGroup(int index, out SlsGroup group)
    {
        group = default;
        if (index != 0)
            return false;
        group.Id = _services.Tracker.Index;
        group.CapturedEpoch = _lastCaptured.Value;
        group.DurableEpoch = _lastDurable.Value;
        group.PeriodNanoseconds = PeriodNanoseconds;
        group.State = State;
        fixed (byte* name = group.Name)
            "default"u8.CopyTo(new Span<byte>(name, SlsGroup.NameBytes));
        return true;
    }

    private uint State
    {
        get
        {
            if (!IsEnabled)
                return SlsGroup.StateEphemeral;
            if (_hasFailed)
                return SlsGroup.StateFailed;
            if (Refusal == StoreStatus.NoSpace)
                return SlsGroup.StateFull;
            return MustPause ? SlsGroup.StatePaused : SlsGroup.StatePersisted;
        }
    }
}
