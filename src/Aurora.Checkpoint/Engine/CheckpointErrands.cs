// Work on the store's checkpoints that may wait for the device, which neither a system call nor the main loop may: a fiber does it, and the
// call waits until its ticket has been served. Tickets begin at the newest epoch of the store, so one of an earlier boot is recognised.
//
// Going back to an earlier checkpoint: from the moment it is asked for nothing more is captured and no thread runs; what has been captured
// becomes durable first, so that the branch that is left ends with it. Then the store makes the checkpoint its present state, and the
// machine starts again from there: kernel objects, terminal and held output are all those of that moment. Protected by the kernel lock.
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
    // The newest tickets whose results are known.
    private const int KnownResults = 64;

    private const int TicketBits = 16;

    private readonly CheckpointServices _services;
    private readonly PipelineState _state;
    private readonly HistoryList _history;
    private readonly byte[] _target = new byte[EpochSlot.MaxNameBytes];
    private int _targetLength;
    private CheckpointErrand _errand;

    // A ring by ticket. Each caller finds its own result, although the next errand may be done before the caller has had its turn.
    private readonly Errno[] _results = new Errno[KnownResults];
    private ulong _ticketBase;
    private ulong _ticketsAsked;
    private ulong _ticketsServed;

    public CheckpointErrands(in CheckpointServices services, PipelineState state, HistoryList history)
    {
        _services = services;
        _state = state;
        _history = history;
    }

    /// <summary>True once the store's present state is another than the one that runs: the machine must be reset.</summary>
    public bool HasRolledBack { get; private set; }

    /// <inheritdoc cref="CheckpointService.Ask"/>
    public ulong Ask(CheckpointErrand errand, ReadOnlySpan<byte> target)
    {
        if (_errand != CheckpointErrand.None || target.IsEmpty || target.Length > EpochSlot.MaxNameBytes)
            return 0;
        target.CopyTo(_target);
        _targetLength = target.Length;
        _errand = errand;
        // From here on nothing is captured: no checkpoint may hold a call that, once restored, rolls back again.
        _state.IsRollingBack = errand == CheckpointErrand.Rollback;
        _services.Fibers.WakeAll(_state.ErrandWork);
        return ++_ticketsAsked;
    }

    /// <inheritdoc cref="CheckpointService.IsDone"/>
    public bool IsDone(ulong ticket, out Errno result)
    {
        bool isKnown = ticket > _ticketBase && ticket <= _ticketsAsked && _ticketsAsked - ticket < KnownResults;
        result = isKnown ? _results[ticket % KnownResults] : Errno.ECANCELED;
        return !isKnown || ticket <= _ticketsServed;
    }

    /// <summary>The body of the errand fiber; never returns.</summary>
    public void Run()
    {
        for (;;)
        {
            if (!RunNextErrand())
                _services.Fibers.Block(_state.ErrandWork);
        }
    }

    /// <summary>Begins the tickets of this boot, behind those of all earlier ones.</summary>
    public void Begin(Epoch durable) => _ticketBase = _ticketsAsked = _ticketsServed = durable.Value << TicketBits;

    private bool RunNextErrand()
    {
        if (_state.MustWriteWatermark)
        {
            _state.MustWriteWatermark = false;
            _services.Store.WriteWatermark();
            return true;
        }
        if (_history.Serve())
        {
            _services.Scheduler.WakeAll(_state.Durable);
            return true;
        }
        if (_errand == CheckpointErrand.None || (_errand == CheckpointErrand.Rollback && _state.IsBusy))
            return false;
        Errno result = _errand == CheckpointErrand.Drop ? Drop() : RollBack();
        _errand = CheckpointErrand.None;
        _state.IsRollingBack = _state.IsRollingBack && result == Errno.Ok;
        _results[_ticketsAsked % KnownResults] = result;
        _ticketsServed = _ticketsAsked;
        _services.Scheduler.WakeAll(_state.Durable);
        return true;
    }

    /// <summary>
    /// Counts what is kept by name and finds the highest number ever given to an epoch: after a rollback the present one is not the
    /// highest. Blocks.
    /// </summary>
    public StoreStatus ReadNumbers(out Epoch highest)
    {
        highest = default;
        StoreStatus status = _services.Store.NextCheckpoint(_services.Volume, 0, out CheckpointInfo info);
        for (_state.Kept = 0; status == StoreStatus.Ok; status = _services.Store.NextCheckpoint(_services.Volume, info.Sequence, out info))
        {
            _state.Kept += IsNamed(in info) ? 1 : 0;
            if (info.Commit.Epoch > highest)
                highest = info.Commit.Epoch;
        }
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    private static bool IsNamed(in CheckpointInfo info) => info.IsKept && info.Commit.NameLength > 0;

    // Deleting goes to the store by itself: a full disk must not hold it up together with what the group has written.
    private Errno Drop()
    {
        if (_services.Store.HistoryFault(_services.Volume).Status != StoreStatus.Ok)
            return Errno.EIO;
        Errno found = FindTarget(mustBeNamed: true, out CheckpointInfo info);
        if (found != Errno.Ok)
            return found;
        StoreCommit* commit = _services.Store.Begin(_services.Volume);
        if (commit == null)
            return ErrnoOf(_services.Store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : _services.Store.Health);
        _services.Store.DropCheckpoint(commit, info.Sequence);
        var about = new CommitInfo { Epoch = _state.LastDurable, RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds };
        StoreStatus status = _services.Store.Submit(commit, in about);
        if (status == StoreStatus.Ok)
            status = _services.Store.WaitDurable(commit);
        _services.Store.Release(commit);
        if (status != StoreStatus.Ok)
            return ErrnoOf(status);
        _state.Kept--;
        if (_state.MustRetry)
            _state.RetryAt(_services.MachineClock.MonotonicNanoseconds);
        return Errno.Ok;
    }

    // The checkpoint a number or a name means: of several the newest.
    private Errno FindTarget(bool mustBeNamed, out CheckpointInfo info)
    {
        var target = new ReadOnlySpan<byte>(_target, 0, _targetLength);
        bool isNumber = Utf8Parser.TryParse(target, out ulong epoch, out int used) && used == target.Length;
        info = default;
        StoreStatus status = isNumber ? _services.Store.FindCheckpoint(_services.Volume, new Epoch(epoch), out info) : StoreStatus.NotFound;
        if (status == StoreStatus.NotFound)
            status = _services.Store.FindCheckpoint(_services.Volume, target, out info);
        if (status == StoreStatus.Ok && mustBeNamed && !IsNamed(in info))
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
    private Errno RollBack()
    {
        if (_state.HasFailed)
            return Errno.EIO;
        Errno found = FindTarget(mustBeNamed: false, out CheckpointInfo info);
        if (found != Errno.Ok)
            return found;
        var about = new CommitInfo { Epoch = _state.LastCaptured.Next, RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds };
        StoreStatus status = _services.Store.Rollback(_services.Volume, info.Sequence, in about);
        if (status != StoreStatus.Ok)
            return ErrnoOf(status);
        HasRolledBack = true;
        return Errno.Ok;
    }
}
