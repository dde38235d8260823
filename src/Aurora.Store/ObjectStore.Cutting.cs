// Cuts: when they are due, and how one is made. The active layer becomes the frozen one in one stretch; the fiber that makes the cut waits until all
// of its commits are durable, merges it into the trees, writes the changed pages of the space map, flushes, writes the superblock into the
// older slot, flushes, and then replaces roots and frozen layer in one stretch. A commit with a name must end its layer exactly, because
// its checkpoint is the root of that cut: until the layer has been frozen no other commit is applied.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private bool _isFreezeRequired;
    private bool _isCutting;
    private bool _isCutDue;
    private bool _isStopping;

    // Where the log continues after the frozen layer.
    private Cut _frozenEnd;
    private ulong _lastCutTime;

    private bool IsFrozen { get; set; }

    /// <summary>The body of the maintenance fiber (see <see cref="OpenOptions.BackgroundMaintenance"/>): returns after StopMaintenance.</summary>
    public void RunMaintenance()
    {
        while (!_isStopping)
        {
            if (_context.PoisonStatus == StoreStatus.Ok && (_isCutDue || IsFrozen))
            {
                // Without memory the cut is made later.
                if (Cut() == StoreStatus.OutOfMemory)
                    _context.Fibers.Yield();
                ScrubAfterCut();
            }
            else
                _context.Fibers.Block(&_queues->Work);
        }
    }

    /// <summary>Makes RunMaintenance return.</summary>
    public void StopMaintenance()
    {
        _isStopping = true;
        _context.Fibers.WakeAll(&_queues->Work);
    }

    /// <summary>Brings the index up to date with every commit submitted so far, whether it is due or not. Blocks.</summary>
    public StoreStatus CutNow()
    {
        if (_options.ReadOnly)
            return StoreStatus.ReadOnly;
        StoreStatus status = _isCutting || IsFrozen ? Cut() : StoreStatus.Ok;
        return status == StoreStatus.Ok ? Cut() : status;
    }

    private void FinishApply(in CommitInfo info, ulong sequence, ulong logPosition, ulong dataPages, bool isWatermark)
    {
        if (isWatermark)
            return;
        NoteTime(info.RealtimeNanoseconds);
        if (_active.RollbackTo != 0)
        {
            KeepBranch(info);
            _isFreezeRequired = true;
        }
        _recent.Add(sequence, logPosition, dataPages * PageSize.Bytes, info);
        if (info.NameLength > 0)
        {
            HistoryRecord record = HistoryRecord.From(info, dataPages * PageSize.Bytes);
            _active.PutHistory(sequence, record.AsBytes());
            _isFreezeRequired = !_context.Has(SeededFaults.InexactCheckpoint);
        }
        if (_isFreezeRequired && !IsFrozen)
            Freeze();
        NoteDueCut(info.RealtimeNanoseconds);
    }

    private void NoteDueCut(ulong now)
    {
        if (_lastCutTime == 0 || now < _lastCutTime)
            _lastCutTime = now;
        // What a cut is already taking care of does not ask for another one.
        ulong covered = IsFrozen ? _frozenEnd.LogPosition : _context.Super->Current.LogPosition;
        bool isLogLong = _log.Position - covered > _context.Geometry.LogBlocks / 4;
        bool isDue = isLogLong
            || _active.Arena.BytesUsed > _options.OverlayBytes / 2
            || now - _lastCutTime >= _options.CutIntervalNanoseconds;
        if (!isDue && !IsFrozen)
            return;
        if (isDue && !_isCutDue)
            _lastCutTime = now;
        _isCutDue |= isDue;
        _context.Fibers.WakeAll(&_queues->Work);
    }

    private void Freeze()
    {
        KeepAutomatically();
        (_active, _frozen) = (_frozen, _active);
        IsFrozen = true;
        _isFreezeRequired = false;
        _frozenEnd = new Cut { Sequence = _log.LastSequence, LogPosition = _log.Position, LogChain = _log.Chain };
        _context.Fibers.WakeAll(&_queues->Room);
    }

    // Without a maintenance fiber, due cuts are made before the next commit.
    private StoreStatus RunDueCut()
    {
        if (_options.BackgroundMaintenance || (!_isCutDue && !IsFrozen))
            return StoreStatus.Ok;
        return Cut();
    }

    private StoreStatus Cut()
    {
        if (_isCutting)
        {
            while (_isCutting)
                _context.Fibers.Block(&_queues->Cut);
            return _context.PoisonStatus == StoreStatus.Ok ? StoreStatus.Ok : StoreStatus.Poisoned;
        }
        if (_context.PoisonStatus != StoreStatus.Ok)
            return StoreStatus.Poisoned;
        _isCutting = true;
        _isCutDue = false;
        if (!IsFrozen)
            Freeze();
        StoreStatus status = _log.WaitDurable(_frozenEnd.Sequence);
        if (status == StoreStatus.Ok)
        {
            // Until here a failure changes nothing: the layer stays frozen, and the cut can be made later.
            ThinHistory();
            status = LookAtHistory();
            if (status == StoreStatus.Ok)
                status = _cutter.Prepare(_frozen, _context.Super->Current, _frozenEnd.Sequence);
            bool canRetry = status == StoreStatus.OutOfMemory;
            if (status == StoreStatus.Ok)
                status = MakeCut();
            if (status != StoreStatus.Ok && !canRetry)
                _context.Poison(status);
        }
        else
        {
            _context.Poison(status);
        }
        _isCutting = false;
        _context.Fibers.WakeAll(&_queues->Cut);
        _context.Fibers.WakeAll(&_queues->Room);
        return status;
    }

    private StoreStatus MakeCut()
    {
        Superblock* super = _context.Super;
        Cut next = _frozenEnd;
        next.Number = super->Current.Number + 1;
        _space.State.BeginCut(next.Number);
        if (_context.Has(SeededFaults.EarlyBlockReuse))
            _space.Marks.UpdateReusable(next.Number + 1);
        _space.Marks.TakeReleased();
        StoreStatus status = _cutter.Merge(_frozen, super->Current, super->History, next.Number, out next.Objects, out NodePointer history);
        if (status == StoreStatus.Ok)
            status = _space.Writer.WriteChanges(_cutter.Batch);
        StoreStatus written = _cutter.Batch.Drain();
        _space.Writer.BatchDrained();
        if (status == StoreStatus.Ok)
            status = written;
        if (status == StoreStatus.Ok && !_context.Has(SeededFaults.UnflushedCut))
            status = _context.Flush();
        if (status != StoreStatus.Ok)
            return status;
        var scratch = (Superblock*)_memory.SuperScratch;
        *scratch = *super;
        scratch->Previous = super->Current;
        scratch->Current = next;
        scratch->History = history;
        scratch->DurableSequence = next.Sequence;
        scratch->UsedBlocks = _space.State.UsedBlocks;
        scratch->FreedBlocks = _space.State.FreedByCut;
        if (_isRollbackWanted)
            scratch->RequiredFeatures |= StoreFormat.RollbackFeature;
        scratch->NodeBlocks = (ulong)((long)super->NodeBlocks + _cutter.NodeBalance);
        status = WriteSuperblock(_context, scratch);
        if (status != StoreStatus.Ok)
            return status;
        Publish(scratch);
        DiscardFreed();
        return StoreStatus.Ok;
    }

    // The new cut is durable: in one stretch, readers see its trees instead of the frozen layer, and space it no longer needs becomes free.
    private void Publish(Superblock* written)
    {
        *_context.Super = *written;
        _frozen.Clear();
        IsFrozen = false;
        _log.Tail = written->Previous.LogPosition;
        _recent.DropBefore(written->Previous.Sequence);
        UpdateReusable();
        _context.Statistics.Cuts++;
        if (_isFreezeRequired)
            Freeze();
    }

    // Blocks freed by older cuts become reusable, except for those an open view may still read.
    private void UpdateReusable()
    {
        _space.Marks.UpdateReusable(_context.Super->Current.Number);
        _context.Fibers.WakeAll(&_queues->Room);
    }

    /// <summary>Writes the next version of the superblock, both copies, and makes it durable. Blocks.</summary>
    internal static StoreStatus WriteSuperblock(StoreContext context, Superblock* super)
    {
        super->WriteVersion++;
        super->Checksum = BlockChecksum.OfSuperblock(super);
        void** pages = stackalloc void*[2] { super, super };
        StoreStatus status = context.WriteBlocks((super->WriteVersion & 1) * 2, pages, 2);
        return status == StoreStatus.Ok ? context.Flush() : status;
    }
}
