// When a checkpoint is taken. A busy group: once a period. A group that has gone idle while output is held: at once, because somebody waits for
// the output; such an early checkpoint borrows the next period, so that the average rate stays that of the period. A group that changes things
// so fast that the epoch would outgrow what one commit can hold: as soon as its budget is used up, and when no slot is free it has to wait.
// What an epoch may hold is in EpochBudget.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    // So long after the last commit the store is told that it is quiet.
    private const ulong QuietNanoseconds = 100_000_000;

    private readonly EpochBudget _budget;

    // At so many changed objects and pages, and bytes of their records, the rule is looked at again.
    private ulong _objectsToLook = ulong.MaxValue;
    private ulong _recordBytesToLook = ulong.MaxValue;
    private ulong _periodNanoseconds = DefaultPeriodNanoseconds;
    private bool _isRequested;

    // The machine time from which the next checkpoint is due without anybody's asking.
    private ulong _paceNanoseconds;

    // An epoch was undone, and this is the machine time of the next attempt.
    private bool _mustRetry;
    private ulong _retryNanoseconds;

    // Held output up to here is part of a captured epoch.
    private ulong _outputCaptured;
    private ulong _lastCommitNanoseconds;
    private bool _isQuiet = true;

    /// <inheritdoc/>
    public override ulong PeriodNanoseconds
    {
        get => _periodNanoseconds;
        set
        {
            _periodNanoseconds = value;
            _paceNanoseconds = Math.Min(_paceNanoseconds, _services.MachineClock.MonotonicNanoseconds + value);
        }
    }

    /// <summary>
    /// Takes a checkpoint if one is due. Called by the main loop between two threads, where every thread is at the user boundary or asleep.
    /// Returns <see cref="NextDueNanoseconds"/>: finding it out costs as much as a short system call.
    /// </summary>
    public ulong Poll()
    {
        ulong next = TakeWhatIsDue();
        _objectsToLook = IsEnabled ? ChangedObjects + _budget.LookObjects : ulong.MaxValue;
        _recordBytesToLook = IsEnabled ? _services.Tracker.ChangedBytes + _budget.LookRecordBytes : ulong.MaxValue;
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
    /// True while the group's threads must not run: they have changed as much as a commit may hold, and it cannot be captured yet; or another
    /// checkpoint is about to take the place of all they do.
    /// </summary>
    public bool MustPause => IsEnabled && !_hasFailed && (_isRollingBack || IsOverwhelmed);

    // With a full disk the group may go on for longer: it can delete something, or use up its memory and have its largest program ended.
    private bool IsOverwhelmed => IsOverwhelmedBy(Changes);

    private bool IsOverwhelmedBy(ulong changes)
        => Refusal == StoreStatus.NoSpace
            ? changes >= _budget.FullDiskBytes
            : InFlight + changes + CopiesOfFork + _budget.LookBytes + _budget.StepBytes > _budget.CommitBytes
                || (changes >= _budget.CaptureBytes && (_mustRetry || FreeSlot() is null));

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
            return (ulong)(tracker.ChangedCount + tracker.Ended.Count) + _services.Memory.ChangesOf(tracker);
        }
    }

    // What the changes since the last capture will take in a commit, in bytes; an upper bound. Threads that ran have records to write.
    private ulong Changes
    {
        get
        {
            ObjectTracker tracker = _services.Tracker;
            ulong ran = (ulong)_services.Scheduler.RanCount;
            ulong objects = (ulong)(tracker.ChangedCount + tracker.Ended.Count) + ran + _services.Memory.OperationsOf(tracker);
            return _budget.CostOf(_services.Memory.DirtyPagesOf(tracker), objects,
                tracker.ChangedBytes + (ran * (StateCodec.MaxPayloadBytes + RecordHeader.MaxSize)));
        }
    }

    // A fork's copies of the pages that have changed since the last capture.
    private ulong CopiesOfFork => _budget.CostOf(_services.Memory.DirtyPagesOf(_services.Tracker), 0, 0);

    // The same for what has been captured and is not durable yet.
    private ulong InFlight
    {
        get
        {
            ulong bytes = 0;
            foreach (EpochSlot slot in _slots)
            {
                if (slot.State != SlotState.Free)
                    bytes += slot.Cost;
            }
            return bytes;
        }
    }

    private bool CanTake => IsEnabled && !_hasFailed && !_isRollingBack && FreeSlot() is not null;

    private ulong CheckpointDueNanoseconds
    {
        get
        {
            if (!CanTake)
                return ulong.MaxValue;
            if (_mustRetry)
                return _retryNanoseconds;
            ulong changes = Changes;
            if (_isRequested || changes >= _budget.CaptureBytes || (IsOverwhelmedBy(changes) && HasWork))
                return 0;
            return HasWork ? _paceNanoseconds : ulong.MaxValue;
        }
    }

    private ulong EarlyDueNanoseconds
    {
        get
        {
            if (!CanTake || _mustRetry || _services.Output.Written <= _outputCaptured)
                return ulong.MaxValue;
            return _paceNanoseconds - Math.Min(_paceNanoseconds, _periodNanoseconds);
        }
    }

    private ulong QuietDueNanoseconds
        => _isQuiet || IsBusy || _hasFailed || !IsEnabled ? ulong.MaxValue : _lastCommitNanoseconds + QuietNanoseconds;

    /// <summary>True while some kernel object is not as the newest epoch captured has it.</summary>
    public bool HasChanges => IsEnabled && (_services.Tracker.ChangedCount != 0 || _services.Tracker.Ended.Count != 0);

    private bool HasWork
        => _services.Tracker.ChangedCount != 0 || _services.Tracker.Ended.Count != 0 || _services.Scheduler.HasThreadsThatRan
            || _services.Memory.HasChanges(_services.Tracker);

    private void TakeNow()
    {
        EpochSlot? slot = FreeSlot();
        if (slot is not null)
            Take(slot);
    }

    private void BeQuiet()
    {
        _isQuiet = true;
        _mustWriteWatermark = true;
        _services.Fibers.WakeAll(ErrandWork);
    }

    // A checkpoint that is taken before its time has the next one wait longer, but by no more than a period: requests in a row would put it
    // off for ever.
    private void NoteStart(ulong now)
        => _paceNanoseconds = Math.Min(Math.Max(_paceNanoseconds, now), now + _periodNanoseconds) + _periodNanoseconds;

    // Even a request waits until then.
    private void RetryAfter(ulong nanoseconds)
    {
        _mustRetry = true;
        _retryNanoseconds = _services.MachineClock.MonotonicNanoseconds + nanoseconds;
    }
}
