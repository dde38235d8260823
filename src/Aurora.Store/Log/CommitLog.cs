// The writing end of the log. Protocol of a commit: data blocks and record are written in parallel, those of a small one in one batch;
// when both have completed, one FLUSH; then it is durable, provided all before it are. The data of an ordered commit is durable before it
// comes here. Several commits are in flight, in one list in sequence order; whoever waits for one drives the ones before it, and one FLUSH
// covers every commit whose writes had completed when it was sent. A failed write or flush poisons the store: nothing later is ever
// acknowledged. Joined commits are durable together. Protected by the kernel lock; the methods that wait for the device say so.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Gives commits their place in the log and makes them durable.</summary>
internal sealed unsafe partial class CommitLog(StoreContext context, CommitPool pool, LogState state)
{
    /// <summary>The last commit with a place in the order.</summary>
    public ulong LastSequence => state.LastSequence;

    /// <summary>Every commit up to here survives a power cut.</summary>
    public ulong DurableSequence => state.DurableSequence;

    /// <summary>Nothing is in flight, and neither the log nor the superblock says yet that all of it is durable.</summary>
    public bool IsWatermarkDue
        => state.FirstInFlight == null && !state.EndsWithWatermark && state.LastSequence != context.Super->DurableSequence;

    /// <summary>The longest record, and the most log that may be in flight: what recovery searches for a lost record's successors.</summary>
    public ulong Window => WindowOf(context.Geometry.LogBlocks);

    public static ulong WindowOf(ulong logBlocks) => logBlocks / 4;

    /// <summary>True when a record of this many blocks fits, with room left for a watermark.</summary>
    public bool HasRoom(ulong blocks) => state.Position + blocks + 1 - state.Tail <= context.Geometry.LogBlocks;

    /// <summary>True when so much is in flight that the record must wait for earlier ones to become durable.</summary>
    public bool IsWindowFull(ulong blocks)
        => state.FirstInFlight != null && state.Position + blocks - state.FirstInFlight->LogPosition > Window;

    /// <summary>Gives the commit the next place in the order, completes its record and starts writing it, with data it holds.</summary>
    public void Append(StoreCommit* commit)
    {
        commit->Sequence = ++state.LastSequence;
        commit->LogPosition = state.Position;
        commit->State = CommitState.Submitted;
        Seal(commit);
        AssignRequests(commit);
        if (state.LastInFlight == null)
            state.FirstInFlight = commit;
        else
            state.LastInFlight->NextInFlight = commit;
        state.LastInFlight = commit;
        context.Device.BeginBatch();
        if (commit->HoldsData)
            SubmitAll(commit->FirstData);
        commit->HoldsData = false;
        SubmitAll(commit->FirstLog);
        context.Device.EndBatch();
        context.Statistics.Commits++;
        context.Statistics.LogBlocksWritten += (ulong)commit->LogPages;
    }

    /// <summary>Starts every request of a list.</summary>
    public void SubmitAll(CommitRequest* first)
    {
        context.Device.BeginBatch();
        for (CommitRequest* request = first; request != null; request = request->Next)
        {
            if (request->Request.BlockCount > 0)
                context.Device.Submit(&request->Request);
        }
        context.Device.EndBatch();
    }

    /// <summary>Waits for every request of a list and returns the first failure.</summary>
    public StoreStatus WaitAll(CommitRequest* first)
    {
        StoreStatus result = StoreStatus.Ok;
        for (CommitRequest* request = first; request != null; request = request->Next)
        {
            if (request->Request.BlockCount == 0)
                continue;
            StoreStatus status = context.CheckWrite(context.Device.Wait(&request->Request), request->Request.Start.Value);
            if (result == StoreStatus.Ok)
                result = status;
        }
        return result;
    }

    /// <summary>
    /// Waits until every commit up to this one, and those it is joined with, is durable, or the store is poisoned. Blocks.
    /// </summary>
    public StoreStatus WaitDurable(ulong sequence)
    {
        if (state.DurableSequence < sequence)
            sequence = EndOfJoined(sequence);
        while (state.DurableSequence < sequence)
        {
            if (context.PoisonStatus != StoreStatus.Ok)
                return StoreStatus.Poisoned;
            StoreCommit* unwritten = FirstUnwritten(sequence);
            if (unwritten != null && !context.Has(SeededFaults.EarlyAcknowledge))
            {
                Drive(unwritten);
                continue;
            }
            if (state.IsFlushing)
            {
                context.Fibers.Block(&context.Queues->Flush);
                continue;
            }
            FlushWritten();
        }
        return StoreStatus.Ok;
    }

