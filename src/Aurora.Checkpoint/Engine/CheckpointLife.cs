// How the checkpointing of a group begins and ends, beside those that go on: for whoever brings groups into memory and takes them out. A
// group that is being brought in is not captured until it is enabled, and none of its threads runs while it is stopped. Everything that
// waits here is for fibers. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Begins and ends the checkpointing of groups.</summary>
public sealed unsafe class CheckpointLife
{
    // So often an epoch may fail, for whatever reason but a full disk, before who waits for it is told; each time a period or more passes.
    private const ulong MostSetbacks = 20;

    private readonly CheckpointServices _services;
    private readonly Pipelines _pipelines;
    private readonly EngineQueues _queues;
    private readonly CheckpointPace _pace;
    private readonly CheckpointErrands _errands;
    private readonly HistoryList _history;

    internal CheckpointLife(
        in CheckpointServices services, Pipelines pipelines, EngineQueues queues, CheckpointPace pace, CheckpointErrands errands,
        HistoryList history)
    {
        _services = services;
        _pipelines = pipelines;
        _queues = queues;
        _pace = pace;
        _errands = errands;
        _history = history;
    }

    /// <summary>
    /// Begins the checkpointing of a group into a volume of its own. It is stopped, and nothing is captured; of an ephemeral one nothing
    /// ever will be, and what is asked for is answered at once.
    /// </summary>
    public void Begin(ObjectTracker group, VolumeId volume)
    {
        PipelineState* state = _pipelines.Begin(group, volume).State;
        state->IsStopped = true;
        state->IsStarting = !group.IsEphemeral;
        _services.Scheduler.Hold(group);
    }

    /// <summary>
    /// Starts the numbering after a restored epoch, and after every other of its volume: what a rollback has left behind keeps its numbers.
    /// What is captured from here on is behind all of them in the log; the volume of a copy has none yet. Here alone a group gets another
    /// generation: a copy the next one, and one that has gone back in time the epoch of the commit that took it back, which is as durable
    /// as that commit. So a machine that starts before anything was captured gives it the same, and no branch of it has it again. Blocks.
    /// </summary>
    public StoreStatus ContinueFrom(ObjectTracker group, Epoch restored, in Continuation how)
    {
        Pipeline pipeline = _pipelines.Of(group);
        Epoch highest = default;
        StoreStatus status = how.IsCopy ? StoreStatus.Ok : _errands.ReadNumbers(in pipeline, out highest);
        Epoch last = highest > restored ? highest : restored;
        last = how.Rollback > last ? how.Rollback : last;
        pipeline.State->LastCaptured = pipeline.State->LastSubmitted = pipeline.State->LastDurable = pipeline.State->LastWhole = last;
        pipeline.State->RestoredEpoch = restored.Value;
        GroupObject* about = _services.Group.Of(group);
        bool hasGoneBack = last > restored;
        if (hasGoneBack)
            about->Left.Add(restored, last);
        if (hasGoneBack || how.IsCopy)
        {
            ulong next = Math.Max(about->Generation, how.Generation) + 1;
            about->Generation = hasGoneBack ? Math.Max(next, last.Value) : next;
            group.MarkChanged(&about->Header);
        }
        CheckpointErrands.Begin(in pipeline, last);
        return status;
    }

    /// <summary>From here on the group is captured.</summary>
    public void Enable(ObjectTracker group)
    {
        PipelineState* state = _pipelines.Of(group).State;
        Panic.Unless(!group.IsEphemeral, "checkpoint: an ephemeral group was to be captured"u8);
        state->IsEnabled = true;
        state->IsStarting = false;
        _pipelines.Round.IsAsked = true;
    }

    /// <summary>
    /// From here on none of the group's threads runs, or they run again as soon as the store has taken what they have changed.
    /// </summary>
    public void SetStopped(ObjectTracker group, bool isStopped)
    {
        _pipelines.Of(group).State->IsStopped = isStopped;
        _pipelines.Round.IsAsked = true;
        if (isStopped)
            _services.Scheduler.Hold(group);
    }

    /// <summary>
    /// Takes a checkpoint of a group, if it is captured, and waits until it is durable: an error when it is not going to be. Blocks.
    /// </summary>
    public Errno Settle(ObjectTracker group)
    {
        PipelineState* state = _pipelines.Of(group).State;
        if (!state->IsEnabled)
            return Errno.EOPNOTSUPP;
        return Await(state, RequestNext(state), isSubmissionEnough: false);
    }

