// The two fibers behind the stop window. The operations of an epoch go to the store in the order the format demands: clones (against the
// state of the previous epoch), ended objects, truncations, pages, records.
//
// A commit that the store refuses for want of memory or disk space is discarded with all captured after it: what they held is changed
// again, and a later epoch with a higher number covers it (numbers may have gaps). When the store fails for good, nothing later can be
// durable: the writer stops (Failure) and held output stays held. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Hands captured epochs to the store, in order, and sees them become durable.</summary>
internal sealed unsafe class EpochWriter
{
    // Pages, or other operations, handed to the store between two looks at whether it is time to give way.
    private const int OperationsPerLook = 4;

    private readonly CheckpointServices _services;
    private readonly PipelineState _state;
    private readonly EpochCapture _capture;
    private readonly CheckpointStatistics _statistics;
    private readonly EpochParts _parts;
    private uint _operations;

    public EpochWriter(in CheckpointServices services, PipelineState state, EpochCapture capture, CheckpointStatistics statistics)
    {
        _services = services;
        _state = state;
        _capture = capture;
        _statistics = statistics;
        _parts = new EpochParts(services.Store, services.Volume);
    }

    /// <summary>The body of the flush fiber; never returns.</summary>
    public void RunFlushFiber()
    {
        for (;;)
        {
            if (!FlushNext())
                _services.Fibers.Block(_state.FlushWork);
        }
    }

    /// <summary>The body of the commit fiber; never returns.</summary>
    public void RunCommitFiber()
    {
        for (;;)
        {
            if (!CommitNext())
                _services.Fibers.Block(_state.CommitWork);
        }
    }

    /// <summary>Takes a checkpoint now and sees it through to the disk without fibers: for host tools and for the end of a session.</summary>
    public StoreStatus CheckpointAndWait()
    {
        if (_state.HasFailed)
            return _state.Failure;
        EpochSlot? slot = _state.Free();
        Panic.Unless(slot is not null, "checkpoint: a synchronous checkpoint while epochs are under way"u8);
        if (!_capture.Take(slot))
            return StoreStatus.OutOfMemory;
        while (FlushNext() || CommitNext())
        {
        }
        return _state.HasFailed ? _state.Failure : _state.Refusal;
    }

    private bool FlushNext()
    {
        EpochSlot? slot = _state.Oldest(SlotState.Captured);
        if (slot is null || _state.HasFailed)
            return false;
        slot.FlushStatus = Flush(slot);
        // Once too large alone, for ever too large: threads have not run since.
        bool isHopeless = slot.FlushStatus == StoreStatus.CommitTooLarge && _state.Refusal == StoreStatus.CommitTooLarge;
        bool isRefused = !isHopeless && slot.FlushStatus is StoreStatus.NoSpace or StoreStatus.OutOfMemory or StoreStatus.CommitTooLarge;
        if (isRefused && _services.Store.Health == StoreStatus.Ok)
        {
            Discard(slot);
            return false;
        }
        if (slot.FlushStatus == StoreStatus.Ok)
            Accept();
        slot.State = SlotState.Submitted;
        _services.Fibers.WakeAll(_state.CommitWork);
        return true;
    }

    private bool CommitNext()
    {
        EpochSlot? slot = _state.Oldest(SlotState.Submitted);
        if (slot is null || _state.HasFailed)
            return false;
        Commit(slot);
        return true;
    }

    private void Accept()
    {
        if (_state.Refusal != StoreStatus.Ok)
            KernelLog.Line("checkpoint: the store takes commits again"u8);
        _state.Refusal = StoreStatus.Ok;
    }

    // The store has refused the oldest captured epoch and is otherwise well.
    private void Discard(EpochSlot refused)
    {
        if (_state.Refusal != refused.FlushStatus)
            KernelLog.Line(StoreMessages.Of(refused.FlushStatus));
        _state.Refusal = refused.FlushStatus;
        _parts.Abort(refused);
        if (_state.Refusal == StoreStatus.NoSpace)
            _state.RefusedThrough = _state.LastCaptured;
        for (EpochSlot? slot = _state.NewestCaptured(); slot is not null; slot = _state.NewestCaptured())
        {
            _state.Name.TakeBack(slot, _state.Refusal);
            _capture.Undo(slot);
        }
        _state.OutputCaptured = Math.Min(_state.OutputCaptured, _services.Output.Of(_services.Tracker).Durable);
        _state.RetryAt(_services.MachineClock.MonotonicNanoseconds
            + Math.Max(_state.PeriodNanoseconds, EpochCapture.RefusedRetryNanoseconds));
        _services.Scheduler.WakeAll(_state.Durable);
    }

