// Work on the store's checkpoints that may wait for the device, which neither a system call nor the main loop may: a fiber does it, and the
// call waits until its ticket has been served. Tickets begin at the newest epoch of the store, so one of an earlier boot is recognised.
//
// Going back to an earlier checkpoint: from the moment it is asked for nothing more is captured and no thread runs; what has been captured
// becomes durable first, so that the branch that is left ends with it; when that fails for good nobody goes back. Then the store makes the
// checkpoint its present state, and the machine starts again from there: kernel objects, terminal and held output are all those of that
// moment. Protected by the kernel lock.
using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Drops checkpoints, goes back to them, reads the history, and tells a quiet store so.</summary>
internal sealed unsafe class CheckpointErrands
{
    private const int TicketBits = 16;

    private readonly CheckpointServices _services;
    private readonly Pipelines _pipelines;
    private readonly EngineQueues _queues;
    private readonly HistoryList _history;

    public CheckpointErrands(in CheckpointServices services, Pipelines pipelines, EngineQueues queues, HistoryList history)
    {
        _services = services;
        _pipelines = pipelines;
        _queues = queues;
        _history = history;
    }

    /// <inheritdoc cref="CheckpointService.Ask"/>
    public ulong Ask(in Pipeline pipeline, CheckpointErrand errand, ReadOnlySpan<byte> target)
    {
        ErrandState* state = &pipeline.State->Errand;
        if (state->Errand != CheckpointErrand.None || pipeline.State->IsQuiesced || target.IsEmpty
            || target.Length > EpochSlot.MaxNameBytes)
            return 0;
        target.CopyTo(new Span<byte>(state->Target, EpochSlot.MaxNameBytes));
        state->TargetLength = target.Length;
        state->Errand = errand;
        // From here on nothing is captured: no checkpoint may hold a call that, once restored, rolls back again.
        pipeline.State->IsRollingBack = errand == CheckpointErrand.Rollback;
        _services.Fibers.WakeAll(_queues.ErrandWork);
        return ++state->TicketsAsked;
    }

    /// <inheritdoc cref="CheckpointService.IsDone"/>
    public static bool IsDone(in Pipeline pipeline, ulong ticket, out Errno result)
    {
        ErrandState* state = &pipeline.State->Errand;
        bool isKnown = ticket > state->TicketBase && ticket <= state->TicketsAsked
            && state->TicketsAsked - ticket < ErrandState.KnownResults;
        result = isKnown ? (Errno)state->Results[ticket % ErrandState.KnownResults] : Errno.ECANCELED;
        return !isKnown || ticket <= state->TicketsServed;
    }

    /// <summary>The body of the errand fiber; never returns.</summary>
    public void Run()
    {
        for (;;)
        {
            if (!RunNextErrand())
                _services.Fibers.Block(_queues.ErrandWork);
        }
    }

    /// <summary>Begins the tickets of a group in this boot, behind those of all earlier ones.</summary>
    public static void Begin(in Pipeline pipeline, Epoch durable)
    {
        ErrandState* state = &pipeline.State->Errand;
        state->TicketBase = state->TicketsAsked = state->TicketsServed = durable.Value << TicketBits;
    }

    // Who has something to be done is awake (CheckpointPace.MaySleep). One that falls asleep while another is served ends the round, and
    // the next one begins, since something was done.
    private bool RunNextErrand()
    {
        bool hasRun = false;
        for (Pipeline pipeline = default; _pipelines.NextAwake(ref pipeline);)
        {
            // A group that is served is there when that has been done; who waits to take it out of memory is told.
            pipeline.State->IsServed = true;
            hasRun |= RunNextErrand(in pipeline);
            pipeline.State->IsServed = false;
            if (pipeline.State->IsQuiesced)
                _services.Fibers.WakeAll(_queues.ErrandWork);
        }
        return hasRun;
    }

    private bool RunNextErrand(in Pipeline pipeline)
    {
        ErrandState* state = &pipeline.State->Errand;
        if (pipeline.State->MustWriteWatermark)
        {
            pipeline.State->MustWriteWatermark = false;
            _services.Store.WriteWatermark();
            return true;
        }
        if (_history.Serve(pipeline))
        {
            _services.Scheduler.WakeAll(pipeline.Durable);
            return true;
        }
        bool mustWait = state->Errand == CheckpointErrand.Rollback && pipeline.IsBusy && !pipeline.HasFailed;
        if (state->Errand == CheckpointErrand.None || mustWait)
            return false;
        Errno result = state->Errand == CheckpointErrand.Drop ? Drop(pipeline) : RollBack(pipeline);
        state->Errand = CheckpointErrand.None;
        pipeline.State->IsRollingBack = pipeline.State->IsRollingBack && result == Errno.Ok;
        state->Results[state->TicketsAsked % ErrandState.KnownResults] = (int)result;
        state->TicketsServed = state->TicketsAsked;
        _services.Scheduler.WakeAll(pipeline.Durable);
        return true;
    }

