// The main loop asks at every turn whether a checkpoint is due, and after every system call whether so much has changed that it must ask
// again. Neither may cost more when there are more groups. So the second question is about the changes of all groups together, which are
// counted (ChangeTotals). The first one is answered by looking at every group only when that can bring something: when one is due as of
// the last look, when somebody asked, when much has changed, and a little later in any case, because a group that had not changed
// may have. Of all groups only those that are awake are looked at (Pipelines). With one group, which is the usual case, looking at it costs
// less than deciding. Before the machine sleeps they are looked at. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Looks at the groups that are checkpointed.</summary>
internal sealed unsafe class CheckpointRounds
{
    // The most by which the checkpoint of one of several groups is late.
    private const ulong LateNanoseconds = 1_000_000;

    private readonly Clock _clock;
    private readonly Pipelines _pipelines;
    private readonly CheckpointPace _pace;
    private readonly EpochBudget _budget;
    private readonly RoundState _state;
    private readonly ThreadScheduler _scheduler;
    private readonly ushort _first;
    private readonly TrackedObjects _tracked;
    private readonly ChangeTotals* _totals;

    public CheckpointRounds(in CheckpointServices services, Pipelines pipelines, CheckpointPace pace, in EpochBudget budget)
    {
        _clock = services.MachineClock;
        _pipelines = pipelines;
        _pace = pace;
        _budget = budget;
        _state = pipelines.Round;
        _scheduler = services.Scheduler;
        _first = services.Tracker.Index;
        _tracked = services.Tracker.Objects;
        _totals = _tracked.Totals;
    }

    /// <summary>
    /// True when so much has changed since <see cref="Poll"/> that it must be called again before a thread takes another step.
    /// </summary>
    public bool MustLookAgain
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _totals->Count > _state.ChangesToLook || _totals->RecordBytes > _state.RecordBytesToLook;
    }

    /// <summary>True when somebody has asked for something since <see cref="Poll"/> that must not wait for a turn to end.</summary>
    public bool IsAsked => _state.IsAsked;

    /// <summary>
    /// Takes the checkpoints that are due. Called by the main loop between two threads, where every thread is at the user boundary or
    /// asleep. Returns the machine time at which it wants to be called next.
    /// </summary>
    public ulong Poll()
    {
        if (_pipelines.IsOne)
        {
            _state.IsAsked = false;
            ulong due = _pace.Poll(in _pipelines.Only);
            NoteChanges();
            return due;
        }
        if (_state.IsAsked || MustLookAgain || _clock.MonotonicNanoseconds >= _state.NextNanoseconds)
            PollAll();
        return _state.NextNanoseconds;
    }

    /// <summary>As <see cref="Poll"/>, when no thread can run: then held output need not wait for the period to pass.</summary>
    public void PollIdle()
    {
        _pipelines.WakeChanged();
        for (Pipeline pipeline = default; _pipelines.NextAwake(ref pipeline);)
            _pace.PollIdle(in pipeline);
    }

    /// <summary>The machine time at which a checkpoint is due next; all ones when nothing has changed or no slot is free.</summary>
    public ulong NextDueNanoseconds
    {
        get
        {
            _pipelines.WakeChanged();
            ulong next = ulong.MaxValue;
            for (Pipeline pipeline = default; _pipelines.NextAwake(ref pipeline);)
                next = Math.Min(next, _pace.NextDueNanoseconds(in pipeline));
            return next;
        }
    }

    /// <summary>As <see cref="NextDueNanoseconds"/>, for PollIdle. The next Poll is for this moment.</summary>
    public ulong FindNextIdleDue()
    {
        _pipelines.WakeChanged();
        ulong next = ulong.MaxValue;
        for (Pipeline pipeline = default; _pipelines.NextAwake(ref pipeline);)
            next = Math.Min(next, _pace.NextIdleDueNanoseconds(in pipeline));
        _state.NextNanoseconds = Math.Min(_state.NextNanoseconds, next);
        return next;
    }

    private void PollAll()
    {
        _state.IsAsked = false;
        ulong next = _clock.MonotonicNanoseconds + LateNanoseconds;
        _pipelines.WakeChanged();
        PipelineState* previous = null;
        PipelineState* following = null;
        for (PipelineState* state = _pipelines.FirstAwake; state != null; state = following)
        {
            following = state->NextAwake;
            var pipeline = new Pipeline(_tracked.OfGroup(state->Group), state);
            next = Math.Min(next, _pace.Poll(in pipeline));
            HoldOrResume(in pipeline);
            if (_pace.MaySleep(in pipeline))
                _pipelines.Sleep(in pipeline, previous);
            else
                previous = state;
        }
        CheckSleeper();
        _state.NextNanoseconds = next;
        NoteChanges();
    }

    // One of all groups each time: a change that nobody noticed would never be captured.
    private void CheckSleeper()
    {
        if (!_pipelines.NextToCheck(out Pipeline pipeline))
            return;
        bool isAwake = pipeline.State->IsAwake || pipeline.Group.IsAwake;
        Panic.Unless(isAwake || !_pace.HasWork(in pipeline), "checkpoint: a group has changed in its sleep"u8);
    }

    // For the first group the whole machine pauses: its console is the machine's, and it manages the others.
    private void HoldOrResume(in Pipeline pipeline)
    {
        bool mustStop = pipeline.State->IsStopped
            || (!pipeline.State->IsEnding && (pipeline.HasFailed || _pace.MustPause(in pipeline)));
        if (pipeline.Group.Index == _first || mustStop == _scheduler.IsHeld(pipeline.Group))
            return;
        if (mustStop)
            _scheduler.Hold(pipeline.Group);
        else
            _scheduler.Resume(pipeline.Group);
    }

    // What was captured does not count for those who run next.
    private void NoteChanges()
    {
        _state.ChangesToLook = _totals->Count + _budget.LookObjects;
        _state.RecordBytesToLook = _totals->RecordBytes + _budget.LookRecordBytes;
    }
}