    private StoreStatus Flush(EpochSlot slot)
    {
        StoreStatus status = _parts.Begin(slot);
        if (status == StoreStatus.Ok)
            status = PutStructure(slot);
        if (status == StoreStatus.Ok)
            status = PutPages(slot);
        if (status == StoreStatus.Ok)
            status = PutRecords(slot);
        if (status == StoreStatus.Ok)
            status = Submit(slot);
        return status;
    }

    private StoreStatus PutStructure(EpochSlot slot)
    {
        StoreStatus status = StoreStatus.Ok;
        for (ChangeSet* set = slot.Frozen->First; set != null && status == StoreStatus.Ok; set = set->Next)
        {
            if (set->IsClone)
                status = Added(slot, _services.Store.CloneObject(slot.Commit, set->CloneSource, set->Id));
        }
        IdList.Cursor cursor = default;
        while (status == StoreStatus.Ok && slot.Ended.Next(ref cursor, out ObjectId id))
            status = Added(slot, _services.Store.DeleteObject(slot.Commit, id));
        for (ChangeSet* set = slot.Frozen->First; set != null && status == StoreStatus.Ok; set = set->Next)
        {
            if (set->IsTruncated)
                status = Added(slot, _services.Store.Truncate(slot.Commit, set->Id, set->TruncateFrom));
        }
        return status;
    }

    private StoreStatus PutPages(EpochSlot slot)
    {
        for (ChangeSet* set = slot.Frozen->First; set != null; set = set->Next)
        {
            var cursor = new FrozenPageCursor(set);
            while (cursor.MoveNext())
            {
                FrozenPage* page = cursor.Current;
                StoreStatus status = Added(slot, PutPage(slot, set, page));
                if (status != StoreStatus.Ok)
                    return status;
            }
        }
        return StoreStatus.Ok;
    }

    // Others may run between any two operations: what they are about is frozen.
    private StoreStatus Added(EpochSlot slot, StoreStatus status)
    {
        status = _parts.Added(slot, status);
        if (++_operations % OperationsPerLook == 0)
            _services.Fibers.GiveWay();
        return status;
    }

    // Whole pages of zeroes take no space, where a hole reads as zeroes; looking costs a fraction of the checksum they would need.
    private StoreStatus PutPage(EpochSlot slot, ChangeSet* set, FrozenPage* page)
    {
        byte* contents = page->IsHole ? null : _services.Memory.Frames.AddressOf(page->Frame);
        return contents == null || (!set->IsOverlay && PageContents.IsZero(contents))
            ? _services.Store.WriteHole(slot.Commit, set->Id, page->Page)
            : _services.Store.WritePage(slot.Commit, set->Id, page->Page, contents);
    }

    private StoreStatus PutRecords(EpochSlot slot)
    {
        RecordStage.Cursor cursor = default;
        StoreStatus status = StoreStatus.Ok;
        while (status == StoreStatus.Ok && slot.Records.Next(ref cursor, out ObjectId id, out ReadOnlySpan<byte> record))
            status = Added(slot, _services.Store.PutRecord(slot.Commit, id, record));
        return status;
    }

    private StoreStatus Submit(EpochSlot slot)
    {
        StoreStatus status = _parts.Submit(slot);

        // The store's readers see the commit from here on: clones are no longer read from their bases, which it may have deleted.
        if (status == StoreStatus.Ok)
            _services.Memory.Epochs.Submitted(slot.Frozen);
        return status;
    }

    private void Commit(EpochSlot slot)
    {
        StoreStatus status = slot.FlushStatus;
        if (status == StoreStatus.Ok)
            status = _services.Store.WaitDurable(slot.Commit);
        if (status != StoreStatus.Ok)
        {
            _state.Failure = status;
            _services.Scheduler.WakeAll(_state.Durable);
            return;
        }
        _services.Store.Release(slot.Commit);
        _services.Memory.Epochs.Release(slot.Frozen);
        slot.Records.Clear();
        slot.Ended.Clear(_services.Pages);
        _state.LastDurable = slot.Epoch;
        _state.LastCommitNanoseconds = _services.MachineClock.MonotonicNanoseconds;
        _state.Kept += _state.Name.IsDoneBy(slot) ? 1 : 0;
        slot.Sample.DurableNanoseconds = _state.LastCommitNanoseconds - slot.StartNanoseconds;
        _statistics.Add(in slot.Sample);
        slot.State = SlotState.Free;
        _services.Output.Of(_services.Tracker).Release(slot.OutputPosition);
        _services.Scheduler.WakeAll(_state.Durable);
        _services.Fibers.WakeAll(_state.ErrandWork);
    }
}
