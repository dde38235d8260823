// When a checkpoint is taken. A busy group: once a period. A group that has gone idle while output is held: at once, because somebody waits for
// the output; such an early checkpoint borrows the next period, so that the average rate stays that of the period. A group that changes things
// so fast that the epoch would outgrow what it should hold: as soon as its budget is used up, and when no slot is free it has to wait.
// What an epoch may hold is in EpochBudget. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Decides when an epoch begins, and when the group has to wait for the disk.</summary>
internal sealed unsafe class CheckpointPace
{
    // So long after the last commit the store is told that it is quiet.
    private const ulong QuietNanoseconds = 100_000_000;

    private readonly CheckpointServices _services;
    private readonly PipelineState _state;
    private readonly EpochCapture _capture;
    private readonly EpochBudget _budget;

    // At so many changed objects and pages, and bytes of their records, the rule is looked at again.
    private ulong _objectsToLook = ulong.MaxValue;
    private ulong _recordBytesToLook = ulong.MaxValue;

    public CheckpointPace(in CheckpointServices services, PipelineState state, EpochCapture capture, in EpochBudget budget)
    {
        _services = services;
        _state = state;
        _capture = capture;
        _budget = budget;
    }

    /// <summary>Changes the period; the checkpoint that is due next is not put off by it.</summary>
    public void SetPeriod(ulong nanoseconds)
    {
        _state.PeriodNanoseconds = nanoseconds;
        _state.PaceNanoseconds = Math.Min(_state.PaceNanoseconds, _services.MachineClock.MonotonicNanoseconds + nanoseconds);
    }

    /// <summary>
    /// Takes a checkpoint if one is due. Called by the main loop between two threads, where every thread is at the user boundary or asleep.
    /// Returns <see cref="NextDueNanoseconds"/>: finding it out costs as much as a short system call.
    /// </summary>
    public ulong Poll()
    {
        ulong next = TakeWhatIsDue();
        _objectsToLook = _state.IsEnabled ? ChangedObjects + _budget.LookObjects : ulong.MaxValue;
        _recordBytesToLook = _state.IsEnabled ? _services.Tracker.ChangedBytes + _budget.LookRecordBytes : ulong.MaxValue;
        return next;
    }

    private ulong TakeWhatIsDue()
    {
        ulong now = _services.MachineClock.MonotonicNanoseconds;
        ulong checkpoint = CheckpointDueNanoseconds;
        ulong quiet = QuietDueNanoseconds;
        if (checkpoint <= now)
            TakeNow();
        else if (quiet <= now)
            BeQuiet();
        else
            return Math.Min(checkpoint, quiet);
        return NextDueNanoseconds;
    }

    /// <summary>As <see cref="Poll"/>, when no thread can run: then held output need not wait for the period to pass.</summary>
    public void PollIdle()
    {
        if (EarlyDueNanoseconds <= _services.MachineClock.MonotonicNanoseconds)
            TakeNow();
    }

    /// <summary>Machine time at which Poll wants to be called next; all ones when nothing has changed or no slot is free.</summary>
    public ulong NextDueNanoseconds => Math.Min(CheckpointDueNanoseconds, QuietDueNanoseconds);

    /// <summary>As <see cref="NextDueNanoseconds"/>, for PollIdle.</summary>
    public ulong NextIdleDueNanoseconds => Math.Min(NextDueNanoseconds, EarlyDueNanoseconds);

    /// <summary>
    /// True while the group's threads must not run: they have changed as much as an epoch should hold, and it cannot be captured yet; or another
    /// checkpoint is about to take the place of all they do.
    /// </summary>
    public bool MustPause => _state.IsEnabled && !_state.HasFailed && (_state.IsRollingBack || IsOverwhelmed);

    // With a full disk the group may go on for longer: it can delete something, or use up its memory and have its largest program ended.
    private bool IsOverwhelmed => IsOverwhelmedBy(Changes);

    private bool IsOverwhelmedBy(ulong changes)
        => _state.Refusal == StoreStatus.NoSpace
            ? changes >= _budget.FullDiskBytes
            : changes >= _budget.CaptureBytes && (_state.MustRetry || _state.Free() is null);

    /// <summary>
    /// True when so much has changed since <see cref="Poll"/> that it must be called again before a thread takes another step.
    /// </summary>
    public bool MustLookAgain
        => ChangedObjects > _objectsToLook || _services.Tracker.ChangedBytes > _recordBytesToLook;

    private ulong ChangedObjects
    {
        get
        {
            ObjectTracker tracker = _services.Tracker;
            return (ulong)(tracker.ChangedCount + tracker.Ended.Count) + _services.Memory.Epochs.ChangesOf(tracker);
        }
    }

    // What the changes since the last capture will take in a commit, in bytes; an upper bound. Threads that ran have records to write.
    private ulong Changes
    {
        get
        {
            ObjectTracker tracker = _services.Tracker;
            ulong ran = (ulong)_services.Scheduler.RanCountOf(_services.Tracker);
            ulong objects = (ulong)(tracker.ChangedCount + tracker.Ended.Count) + ran + _services.Memory.Epochs.OperationsOf(tracker);
            return _budget.CostOf(_services.Memory.Epochs.DirtyPagesOf(tracker), objects,
                tracker.ChangedBytes + (ran * (StateCodec.MaxPayloadBytes + RecordHeader.MaxSize)));
        }
    }

    private bool CanTake => _state.IsEnabled && !_state.HasFailed && !_state.IsRollingBack && _state.Free() is not null;

    private ulong CheckpointDueNanoseconds
    {
        get
        {
            if (!CanTake)
                return ulong.MaxValue;
            if (_state.MustRetry)
                return _state.RetryNanoseconds;
            ulong changes = Changes;
            if (_state.IsRequested || changes >= _budget.CaptureBytes || (IsOverwhelmedBy(changes) && HasWork))
                return 0;
            return HasWork ? _state.PaceNanoseconds : ulong.MaxValue;
        }
    }

    private ulong EarlyDueNanoseconds
    {
        get
        {
            if (!CanTake || _state.MustRetry || _services.Output.Of(_services.Tracker).Written <= _state.OutputCaptured)
                return ulong.MaxValue;
            return _state.PaceNanoseconds - Math.Min(_state.PaceNanoseconds, _state.PeriodNanoseconds);
        }
    }

    private ulong QuietDueNanoseconds
        => _state.IsQuiet || _state.IsBusy || _state.HasFailed || !_state.IsEnabled ? ulong.MaxValue
            : _state.LastCommitNanoseconds + QuietNanoseconds;

    /// <summary>True while some kernel object is not as the newest epoch captured has it.</summary>
    public bool HasChanges => _state.IsEnabled && (_services.Tracker.ChangedCount != 0 || _services.Tracker.Ended.Count != 0);

    private bool HasWork
        => _services.Tracker.ChangedCount != 0 || _services.Tracker.Ended.Count != 0 || _services.Scheduler.RanCountOf(_services.Tracker) != 0
            || _services.Memory.Epochs.HasChanges(_services.Tracker);

    private void TakeNow()
    {
        EpochSlot? slot = _state.Free();
        if (slot is not null)
            _capture.Take(slot);
    }

    private void BeQuiet()
    {
        _state.IsQuiet = true;
        _state.MustWriteWatermark = true;
        _services.Fibers.WakeAll(_state.ErrandWork);
    }
}