    /// <summary>
    /// Counts what is kept by name and finds the highest number ever given to an epoch: after a rollback the present one is not the
    /// highest. The newest commit, which may be a rollback, the volume knows when it is not listed any more. Blocks.
    /// </summary>
    public StoreStatus ReadNumbers(in Pipeline pipeline, out Epoch highest)
    {
        highest = default;
        StoreStatus status = _services.Store.NextCheckpoint(pipeline.Volume, 0, out CheckpointInfo info);
        for (pipeline.State->Kept = 0; status == StoreStatus.Ok; status = _services.Store.NextCheckpoint(pipeline.Volume, info.Sequence,
            out info))
        {
            pipeline.State->Kept += IsNamed(in info) ? 1 : 0;
            if (info.Commit.Epoch > highest)
                highest = info.Commit.Epoch;
        }
        if (status != StoreStatus.NotFound)
            return status;
        status = _services.Store.FindVolume(pipeline.Volume, out VolumeInfo about);
        if (about.LastEpoch > highest)
            highest = about.LastEpoch;
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    private static bool IsNamed(in CheckpointInfo info) => info.IsKept && info.Commit.NameLength > 0;

    // Deleting goes to the store by itself: a full disk must not hold it up together with what the group has written.
    private Errno Drop(in Pipeline pipeline)
    {
        if (_services.Store.HistoryFault(pipeline.Volume).Status != StoreStatus.Ok)
            return Errno.EIO;
        Errno found = FindTarget(pipeline, mustBeNamed: true, out CheckpointInfo info);
        if (found != Errno.Ok)
            return found;
        StoreCommit* commit = _services.Store.Begin(pipeline.Volume);
        if (commit == null)
            return ErrnoOf(_services.Store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : _services.Store.Health);
        _services.Store.DropCheckpoint(commit, info.Sequence);
        var about = new CommitInfo { Epoch = pipeline.State->LastDurable,
            RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds };
        StoreStatus status = _services.Store.Submit(commit, in about);
        if (status == StoreStatus.Ok)
            status = _services.Store.WaitDurable(commit);
        _services.Store.Release(commit);
        if (status != StoreStatus.Ok)
            return ErrnoOf(status);
        pipeline.State->Kept--;
        if (pipeline.State->MustRetry)
            pipeline.RetryAt(_services.MachineClock.MonotonicNanoseconds);
        return Errno.Ok;
    }

    private Errno FindTarget(in Pipeline pipeline, bool mustBeNamed, out CheckpointInfo info)
    {
        var target = new ReadOnlySpan<byte>(pipeline.State->Errand.Target, pipeline.State->Errand.TargetLength);
        return FindTarget(pipeline.Volume, target, mustBeNamed, out info);
    }

    /// <summary>The checkpoint a number or a name means: of several the newest. Blocks.</summary>
    public Errno FindTarget(VolumeId volume, ReadOnlySpan<byte> target, bool mustBeNamed, out CheckpointInfo info)
    {
        bool isNumber = Utf8Parser.TryParse(target, out ulong epoch, out int used) && used == target.Length;
        info = default;
        StoreStatus status = isNumber ? _services.Store.FindCheckpoint(volume, new Epoch(epoch), out info) : StoreStatus.NotFound;
        if (status == StoreStatus.NotFound)
            status = _services.Store.FindCheckpoint(volume, target, out info);
        // The commit that made a volume is none of the group's: it holds what its source had.
        bool isOwn = info.Commit.Epoch.Value != 0;
        if (status == StoreStatus.Ok && (!isOwn || (mustBeNamed && !IsNamed(in info))))
            status = StoreStatus.NotFound;
        return ErrnoOf(status);
    }

    private static Errno ErrnoOf(StoreStatus status) => status switch
    {
        StoreStatus.Ok => Errno.Ok,
        StoreStatus.NotFound => Errno.ENOENT,
        StoreStatus.NoSpace => Errno.ENOSPC,
        StoreStatus.OutOfMemory => Errno.ENOMEM,
        _ => Errno.EIO,
    };

    // The numbers go on: the rollback is a commit like any other, and what comes after it is not confused with what was left.
    private Errno RollBack(in Pipeline pipeline)
    {
        if (pipeline.HasFailed)
            return Errno.EIO;
        Errno found = FindTarget(pipeline, mustBeNamed: false, out CheckpointInfo info);
        if (found != Errno.Ok)
            return found;
        found = RollBackTo(in pipeline, in info, out ulong commit);
        if (found == Errno.Ok)
            found = AwaitCommit(commit);
        pipeline.State->Errand.HasRolledBack = found == Errno.Ok;
        return found;
    }

    /// <summary>
    /// The present state of a group's volume becomes that of a checkpoint; nothing of it is under way. It is durable when the commit is
    /// (<see cref="AwaitCommit"/>). Blocks.
    /// </summary>
    public Errno RollBackTo(in Pipeline pipeline, in CheckpointInfo target, out ulong commit)
    {
        var about = new CommitInfo
        {
            Epoch = pipeline.State->LastCaptured.Next,
            RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds,
        };
        return ErrnoOf(_services.Store.SubmitRollback(pipeline.Volume, target.Sequence, in about, out commit));
    }

    /// <summary>Returns when a commit is durable; an error when it is not going to be. Blocks.</summary>
    public Errno AwaitCommit(ulong commit) => ErrnoOf(_services.Store.WaitForSequence(commit));
}
