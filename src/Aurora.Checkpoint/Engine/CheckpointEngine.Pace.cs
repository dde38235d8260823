// When a checkpoint is taken. A busy group: once a period. A group that has gone idle while output is held: at once, because somebody waits for
// the output; such an early checkpoint borrows the next period, so that the average rate stays that of the period. A group that changes things
// so fast that the epoch would outgrow what one commit can hold: as soon as its budget is used up, and when no slot is free it has to wait.
//
// The budget is an eighth of what the store takes in one commit, since a refused epoch merges with the two captured after it and with what
// the group has changed since; and an eighth of the memory, since frozen pages that are written again exist twice.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    // Upper bounds of what a page and an average record or deletion take in the store's memory and in its log, in bytes.
    private const ulong PageCost = 80;
    private const ulong ObjectCost = 1024;
    private const ulong BudgetShare = 8;

    // With a full disk the group may go on for longer, so that it can delete something: half of what a commit can hold.
    private const ulong FullDiskFactor = 4;

    // So long after the last commit the store is told that it is quiet.
    private const ulong QuietNanoseconds = 100_000_000;

    private readonly ulong _budget;
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
    /// </summary>
    public void Poll()
    {
        ulong now = _services.MachineClock.MonotonicNanoseconds;
        if (CheckpointDueNanoseconds <= now)
            TakeNow();
        else if (QuietDueNanoseconds <= now)
            BeQuiet();
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

    private bool IsOverwhelmed
        => (_mustRetry || FreeSlot() is null) && Changes >= (Refusal == StoreStatus.NoSpace ? _budget * FullDiskFactor : _budget);

    // What the changes since the last capture will take in a commit, in bytes; an upper bound.
    private ulong Changes
        => (_services.Memory.DirtyPagesOf(_services.Tracker) * PageCost)
            + ((ulong)(_services.Tracker.ChangedCount + _services.Tracker.Ended.Count) * ObjectCost);

    private bool CanTake => IsEnabled && !_hasFailed && !_isRollingBack && FreeSlot() is not null;

    private ulong CheckpointDueNanoseconds
    {
        get
        {
            if (!CanTake)
                return ulong.MaxValue;
            if (_mustRetry)
                return _retryNanoseconds;
            if (_isRequested || Changes >= _budget)
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

    // A checkpoint that is taken before its time has the next one wait longer.
    private void NoteStart(ulong now) => _paceNanoseconds = Math.Max(_paceNanoseconds, now) + _periodNanoseconds;

    // Even a request waits until then.
    private void RetryAfter(ulong nanoseconds)
    {
        _mustRetry = true;
        _retryNanoseconds = _services.MachineClock.MonotonicNanoseconds + nanoseconds;
    }

    private static ulong BudgetOf(ObjectStore store, MemoryManager memory)
    {
        ulong commit = store.CommitLimitBytes / BudgetShare;
        ulong pages = (ulong)memory.Frames.TotalFrames / BudgetShare;
        return Math.Min(commit, pages * PageCost);
    }
}
