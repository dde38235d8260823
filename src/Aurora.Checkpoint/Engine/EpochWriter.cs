// The fibers behind the stop window, for all groups: a few that flush, and a few that commit. The oldest epoch of all goes first. Who
// flushes waits for the data of a large epoch, and for space, and who commits lets its pages land; so several do, one for a group at a
// time (PipelineState), and the epochs of other groups go on meanwhile. Each group has its epochs in order; those of different groups have
// none: no group needs another's to be continued from, and who makes one from another waits until the other's epoch has its place in the
// log (CheckpointLife.Submit). Whatever is ready for one of these fibers wakes one; who is done looks again before it sleeps.
//
// The operations of an epoch go to the store in the order the format demands: clones (against the state of the previous epoch), ended
// objects, truncations, pages, records.
//
// A commit that the store refuses for want of memory or disk space is discarded with all captured after it: what they held is changed
// again, and a later epoch with a higher number covers it (numbers may have gaps). When the store refuses one for good, nothing behind it
// may become durable: from then on nothing of the group is captured or flushed (HasFlushFailed), and when all before it is durable the
// writer of the group stops (Failure) and held output stays held.
//
// Who gives way may be given work meanwhile, and a group that cannot go on may be the oldest: a fiber looks at all groups again before it
// sleeps. Pipeline.NextFrom leaves out those for whom it can do nothing. Protected by the kernel lock.
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
    private readonly Pipelines _pipelines;
    private readonly EngineQueues _queues;
    private readonly EpochCapture _capture;
    private readonly CheckpointStatistics _statistics;
    private readonly EpochParts _parts;
    private uint _operations;

    public EpochWriter(
        in CheckpointServices services, Pipelines pipelines, EngineQueues queues, EpochCapture capture, CheckpointStatistics statistics)
    {
        _services = services;
        _pipelines = pipelines;
        _queues = queues;
        _capture = capture;
        _statistics = statistics;
        _parts = new EpochParts(services.Store);
    }

    /// <summary>The body of a flush fiber; never returns.</summary>
    public void RunFlushFiber()
    {
        for (;;)
        {
            while (_pipelines.FindOldest(SlotState.Captured, out Pipeline pipeline))
                FlushNext(in pipeline);
            _services.Fibers.Block(_queues.FlushWork);
        }
    }

    /// <summary>The body of a commit fiber; never returns.</summary>
    public void RunCommitFiber()
    {
        for (;;)
        {
            while (_pipelines.FindOldest(SlotState.Submitted, out Pipeline pipeline))
                CommitNext(in pipeline);
            _services.Fibers.Block(_queues.CommitWork);
        }
    }

    /// <summary>
    /// Takes a checkpoint of a group now and sees it through to the disk without fibers: for host tools and for the end of a session.
    /// </summary>
    public StoreStatus CheckpointAndWait(in Pipeline pipeline)
    {
        if (pipeline.HasFailed)
            return pipeline.State->Failure;
        EpochSlot* slot = pipeline.Free();
        Panic.Unless(slot != null, "checkpoint: a synchronous checkpoint while epochs are under way"u8);
        if (!_capture.Take(pipeline, slot))
            return StoreStatus.OutOfMemory;
        while (FlushNext(pipeline) || CommitNext(pipeline))
        {
        }
        return pipeline.HasFailed ? pipeline.State->Failure : pipeline.State->Refusal;
    }

    private bool FlushNext(in Pipeline pipeline)
    {
        EpochSlot* slot = pipeline.NextFrom(SlotState.Captured);
        if (slot == null)
            return false;
        pipeline.State->IsFlushing = true;
        _services.Fibers.Trace.Group = pipeline.Group.Index;
        slot->FlushStatus = FlushWithMemory(pipeline, slot);

        // From here on nothing waits until the slot has left its state.
        pipeline.State->IsFlushing = false;
        _services.Fibers.Trace.Group = TraceEvent.NoGroup;

        // Once too large alone, for ever too large: threads have not run since.
        bool isHopeless = slot->FlushStatus == StoreStatus.CommitTooLarge && pipeline.State->Refusal == StoreStatus.CommitTooLarge;
        bool isRefused = !isHopeless && slot->FlushStatus is StoreStatus.NoSpace or StoreStatus.OutOfMemory or StoreStatus.CommitTooLarge;
        if (isRefused && _services.Store.Health == StoreStatus.Ok)
        {
            Discard(pipeline, slot);
            return true;
        }
        if (slot->FlushStatus == StoreStatus.Ok)
            Accept(pipeline.State, slot->Epoch);
        else
            pipeline.State->HasFlushFailed = true;
        slot->State = SlotState.Submitted;
        _services.Fibers.WakeOne(_queues.CommitWork);
        return true;
    }

    private bool CommitNext(in Pipeline pipeline)
    {
        EpochSlot* slot = pipeline.NextFrom(SlotState.Submitted);
        if (slot == null)
            return false;
        pipeline.State->IsCommitting = true;
        _services.Fibers.Trace.Group = pipeline.Group.Index;
        Commit(pipeline, slot);
        _services.Fibers.Trace.Group = TraceEvent.NoGroup;
        pipeline.State->IsCommitting = false;
        return true;
    }

    private void Accept(PipelineState* state, Epoch epoch)
    {
        state->LastSubmitted = epoch;
        if (state->SubmissionWaiters != 0)
            _services.Fibers.WakeAll(_queues.ErrandWork);
        if (state->Refusal != StoreStatus.Ok)
            KernelLog.Line("checkpoint: the store takes commits again"u8);
        state->Refusal = StoreStatus.Ok;
    }

    // The store has refused the oldest captured epoch and is otherwise well.
    private void Discard(in Pipeline pipeline, EpochSlot* refused)
    {
        if (pipeline.State->Refusal != refused->FlushStatus)
            KernelLog.Line(StoreMessages.Of(refused->FlushStatus));
        pipeline.State->Refusal = refused->FlushStatus;
        pipeline.State->Setbacks++;
        _parts.Abort(refused);
        if (pipeline.State->Refusal == StoreStatus.NoSpace)
            pipeline.State->RefusedThrough = pipeline.State->LastCaptured;
        _services.Output.Of(pipeline.Group).Refuse(refused->Epoch);
        for (EpochSlot* slot = pipeline.NewestCaptured(); slot != null; slot = pipeline.NewestCaptured())
        {
            pipeline.State->Name.TakeBack(slot, pipeline.State->Refusal);
            _capture.Undo(pipeline, slot);
        }
        ulong period = refused->IsMemory ? 0 : pipeline.State->PeriodNanoseconds;
        pipeline.RetryAt(_services.MachineClock.MonotonicNanoseconds + Math.Max(period, EpochCapture.RefusedRetryNanoseconds));
        _services.Scheduler.WakeAll(pipeline.Durable);
        _services.Fibers.WakeAll(_queues.ErrandWork);
    }

    // The memory that commits are filled in is what a merge of a refused epoch needs, too. So who finds none while others fill theirs gives
    // back what he has, and begins again when one of them is done: an epoch is refused for want of memory only while nobody else has any.
    private StoreStatus FlushWithMemory(in Pipeline pipeline, EpochSlot* slot)
    {
        _pipelines.Round.Filling++;
        StoreStatus status;
        while ((status = Flush(pipeline, slot)) == StoreStatus.OutOfMemory && _pipelines.Round.Filling > 1)
        {
            _parts.Abort(slot);
            _pipelines.Round.Filling--;
            _services.Fibers.Block(_queues.FillingWork);
            _pipelines.Round.Filling++;
        }
        _pipelines.Round.Filling--;
        _services.Fibers.WakeAll(_queues.FillingWork);
        return status;
    }

    private StoreStatus Flush(in Pipeline pipeline, EpochSlot* slot)
    {
        StoreStatus status = _parts.Begin(pipeline.Volume, slot);
        if (status == StoreStatus.Ok)
            status = PutStructure(pipeline, slot);
        if (status == StoreStatus.Ok)
            status = PutPages(pipeline, slot);
        if (status == StoreStatus.Ok)
            status = PutRecords(pipeline, slot);
        if (status == StoreStatus.Ok)
            status = Submit(pipeline, slot);
        return status;
    }

    private StoreStatus PutStructure(in Pipeline pipeline, EpochSlot* slot)
    {
        StoreStatus status = StoreStatus.Ok;
        for (ChangeSet* set = slot->Frozen->First; set != null && status == StoreStatus.Ok; set = set->Next)
        {
            if (set->IsClone)
                status = Added(pipeline, slot, _services.Store.CloneObject(slot->Commit, set->CloneSource, set->Id));
        }
        IdList.Cursor cursor = default;
        while (status == StoreStatus.Ok && slot->Ended.Next(ref cursor, out ObjectId id))
            status = Added(pipeline, slot, _services.Store.DeleteObject(slot->Commit, id));
        for (ChangeSet* set = slot->Frozen->First; set != null && status == StoreStatus.Ok; set = set->Next)
        {
            if (set->IsTruncated)
                status = Added(pipeline, slot, _services.Store.Truncate(slot->Commit, set->Id, set->TruncateFrom));
        }
        return status;
    }

    private StoreStatus PutPages(in Pipeline pipeline, EpochSlot* slot)
    {
        for (ChangeSet* set = slot->Frozen->First; set != null; set = set->Next)
        {
            var cursor = new FrozenPageCursor(set);
            while (cursor.MoveNext())
            {
                FrozenPage* page = cursor.Current;
                StoreStatus status = Added(pipeline, slot, PutPage(pipeline, slot, set, page));
                if (status != StoreStatus.Ok)
                    return status;
            }
        }
        return StoreStatus.Ok;
    }

    // Others may run between any two operations: what they are about is frozen.
    private StoreStatus Added(in Pipeline pipeline, EpochSlot* slot, StoreStatus status)
    {
        status = _parts.Added(pipeline.Volume, slot, status);
        if (++_operations % OperationsPerLook == 0)
            _services.Fibers.GiveWay();
        return status;
    }

    // Whole pages of zeroes take no space, where a hole reads as zeroes; looking costs a fraction of the checksum they would need.
    private StoreStatus PutPage(in Pipeline pipeline, EpochSlot* slot, ChangeSet* set, FrozenPage* page)
    {
        byte* contents = page->IsHole ? null : _services.Memory.Frames.AddressOf(page->Frame);
        return contents == null || (!set->IsOverlay && PageContents.IsZero(contents))
            ? _services.Store.WriteHole(slot->Commit, set->Id, page->Page)
            : _services.Store.WritePage(slot->Commit, set->Id, page->Page, contents);
    }

    private StoreStatus PutRecords(in Pipeline pipeline, EpochSlot* slot)
    {
        RecordStage.Cursor cursor = default;
        StoreStatus status = StoreStatus.Ok;
        while (status == StoreStatus.Ok && slot->Records.Next(ref cursor, out ObjectId id, out ReadOnlySpan<byte> record))
            status = Added(pipeline, slot, _services.Store.PutRecord(slot->Commit, id, record));
        return status;
    }

    private StoreStatus Submit(in Pipeline pipeline, EpochSlot* slot)
    {
        StoreStatus status = _parts.Submit(pipeline.Volume, slot);

        // The store's readers see the commit from here on: clones are no longer read from their bases, which it may have deleted.
        if (status == StoreStatus.Ok)
            _services.Memory.Epochs.Submitted(slot->Frozen);
        return status;
    }

    private void Commit(in Pipeline pipeline, EpochSlot* slot)
    {
        StoreStatus status = slot->FlushStatus;
        if (status == StoreStatus.Ok)
            status = _services.Store.WaitDurable(slot->Commit);
        if (status != StoreStatus.Ok)
        {
            pipeline.State->Failure = status;
            _services.Scheduler.WakeAll(pipeline.Durable);
            _services.Fibers.WakeAll(_queues.ErrandWork);
            return;
        }
        slot->NoteDurable(_services.MachineClock.MonotonicNanoseconds);
        _services.Store.Release(slot->Commit);
        while (!_services.Memory.Epochs.ReleaseSome(slot->Frozen))
            _services.Fibers.GiveWay();
        slot->Records.Clear(_services.Pages);
        slot->Ended.Clear(_services.Pages);
        pipeline.State->LastDurable = slot->Epoch;
        if (!slot->IsMemory)
            pipeline.Group.NoteDurable(slot->Epoch.Value);
        pipeline.State->LastCommitNanoseconds = _services.MachineClock.MonotonicNanoseconds;
        pipeline.State->Kept += pipeline.State->Name.IsDoneBy(slot) ? 1 : 0;
        _statistics.Add(in slot->Sample, in slot->Phases);
        slot->State = SlotState.Free;
        _pipelines.Round.IsAsked = true;
        _services.Output.Of(pipeline.Group).Release(slot->Epoch);
        _services.Scheduler.WakeAll(pipeline.Durable);
        _services.Fibers.WakeAll(_queues.ErrandWork);
    }
}