    /// <summary>Waits until the first commit in flight is durable, or the store is poisoned. Blocks.</summary>
    public StoreStatus WaitForFirst() => WaitDurable(state.FirstInFlight->Sequence);

    /// <summary>After a failure: waits until the device no longer uses the commit's memory. Blocks.</summary>
    public void WaitForWrites(StoreCommit* commit)
    {
        while (commit->IsDriven)
            context.Fibers.Block(&commit->Waiters);
        for (CommitRequest* request = commit->FirstData; request != null; request = request->Next)
            context.Device.Wait(&request->Request);
        for (CommitRequest* request = commit->FirstLog; request != null; request = request->Next)
        {
            if (request->Request.BlockCount > 0)
                context.Device.Wait(&request->Request);
        }
        Unlink(commit);
    }

    private void Unlink(StoreCommit* commit)
    {
        StoreCommit* previous = null;
        StoreCommit* at = state.FirstInFlight;
        while (at != null && at != commit)
        {
            previous = at;
            at = at->NextInFlight;
        }
        if (at == null)
            return;
        if (previous == null)
            state.FirstInFlight = commit->NextInFlight;
        else
            previous->NextInFlight = commit->NextInFlight;
        if (state.LastInFlight == commit)
            state.LastInFlight = previous;
    }

    private StoreCommit* FirstUnwritten(ulong sequence)
    {
        StoreCommit* commit = state.FirstInFlight;
        while (commit != null && commit->Sequence <= sequence)
        {
            if (commit->State == CommitState.Submitted)
                return commit;
            commit = commit->NextInFlight;
        }
        return null;
    }

    // They have got their places in one stretch.
    private ulong EndOfJoined(ulong sequence)
    {
        StoreCommit* commit = state.FirstInFlight;
        while (commit != null && (commit->Sequence < sequence || commit->NextJoined != null))
            commit = commit->NextInFlight;
        return commit == null ? sequence : commit->Sequence;
    }

    // Waits for the device on behalf of a commit, until everything is written.
    private void Drive(StoreCommit* commit)
    {
        commit->Users++;
        if (commit->IsDriven)
        {
            context.Fibers.Block(&commit->Waiters);
        }
        else
        {
            commit->IsDriven = true;
            ulong start = context.Fibers.Trace.Begin();
            StoreStatus status = WaitAll(commit->FirstData);
            StoreStatus logStatus = WaitAll(commit->FirstLog);
            status = status == StoreStatus.Ok ? logStatus : status;
            context.Fibers.Trace.End(TraceKind.Write, start, (ulong)commit->LogPages);
            commit->State = status == StoreStatus.Ok ? CommitState.Written : CommitState.Failed;
            commit->IsDriven = false;
            context.Fibers.WakeAll(&commit->Waiters);
        }
        commit->Users--;
        if (commit->IsReleased && commit->Users == 0)
            pool.Release(commit);
    }

    // One FLUSH for every commit that is written now, in order.
    private void FlushWritten()
    {
        ulong target = state.DurableSequence;
        bool takesAll = context.Has(SeededFaults.EarlyAcknowledge);
        StoreCommit* next = state.FirstInFlight;
        for (; next != null && (takesAll || next->State == CommitState.Written); next = next->NextInFlight)
            target = next->NextJoined == null ? next->Sequence : target;
        state.IsFlushing = true;
        ulong start = context.Fibers.MonotonicNanoseconds;
        StoreStatus status = context.Has(SeededFaults.DroppedFlush) ? StoreStatus.Ok : context.Flush();
        state.IsFlushing = false;
        ulong took = context.Fibers.MonotonicNanoseconds - start;
        if (status == StoreStatus.Ok && context.PoisonStatus == StoreStatus.Ok)
        {
            state.DurableSequence = target;
            while (state.FirstInFlight != null && state.FirstInFlight->Sequence <= target)
            {
                StoreCommit* commit = state.FirstInFlight;
                commit->State = CommitState.Durable;
                commit->Times.FlushNanoseconds += took;
                state.FirstInFlight = commit->NextInFlight;
                commit->NextInFlight = null;
                if (commit->IsForgotten)
                    pool.Release(commit);
            }
            if (state.FirstInFlight == null)
                state.LastInFlight = null;
        }
        context.Fibers.WakeAll(&context.Queues->Flush);
    }
}