    /// <summary>
    /// Returns when the store has in its order what a group is now, and the epoch that it is in: what is committed later has it before it.
    /// An error when it is not going to have it. A group that has not changed needs no checkpoint for that. Blocks.
    /// </summary>
    public Errno Submit(ObjectTracker group, out Epoch epoch)
    {
        Pipeline pipeline = _pipelines.Of(group);
        epoch = default;
        if (!pipeline.State->IsEnabled)
            return Errno.EOPNOTSUPP;
        epoch = _pace.HasWork(in pipeline) ? RequestNext(pipeline.State) : pipeline.State->LastCaptured;
        return Await(pipeline.State, epoch, isSubmissionEnough: true);
    }

    /// <summary>Returns when an epoch of a group is durable: an error when it is not going to be. Blocks.</summary>
    public Errno Await(ObjectTracker group, Epoch epoch) => Await(_pipelines.Of(group).State, epoch, isSubmissionEnough: false);

    private Epoch RequestNext(PipelineState* state)
    {
        state->IsRequested = true;
        _pipelines.Round.IsAsked = true;
        return state->LastCaptured.Next;
    }

    private Errno Await(PipelineState* state, Epoch epoch, bool isSubmissionEnough)
    {
        ulong patience = state->Setbacks + MostSetbacks;
        Errno error = Errno.Ok;
        state->SubmissionWaiters += isSubmissionEnough ? 1 : 0;
        while (error == Errno.Ok && (isSubmissionEnough ? state->LastSubmitted : state->LastDurable) < epoch)
        {
            if (state->Setbacks > patience)
                error = Errno.ENOMEM;
            else if (state->Failure != StoreStatus.Ok)
                error = Errno.EIO;
            else if (state->IsRefused(epoch))
                error = Errno.ENOSPC;
            else
                Wait();
        }
        state->SubmissionWaiters -= isSubmissionEnough ? 1 : 0;
        return error;
    }

    /// <summary>As <see cref="Settle"/>, if there is anything to keep of the group. Blocks.</summary>
    public Errno Keep(ObjectTracker group) => group.IsEphemeral ? Errno.Ok : Settle(group);

    /// <summary>
    /// Nothing more is captured of a group or asked for, and none of its threads runs; returns when all that was has come to its end. EIO:
    /// that will never be, because its writer has failed. Blocks.
    /// </summary>
    public Errno Quiesce(ObjectTracker group)
    {
        Pipeline pipeline = _pipelines.Of(group);
        pipeline.State->IsQuiesced = true;
        SetStopped(group, true);
        while (pipeline.IsBusy || pipeline.State->IsServed || pipeline.State->Errand.Errand != CheckpointErrand.None)
        {
            if (pipeline.HasFailed)
                return Errno.EIO;
            Wait();
        }
        return Errno.Ok;
    }

    /// <summary>Takes that back: the group is captured again. Its threads stay stopped.</summary>
    public void EndQuiesce(ObjectTracker group) => _pipelines.Of(group).State->IsQuiesced = false;

    /// <summary>Nothing more is captured of a group that has failed, and none of its threads runs any more: it stays as it is.</summary>
    public void GiveUp(ObjectTracker group)
    {
        Pipeline pipeline = _pipelines.Of(group);
        Panic.Unless(pipeline.HasFailed, "checkpoint: a group was given up that has not failed"u8);
        SetAside(group);
        SetStopped(group, true);
    }

    /// <summary>A group that is stopped, and is not captured, stays so: it is no whole one.</summary>
    public void SetAside(ObjectTracker group)
    {
        PipelineState* state = _pipelines.Of(group).State;
        state->IsQuiesced = state->IsSetAside = true;
    }

    /// <summary>True when nothing more of a group can become durable.</summary>
    public bool HasFailed(ObjectTracker group) => _pipelines.Of(group).HasFailed;

    /// <summary>The processes of a group are to end, for which they run, whatever keeps others from it; or they have ended.</summary>
    public void SetEnding(ObjectTracker group, bool isEnding)
    {
        _pipelines.Of(group).State->IsEnding = isEnding;
        if (isEnding)
            SetStopped(group, false);
    }

    /// <summary>
    /// A quiesced group's volume goes back to a checkpoint of its own, durably with a commit, which has an epoch; the group in memory is
    /// left alone. Blocks.
    /// </summary>
    public Errno RollBack(ObjectTracker group, in CheckpointInfo target, out ulong commit, out Epoch epoch)
    {
        Pipeline pipeline = _pipelines.Of(group);
        epoch = pipeline.State->LastCaptured.Next;
        return _errands.RollBackTo(in pipeline, in target, out commit);
    }

    /// <inheritdoc cref="CheckpointErrands.AwaitCommit"/>
    public Errno AwaitCommit(ulong commit) => _errands.AwaitCommit(commit);

