// The writing end of the log. Protocol of a commit: data blocks and record are written in parallel; when both have completed, one FLUSH;
// then it is durable, provided all before it are. An ordered commit flushes its data before it writes its record. Several commits are in
// flight, in one list in sequence order; whoever waits for one drives the ones before it, and one FLUSH covers every commit whose writes had
// completed when it was sent. A failed write or flush poisons the store: nothing later is ever acknowledged.
// Protected by the kernel lock; the methods that wait for the device say so.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Gives commits their place in the log and makes them durable.</summary>
internal sealed unsafe partial class CommitLog
{
    private readonly StoreContext _context;
    private readonly CommitPool _pool;
    private readonly StoreQueues* _queues;
    private StoreCommit* _firstInFlight;
    private StoreCommit* _lastInFlight;
    private bool _isFlushing;

    public CommitLog(StoreContext context, CommitPool pool, StoreQueues* queues)
    {
        _context = context;
        _pool = pool;
        _queues = queues;
    }

    public ulong Generation { get; set; }

    /// <summary>The last commit with a place in the order.</summary>
    public ulong LastSequence { get; set; }

    /// <summary>Every commit up to here survives a power cut.</summary>
    public ulong DurableSequence { get; set; }

    /// <summary>The newest record only carries a watermark, so the log says already that all before it is durable.</summary>
    public bool EndsWithWatermark { get; private set; }

    /// <summary>Where the next record goes.</summary>
    public ulong Position { get; set; }

    /// <summary>The checksum of the block before Position.</summary>
    public ulong Chain { get; set; }

    /// <summary>Log blocks before this position may be overwritten.</summary>
    public ulong Tail { get; set; }

    public bool IsIdle => _firstInFlight == null;

    /// <summary>The longest record, and the most log that may be in flight: what recovery searches for a lost record's successors.</summary>
    public ulong Window => WindowOf(_context.Geometry.LogBlocks);

    public static ulong WindowOf(ulong logBlocks) => logBlocks / 4;

    /// <summary>True when a record of this many blocks fits, with room left for a watermark.</summary>
    public bool HasRoom(ulong blocks) => Position + blocks + 1 - Tail <= _context.Geometry.LogBlocks;

    /// <summary>True when so much is in flight that the record must wait for earlier ones to become durable.</summary>
    public bool IsWindowFull(ulong blocks) => _firstInFlight != null && Position + blocks - _firstInFlight->LogPosition > Window;

    public StoreCommit* FirstInFlight => _firstInFlight;

    /// <summary>Gives the commit the next place in the order, completes its record and, unless it is ordered, starts writing it.</summary>
    public void Append(StoreCommit* commit)
    {
        commit->Sequence = ++LastSequence;
        commit->LogPosition = Position;
        commit->State = CommitState.Submitted;
        Seal(commit);
        AssignRequests(commit);
        if (_lastInFlight == null)
            _firstInFlight = commit;
        else
            _lastInFlight->NextInFlight = commit;
        _lastInFlight = commit;
        if (!commit->IsOrdered || _context.Has(SeededFaults.UnorderedLargeCommit))
            SubmitAll(commit->FirstLog);
        _context.Statistics.Commits++;
        _context.Statistics.LogBlocksWritten += (ulong)commit->LogPages;
    }

    /// <summary>Starts every request of a list.</summary>
    public void SubmitAll(CommitRequest* first)
    {
        _context.Device.BeginBatch();
        for (CommitRequest* request = first; request != null; request = request->Next)
        {
            if (request->Request.BlockCount > 0)
                _context.Device.Submit(&request->Request);
        }
        _context.Device.EndBatch();
    }

    /// <summary>Waits for every request of a list and returns the first failure.</summary>
    public StoreStatus WaitAll(CommitRequest* first)
    {
        StoreStatus result = StoreStatus.Ok;
        for (CommitRequest* request = first; request != null; request = request->Next)
        {
            if (request->Request.BlockCount == 0)
                continue;
            StoreStatus status = _context.CheckWrite(_context.Device.Wait(&request->Request), request->Request.Start.Value);
            if (result == StoreStatus.Ok)
                result = status;
        }
        return result;
    }

