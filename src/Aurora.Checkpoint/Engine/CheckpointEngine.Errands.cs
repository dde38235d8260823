// Work on the store's checkpoints that may wait for the device, which neither a system call nor the main loop may: a fiber does it, and the
// call waits until its ticket has been served. Tickets begin at the newest epoch of the store, so one of an earlier boot is recognised.
using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    private const int TicketBits = 16;

    private readonly byte[] _target = new byte[EpochSlot.MaxNameBytes];
    private int _targetLength;
    private CheckpointErrand _errand;
    private Errno _errandResult;
    private ulong _ticketBase;
    private ulong _ticketsAsked;
    private ulong _ticketsServed;
    private bool _mustWriteWatermark;

    // Named checkpoints the store keeps.
    private int _kept;

    private FiberQueue* ErrandWork => _queues + 2;

    /// <inheritdoc/>
    public override ulong Ask(CheckpointErrand errand, ReadOnlySpan<byte> target)
    {
        if (_errand != CheckpointErrand.None || target.IsEmpty || target.Length > EpochSlot.MaxNameBytes)
            return 0;
        target.CopyTo(_target);
        _targetLength = target.Length;
        _errand = errand;
        // From here on nothing is captured: no checkpoint may hold a call that, once restored, rolls back again.
        _isRollingBack = errand == CheckpointErrand.Rollback;
        _services.Fibers.WakeAll(ErrandWork);
        return ++_ticketsAsked;
    }

    /// <inheritdoc/>
    public override bool IsDone(ulong ticket, out Errno result)
    {
        bool isOurs = ticket > _ticketBase && ticket <= _ticketsAsked;
        result = isOurs ? _errandResult : Errno.ECANCELED;
        return !isOurs || ticket <= _ticketsServed;
    }

    /// <summary>The body of the errand fiber; never returns.</summary>
    public void RunErrandFiber()
    {
        for (;;)
        {
            if (!RunNextErrand())
                _services.Fibers.Block(ErrandWork);
        }
    }

    private bool RunNextErrand()
    {
        if (_mustWriteWatermark)
        {
            _mustWriteWatermark = false;
            _services.Store.WriteWatermark();
            return true;
        }
        if (_historyServed != _historyAsked)
        {
            ServeHistory();
            return true;
        }
        if (_errand == CheckpointErrand.None || (_errand == CheckpointErrand.Rollback && IsBusy))
            return false;
        _errandResult = _errand == CheckpointErrand.Drop ? Drop() : RollBack();
        _errand = CheckpointErrand.None;
        _isRollingBack = _isRollingBack && _errandResult == Errno.Ok;
        _ticketsServed = _ticketsAsked;
        _services.Scheduler.WakeAll(_durable);
        return true;
    }

    // Counts what is kept by name and finds the highest number ever given to an epoch: after a rollback the present one is not the highest.
    private StoreStatus ReadNumbers(out Epoch highest)
    {
        highest = default;
        StoreStatus status = _services.Store.NextCheckpoint(0, out CheckpointInfo info);
        for (_kept = 0; status == StoreStatus.Ok; status = _services.Store.NextCheckpoint(info.Sequence, out info))
        {
            _kept += IsNamed(in info) ? 1 : 0;
            if (info.Commit.Epoch > highest)
                highest = info.Commit.Epoch;
        }
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    private static bool IsNamed(in CheckpointInfo info) => info.IsKept && info.Commit.NameLength > 0;

    // Deleting goes to the store by itself: a full disk must not hold it up together with what the group has written.
    private Errno Drop()
    {
        if (_services.Store.HistoryFault.Status != StoreStatus.Ok)
            return Errno.EIO;
        Errno found = FindTarget(mustBeNamed: true, out CheckpointInfo info);
        if (found != Errno.Ok)
            return found;
        StoreCommit* commit = _services.Store.Begin(_services.Tracker.Index);
        if (commit == null)
            return ErrnoOf(_services.Store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : _services.Store.Health);
        _services.Store.DropCheckpoint(commit, info.Sequence);
        var about = new CommitInfo { Epoch = _lastDurable, RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds };
        StoreStatus status = _services.Store.Submit(commit, in about);
        if (status == StoreStatus.Ok)
            status = _services.Store.WaitDurable(commit);
        _services.Store.Release(commit);
        if (status != StoreStatus.Ok)
            return ErrnoOf(status);
        _kept--;
        if (_mustRetry)
            RetryAfter(0);
        return Errno.Ok;
    }

    // The checkpoint a number or a name means: of several the newest.
    private Errno FindTarget(bool mustBeNamed, out CheckpointInfo info)
    {
        var target = new ReadOnlySpan<byte>(_target, 0, _targetLength);
        bool isNumber = Utf8Parser.TryParse(target, out ulong epoch, out int used) && used == target.Length;
        info = default;
        StoreStatus status = isNumber ? _services.Store.FindCheckpoint(new Epoch(epoch), out info) : StoreStatus.NotFound;
        if (status == StoreStatus.NotFound)
            status = _services.Store.FindCheckpoint(target, out info);
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
}