    /// <summary>The checkpoint of a volume that a number or a name means. Blocks.</summary>
    public Errno FindTarget(VolumeId volume, ReadOnlySpan<byte> target, out CheckpointInfo info)
        => _errands.FindTarget(volume, target, mustBeNamed: false, out info);

    /// <summary>
    /// What a quiesced group, or one that was never enabled, does from here on is never captured: it may run in order to end.
    /// </summary>
    public void Abandon(ObjectTracker group)
    {
        PipelineState* state = _pipelines.Of(group).State;
        state->IsEnabled = state->IsStarting = state->IsRollingBack = false;
        _services.Scheduler.WakeAll(&state->Durable);
        SetEnding(group, true);
    }

    /// <summary>Ends the checkpointing of an abandoned group. Blocks.</summary>
    public void End(ObjectTracker group)
    {
        Pipeline pipeline = _pipelines.Of(group);
        while (pipeline.State->IsServed)
            Wait();
        Panic.Unless(!pipeline.IsBusy && !pipeline.State->IsEnabled, "checkpoint: a group ended while it is captured"u8);
        _services.Scheduler.WakeAll(pipeline.Durable);
        _history.End(in pipeline);
        _pipelines.End(in pipeline);
    }

    /// <summary>Sleeps until an epoch of some group is durable or refused, or somebody has called <see cref="Wake"/>. Blocks.</summary>
    public void Wait() => _services.Fibers.Block(_queues.ErrandWork);

    /// <summary>Something that a fiber waits for may have happened.</summary>
    public void Wake() => _services.Fibers.WakeAll(_queues.ErrandWork);

    /// <summary>Asks for a checkpoint of every group that is captured.</summary>
    public void RequestAll()
    {
        for (Pipeline pipeline = default; _pipelines.Next(ref pipeline);)
        {
            if (pipeline.State->IsEnabled)
                Await(pipeline.State, pipeline.State->LastCaptured.Next);
        }
        _pipelines.Round.IsAsked = true;
    }

    /// <summary>
    /// Asks for a checkpoint of every group whose pages it will make clean, or its <paramref name="objects"/> too; those under way are
    /// awaited as well. False when there is none.
    /// </summary>
    public bool RequestDirty(bool objects = false)
    {
        bool cleans = false;
        for (Pipeline pipeline = default; _pipelines.Next(ref pipeline);)
        {
            PipelineState* state = pipeline.State;
            bool isDirty = _services.Memory.Epochs.DirtyPagesOf(pipeline.Group) != 0 || (objects && pipeline.Group.ChangedCount != 0);
            isDirty &= !EndsWithLastCaptured(state);
            bool canClean = state->IsEnabled && !pipeline.HasFailed && state->Refusal == StoreStatus.Ok;
            if (!canClean || !(pipeline.IsBusy || isDirty))
                continue;
            cleans = true;
            // What is awaited is not put off: those who ask again and again would keep the others waiting.
            if (IsDone(in pipeline))
                Await(state, isDirty ? state->LastCaptured.Next : state->LastCaptured);
        }
        _pipelines.Round.IsAsked = true;
        return cleans;
    }

    private void Await(PipelineState* state, Epoch epoch)
    {
        _pipelines.Wake(state);
        state->IsRequested |= epoch > state->LastCaptured;
        state->Awaited = epoch;
        state->Patience = state->Setbacks + MostSetbacks;
    }

    // Nothing more is going to be captured of what is in memory now.
    private static bool EndsWithLastCaptured(PipelineState* state) => state->IsQuiesced || state->IsRollingBack;

    /// <summary>Nothing more is captured of any group: the session is over.</summary>
    public void DisableAll()
    {
        for (Pipeline pipeline = default; _pipelines.Next(ref pipeline);)
            pipeline.State->IsEnabled = false;
    }

    /// <summary>
    /// True when all that <see cref="RequestAll"/> or <see cref="RequestDirty"/> has asked for is durable, or is known not to be going to
    /// be.
    /// </summary>
    public bool AreAllDone
    {
        get
        {
            for (Pipeline pipeline = default; _pipelines.Next(ref pipeline);)
            {
                if (!IsDone(in pipeline))
                    return false;
            }
            return true;
        }
    }

    private static bool IsDone(in Pipeline pipeline)
    {
        PipelineState* state = pipeline.State;
        Epoch last = EndsWithLastCaptured(state) && state->Awaited > state->LastCaptured ? state->LastCaptured : state->Awaited;
        // What was captured last may have been refused.
        bool hasEnded = EndsWithLastCaptured(state) && !pipeline.IsBusy;
        return !state->IsEnabled || pipeline.HasFailed || state->LastDurable >= last || hasEnded
            || state->IsRefused(state->Awaited) || state->Setbacks > state->Patience;
    }
}
