// Submitting a commit. Submits take their turns in the order of the calls, so commits are ordered as their Submits were called. First blocks and
// memory are found and data writes started (this may wait); then, in one stretch without waiting, the commit gets its place in the log and
// is applied to the active layer. Thus a commit that is refused has changed nothing.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const int CutsToTry = 3;

    private const int MostPagesPerRequest = 256;

    // Pages summed before others may run.
    private const int PagesPerStep = 32;

    private ulong _nextTicket;
    private ulong _servedTicket;

    /// <summary>
    /// Gives the commit its place after all submitted before and starts writing it. Ok means that readers see it from now on and that
    /// WaitDurable tells when it survives a power cut. Anything else means that nothing happened (the commit still has to be released), with
    /// NoSpace and CommitTooLarge leaving the store usable. Blocks only when the log, the overlay or the disk is full.
    /// </summary>
    public StoreStatus Submit(StoreCommit* commit, in CommitInfo info)
    {
        Panic.Unless(commit->State == CommitState.Building, "store: the commit was already submitted"u8);
        TakeTurn();
        commit->Info = info;
        if (info.NameLength is < 0 or > CommitInfo.MaxNameBytes)
            commit->Status = StoreStatus.TooLong;
        StoreStatus status = commit->Status != StoreStatus.Ok ? commit->Status : SubmitInTurn(commit);
        if (status != StoreStatus.Ok)
            commit->State = CommitState.Failed;
        EndTurn();
        return status;
    }

    /// <summary>Ok when the commit survives a power cut, Pending while it does not yet, else why it never will.</summary>
    public StoreStatus IsDurable(StoreCommit* commit)
    {
        if (commit->State == CommitState.Durable)
            return StoreStatus.Ok;
        if (commit->State == CommitState.Failed || _context.PoisonStatus != StoreStatus.Ok)
            return StoreStatus.Poisoned;
        return StoreStatus.Pending;
    }

    /// <summary>Waits until the commit and all before it are durable. Poisoned when a write failed. Blocks.</summary>
    public StoreStatus WaitDurable(StoreCommit* commit)
        => commit->State == CommitState.Failed ? StoreStatus.Poisoned : _log.WaitDurable(commit->Sequence);

    /// <summary>Gives the commit's slot back: after it became durable, or failed.</summary>
    public void Release(StoreCommit* commit)
    {
        bool isDone = commit->State is CommitState.Durable or CommitState.Failed || _context.PoisonStatus != StoreStatus.Ok;
        Panic.Unless(isDone, "store: released a commit that is still being written"u8);
        if (commit->Sequence != 0 && commit->State != CommitState.Durable)
            _log.WaitForWrites(commit);
        _pool.Release(commit);
    }

    /// <summary>True when nothing is in flight and the device does not say yet that everything is durable: WriteWatermark would write. Costs nothing.</summary>
    public bool IsWatermarkDue
        => !_options.ReadOnly && _context.PoisonStatus == StoreStatus.Ok && _log.IsIdle && _nextTicket == _servedTicket
            && !_log.EndsWithWatermark && _log.LastSequence != _context.Super->DurableSequence;

    /// <summary>
    /// When the store has become quiet, records that everything is durable, so that damage to the last records would be noticed. Does nothing when
    /// the log says so already. Blocks.
    /// </summary>
    public StoreStatus WriteWatermark()
    {
        if (!IsWatermarkDue)
            return _context.PoisonStatus;
        StoreCommit* commit = Begin(0);
        if (commit == null)
            return StoreStatus.OutOfMemory;
        commit->IsWatermark = true;
        CommitInfo info = default;
        StoreStatus status = Submit(commit, info);
        if (status == StoreStatus.Ok)
            status = WaitDurable(commit);
        Release(commit);
        return status;
    }

    // What changes the order of commits is done by one fiber at a time, in the order in which they asked.
    private void TakeTurn()
    {
        ulong ticket = _nextTicket++;
        while (ticket != _servedTicket)
            _context.Fibers.Block(&_queues->Turn);
    }

    private void EndTurn()
    {
        _servedTicket++;
        _context.Fibers.WakeAll(&_queues->Turn);
    }

    private StoreStatus SubmitInTurn(StoreCommit* commit)
    {
        if (commit->LayerBytes > CommitBudget.Bytes)
            return _context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, commit->LayerBytes);
        StoreStatus status = RunDueCut();
        if (status == StoreStatus.Ok)
            status = WaitForSpace(commit);
        if (status != StoreStatus.Ok)
            return status;
        commit->IsOrdered = commit->DataPages * PageSize.Bytes > _options.OrderedCommitBytes;
        status = AssignBlocks(commit);
        if (status == StoreStatus.Ok)
        {
            status = BuildWrites(commit);
            if (status == StoreStatus.Ok)
                status = WaitForRoom(commit);
            if (status != StoreStatus.Ok)
                _log.WaitAll(commit->FirstData);
        }
        if (status != StoreStatus.Ok)
        {
            ReturnBlocks(commit);
            return status;
        }
        _log.Append(commit);
        Apply(commit);
        return StoreStatus.Ok;
    }

    // Finds a block for every page, in runs as long as can be had.
    private StoreStatus AssignBlocks(StoreCommit* commit)
    {
        ulong left = commit->DataPages;
        ulong next = 0;
        ulong run = 0;
        ulong firstCut = _context.Super->Current.Number;
        for (CommitOperation* operation = commit->FirstOperation; operation != null && left > 0; operation = operation->Next)
        {
            if (operation->Kind != LogEntryKind.Pages)
                continue;
            while (run == 0)
            {
                StoreStatus status = _space.Allocator.Allocate(left, true, out next, out run);
                if (status is (StoreStatus.NoSpace or StoreStatus.OutOfMemory) && _context.Super->Current.Number < firstCut + CutsToTry)
                    status = MakeRoom();
                else if (status == StoreStatus.NoSpace)
                    status = _context.Refuse(status, FaultPlace.SpaceMap, 0);
                if (status != StoreStatus.Ok)
                    return status;
            }
            operation->Block = next++;
            run--;
            left--;
        }
        return StoreStatus.Ok;
    }

    private void ReturnBlocks(StoreCommit* commit)
    {
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            if (operation->Kind == LogEntryKind.Pages && operation->Block != 0)
                _space.Allocator.Return(operation->Block);
        }
    }

    // Sums the pages, starting each device request as soon as its pages are summed; then builds the record.
    private StoreStatus BuildWrites(StoreCommit* commit)
    {
        CommitOperation* operation = commit->FirstOperation;
        _context.Device.BeginBatch();
        bool hasMemory = true;
        int summed = 0;
        while (operation != null && hasMemory)
        {
            if (operation->Kind != LogEntryKind.Pages)
            {
                operation = operation->Next;
                continue;
            }
            hasMemory = SubmitRun(commit, ref operation, ref summed);
        }
        _context.Device.EndBatch();
        if (!hasMemory)
            return StoreStatus.OutOfMemory;
        var builder = new LogBuilder(_pool, commit, _context.Has(SeededFaults.LostLogEntry));
        if (!builder.AddAll() || !_log.PrepareRequests(commit))
            return StoreStatus.OutOfMemory;
        return StoreStatus.Ok;
    }

    // One request for the pages from here on that lie together on the device; other operations between them are passed over.
    private bool SubmitRun(StoreCommit* commit, ref CommitOperation* operation, ref int summed)
    {
        ulong start = operation->Block;
        int most = _context.Device.MaxBlocksPerRequest < MostPagesPerRequest ? _context.Device.MaxBlocksPerRequest : MostPagesPerRequest;
        int count = 0;
        for (CommitOperation* at = operation; at != null && count < most && IsNextOf(at, start, count); at = at->Next)
            count += at->Kind == LogEntryKind.Pages ? 1 : 0;
        var request = (CommitRequest*)_pool.Allocate(commit, sizeof(CommitRequest) + (count * sizeof(void*)));
        if (request == null)
            return false;
        *request = default;
        request->Request.Operation = BlockOperation.Write;
        request->Request.Start = new BlockNumber(start);
        request->Request.Pages = (void**)(request + 1);
        while (request->Request.BlockCount < count)
        {
            if (operation->Kind == LogEntryKind.Pages)
            {
                operation->Checksum = BlockChecksum.OfPage(_context.HashSeed, operation->Page, operation->Block, operation->Data);
                request->Request.Pages[request->Request.BlockCount++] = operation->Data;
                if (++summed % PagesPerStep == 0)
                    YieldInBatch();
            }
            operation = operation->Next;
        }
        if (commit->LastData == null)
            commit->FirstData = request;
        else
            commit->LastData->Next = request;
        commit->LastData = request;
        _context.Statistics.DataPagesWritten += (ulong)count;
        _context.Device.Submit(&request->Request);
        return true;
    }

    // Others may run between the steps of a long commit; its turn keeps its place in the order.
    private void YieldInBatch()
    {
        _context.Device.EndBatch();
        _context.Fibers.Yield();
        _context.Device.BeginBatch();
    }

    private static bool IsNextOf(CommitOperation* operation, ulong start, int count)
        => operation->Kind != LogEntryKind.Pages || operation->Block == start + (ulong)count;

    // From here to the end of Submit nothing waits.
    private void Apply(StoreCommit* commit)
    {
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            var payload = new System.ReadOnlySpan<byte>(operation + 1, operation->Length);
            ApplyTo(_active, operation->Kind, operation->Object, operation->Page, operation->Block, operation->Checksum, payload);
        }
        _active.LastSequence = commit->Sequence;
        FinishApply(commit->Info, commit->Sequence, commit->LogPosition, commit->DataPages, commit->IsWatermark);
    }

    internal static void ApplyTo(
        Layer layer, LogEntryKind kind, ulong id, ulong page, ulong block, ulong checksum, System.ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case LogEntryKind.Pages:
                layer.PutPage(id, page, block, checksum);
                break;
            case LogEntryKind.Holes:
                layer.PutPage(id, page, 0, 0);
                break;
            case LogEntryKind.Record:
                layer.PutRecord(id, payload);
                break;
            case LogEntryKind.Delete:
                layer.Delete(id);
                break;
            case LogEntryKind.Truncate:
                layer.Truncate(id, page);
                break;
            case LogEntryKind.Clone:
                layer.Clone(page, id);
                break;
            case LogEntryKind.DropCheckpoint:
                layer.DropHistory(page);
                break;
            case LogEntryKind.Rollback:
                layer.RollbackTo = page;
                break;
        }
    }
}