    /// <summary>Waits until every commit up to this one is durable, or the store is poisoned. Blocks.</summary>
    public StoreStatus WaitDurable(ulong sequence)
    {
        while (DurableSequence < sequence)
        {
            if (_context.PoisonStatus != StoreStatus.Ok)
                return StoreStatus.Poisoned;
            StoreCommit* unwritten = FirstUnwritten(sequence);
            if (unwritten != null && !_context.Has(SeededFaults.EarlyAcknowledge))
            {
                Drive(unwritten);
                continue;
            }
            if (_isFlushing)
            {
                _context.Fibers.Block(&_queues->Flush);
                continue;
            }
            FlushWritten();
        }
        return StoreStatus.Ok;
    }

    /// <summary>After a failure: waits until the device no longer uses the commit's memory. Blocks.</summary>
    public void WaitForWrites(StoreCommit* commit)
    {
        while (commit->IsDriven)
            _context.Fibers.Block(&commit->Waiters);
        for (CommitRequest* request = commit->FirstData; request != null; request = request->Next)
            _context.Device.Wait(&request->Request);
        for (CommitRequest* request = commit->FirstLog; request != null && !commit->IsOrdered; request = request->Next)
        {
            if (request->Request.BlockCount > 0)
                _context.Device.Wait(&request->Request);
        }
        Unlink(commit);
    }

    private void Unlink(StoreCommit* commit)
    {
        StoreCommit* previous = null;
        StoreCommit* at = _firstInFlight;
        while (at != null && at != commit)
        {
            previous = at;
            at = at->NextInFlight;
        }
        if (at == null)
            return;
        if (previous == null)
            _firstInFlight = commit->NextInFlight;
        else
            previous->NextInFlight = commit->NextInFlight;
        if (_lastInFlight == commit)
            _lastInFlight = previous;
    }

    private StoreCommit* FirstUnwritten(ulong sequence)
    {
        StoreCommit* commit = _firstInFlight;
        while (commit != null && commit->Sequence <= sequence)
        {
            if (commit->State == CommitState.Submitted)
                return commit;
            commit = commit->NextInFlight;
        }
        return null;
    }

    // Waits for the device on behalf of a commit: data, for an ordered one the flush and the record, until everything is written.
    private void Drive(StoreCommit* commit)
    {
        commit->Users++;
        if (commit->IsDriven)
        {
            _context.Fibers.Block(&commit->Waiters);
        }
        else
        {
            commit->IsDriven = true;
            StoreStatus status = WaitAll(commit->FirstData);
            if (status == StoreStatus.Ok && commit->IsOrdered && !_context.Has(SeededFaults.UnorderedLargeCommit))
            {
                status = _context.Flush();
                if (status == StoreStatus.Ok)
                    SubmitAll(commit->FirstLog);
            }
            if (status == StoreStatus.Ok || !commit->IsOrdered)
            {
                StoreStatus logStatus = WaitAll(commit->FirstLog);
                status = status == StoreStatus.Ok ? logStatus : status;
            }
            commit->State = status == StoreStatus.Ok ? CommitState.Written : CommitState.Failed;
            commit->IsDriven = false;
            _context.Fibers.WakeAll(&commit->Waiters);
        }
        commit->Users--;
        if (commit->IsReleased && commit->Users == 0)
            _pool.Release(commit);
    }

    // One FLUSH for every commit that is written now, in order.
    private void FlushWritten()
    {
        ulong target = DurableSequence;
        bool takesAll = _context.Has(SeededFaults.EarlyAcknowledge);
        for (StoreCommit* commit = _firstInFlight; commit != null && (takesAll || commit->State == CommitState.Written); commit = commit->NextInFlight)
            target = commit->Sequence;
        _isFlushing = true;
        StoreStatus status = _context.Has(SeededFaults.DroppedFlush) ? StoreStatus.Ok : _context.Flush();
        _isFlushing = false;
        if (status == StoreStatus.Ok && _context.PoisonStatus == StoreStatus.Ok)
        {
            DurableSequence = target;
            while (_firstInFlight != null && _firstInFlight->Sequence <= target)
            {
                StoreCommit* commit = _firstInFlight;
                commit->State = CommitState.Durable;
                _firstInFlight = commit->NextInFlight;
                commit->NextInFlight = null;
            }
            if (_firstInFlight == null)
                _lastInFlight = null;
        }
        _context.Fibers.WakeAll(&_queues->Flush);
    }
}
