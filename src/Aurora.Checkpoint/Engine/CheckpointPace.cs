// When a checkpoint is taken. A busy group: once a period. A group that has gone idle while output is held: at once, because somebody waits
// for the output; such an early checkpoint borrows the next period, so that the average rate stays that of the period. A group that changes
// things so fast that the epoch would outgrow what it should hold: as soon as its budget is used up, and when no slot is free it has to
// wait. What an epoch may hold is in EpochBudget. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Decides when an epoch begins, and when the group has to wait for the disk.</summary>
internal sealed unsafe class CheckpointPace
{
    // So long after the last commit the store is told that it is quiet.
    private const ulong QuietNanoseconds = 100_000_000;

    private readonly CheckpointServices _services;
    private readonly EngineQueues _queues;
    private readonly EpochCapture _capture;
    private readonly EpochBudget _budget;

    public CheckpointPace(in CheckpointServices services, EngineQueues queues, EpochCapture capture, in EpochBudget budget)
    {
        _services = services;
        _queues = queues;
        _capture = capture;
        _budget = budget;
    }

    /// <summary>Changes the period of a group; the checkpoint that is due next is not put off by it.</summary>
    public void SetPeriod(in Pipeline pipeline, ulong nanoseconds)
    {
        pipeline.State->PeriodNanoseconds = nanoseconds;
        pipeline.State->PaceNanoseconds =
            Math.Min(pipeline.State->PaceNanoseconds, _services.MachineClock.MonotonicNanoseconds + nanoseconds);
    }

    /// <summary>
    /// Takes a checkpoint of a group if one is due. Returns <see cref="NextDueNanoseconds"/>: finding it out costs as much as a short
    /// system
    /// call.
    /// </summary>
    public ulong Poll(in Pipeline pipeline)
    {
        ulong now = _services.MachineClock.MonotonicNanoseconds;
        ulong checkpoint = CheckpointDueNanoseconds(pipeline);
        ulong quiet = QuietDueNanoseconds(pipeline);
        if (checkpoint <= now)
            TakeNow(pipeline);
        else if (quiet <= now)
            BeQuiet(pipeline.State);
        else
            return Math.Min(checkpoint, quiet);
        return NextDueNanoseconds(pipeline);
    }

    /// <summary>As <see cref="Poll"/>, when no thread can run: then held output need not wait for the period to pass.</summary>
    public void PollIdle(in Pipeline pipeline)
    {
        if (EarlyDueNanoseconds(pipeline) <= _services.MachineClock.MonotonicNanoseconds)
            TakeNow(pipeline);
    }

    /// <summary>Machine time at which Poll wants to be called next; all ones when nothing has changed or no slot is free.</summary>
    public ulong NextDueNanoseconds(in Pipeline pipeline) => Math.Min(CheckpointDueNanoseconds(pipeline), QuietDueNanoseconds(pipeline));

    /// <summary>As <see cref="NextDueNanoseconds"/>, for PollIdle.</summary>
    public ulong NextIdleDueNanoseconds(in Pipeline pipeline) => Math.Min(NextDueNanoseconds(pipeline), EarlyDueNanoseconds(pipeline));

    /// <summary>
    /// True while the group's threads must not run: they have changed as much as an epoch should hold, and it cannot be captured yet; or
    /// another checkpoint is about to take the place of all they do.
    /// </summary>
    public bool MustPause(in Pipeline pipeline)
        => pipeline.State->IsEnabled && !pipeline.HasFailed && (pipeline.State->IsRollingBack || IsOverwhelmed(pipeline));

    // With a full disk the group may go on for longer: it can delete something, or use up its memory and have its largest program ended.
    // Asked at every switch of threads: what the changes cost is reckoned when that could matter.
    private bool IsOverwhelmed(in Pipeline pipeline)
        => (pipeline.State->Refusal == StoreStatus.NoSpace || pipeline.State->MustRetry || pipeline.Free() == null)
            && IsOverwhelmedBy(pipeline, Changes(pipeline));

    private bool IsOverwhelmedBy(in Pipeline pipeline, ulong changes)
        => pipeline.State->Refusal == StoreStatus.NoSpace
            ? changes >= _budget.FullDiskBytes
            : changes >= _budget.CaptureBytes && (pipeline.State->MustRetry || pipeline.Free() == null);

    // What the changes since the last capture will take in a commit, in bytes; an upper bound. Threads that ran have records to write.
    private ulong Changes(in Pipeline pipeline)
    {
        ObjectTracker tracker = pipeline.Group;
        ulong ran = (ulong)_services.Scheduler.RanCountOf(pipeline.Group);
        ulong objects = (ulong)(tracker.ChangedCount + tracker.Ended.Count) + ran + _services.Memory.Epochs.OperationsOf(tracker);
        return _budget.CostOf(_services.Memory.Epochs.DirtyPagesOf(tracker), objects,
            tracker.ChangedBytes + (ran * (StateCodec.MaxPayloadBytes + RecordHeader.MaxSize)));
    }

    /// <summary>Epochs of the group are captured, when there is a slot for them.</summary>
    public static bool MayTake(in Pipeline pipeline)
        => pipeline.State->IsEnabled && !pipeline.HasFailed && !pipeline.State->HasFlushFailed && !pipeline.State->IsRollingBack
            && !pipeline.State->IsQuiesced;

    private static bool CanTake(in Pipeline pipeline) => MayTake(in pipeline) && pipeline.Free() != null;

    private ulong CheckpointDueNanoseconds(in Pipeline pipeline)
    {
        if (!CanTake(pipeline))
            return ulong.MaxValue;
        if (pipeline.State->MustRetry)
            return pipeline.State->RetryNanoseconds;
        ulong changes = Changes(pipeline);
        if (pipeline.State->IsRequested || changes >= _budget.CaptureBytes || (IsOverwhelmedBy(pipeline, changes) && HasWork(pipeline)))
            return 0;
        return HasWork(pipeline) || pipeline.State->IsExpected ? pipeline.State->PaceNanoseconds : ulong.MaxValue;
    }

    private ulong EarlyDueNanoseconds(in Pipeline pipeline)
    {
        if (!CanTake(pipeline) || pipeline.State->MustRetry || !IsWatched(pipeline))
            return ulong.MaxValue;
        return pipeline.State->PaceNanoseconds - Math.Min(pipeline.State->PaceNanoseconds, pipeline.State->PeriodNanoseconds);
    }

    // Somebody is to see what has not been captured yet.
    private bool IsWatched(in Pipeline pipeline)
        => !pipeline.Group.IsEphemeral && (pipeline.State->IsExpected || _services.Output.Of(pipeline.Group).HasUncaptured);

    private ulong QuietDueNanoseconds(in Pipeline pipeline)
        => !pipeline.State->IsUnquiet || pipeline.IsBusy || pipeline.HasFailed || !pipeline.State->IsEnabled ? ulong.MaxValue
            : pipeline.State->LastCommitNanoseconds + QuietNanoseconds;

    /// <summary>True while some kernel object is not as the newest epoch captured has it.</summary>
    public bool HasChanges(in Pipeline pipeline)
        => pipeline.State->IsEnabled && (pipeline.Group.ChangedCount != 0 || pipeline.Group.Ended.Count != 0);

    /// <summary>
    /// True while something is not as the newest epoch captured has it: kernel objects, threads, memory. An ephemeral group is in no epoch.
    /// </summary>
    public bool HasWork(in Pipeline pipeline) => !pipeline.Group.IsEphemeral && HasChanged(in pipeline);

    private bool HasChanged(in Pipeline pipeline)
        => pipeline.Group.ChangedCount != 0 || pipeline.Group.Ended.Count != 0 || _services.Scheduler.RanCountOf(pipeline.Group) != 0
            || _services.Memory.Epochs.HasChanges(pipeline.Group);

    /// <summary>
    /// True while nothing of the group has changed and nothing is under way: it need not be looked at until that changes.
    /// </summary>
    public bool MaySleep(in Pipeline pipeline)
    {
        PipelineState* state = pipeline.State;
        bool isQuiet = !state->IsRequested && !state->MustRetry && !state->IsUnquiet && !state->MustWriteWatermark && !state->IsServed
            && !state->IsRollingBack && !state->IsQuiesced && !state->IsStarting && !state->Name.IsUnderWay
            && state->Errand.Errand == CheckpointErrand.None && state->History.Served == state->History.Asked;
        return isQuiet && !pipeline.IsBusy && !HasWork(in pipeline) && !IsWatched(in pipeline);
    }

    private void TakeNow(in Pipeline pipeline)
    {
        EpochSlot* slot = pipeline.Free();
        if (slot != null)
            _capture.Take(pipeline, slot);
    }

    private void BeQuiet(PipelineState* state)
    {
        state->IsUnquiet = false;
        state->MustWriteWatermark = true;
        _services.Fibers.WakeAll(_queues.ErrandWork);
    }
}
