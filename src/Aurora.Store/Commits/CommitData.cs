// The pages of a commit on their way to the device: blocks are assigned, pages summed and their writes started, all before the commit
// has the turn, while others may come and go. A commit that is refused gives its blocks back; one that a power cut keeps from the log has
// never marked them.
//
// The few pages of a small commit are held back and go to the device together with its record (CommitLog.Append): one batch of requests
// takes a device less than two, and they are summed before it would have begun.
//
// An ordered commit, whose data is more than it may have under way at a time, waits for its oldest writes before it starts more, so that
// those of others never stand behind all of it at the device, and is ready when its data is durable: what is in the log is waited for by
// everybody behind. Its requests are a fraction of what it may have under way, so that the device has others while it wakes up for one
// and sums more.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Places the pages of a commit and starts writing them.</summary>
internal sealed unsafe class CommitData(
    StoreContext context, CommitLog log, CommitPool pool, BlockAllocator allocator, CommitSpace space, CommitRoom room)
{
    private const int MostPagesPerRequest = 256;

    // A commit with more pages has the device begin with them while the rest is summed.
    private const ulong MostHeldPages = 16;
    private const uint RequestsUnderWay = 8;

    // Pages summed, and operations otherwise looked at, between two looks at whether it is time to give way.
    private const int PagesPerLook = 4;
    private const int OperationsPerLook = 64;

    /// <summary>Finds a block for every page, in runs as long as can be had. Blocks.</summary>
    public StoreStatus AssignBlocks(StoreCommit* commit)
    {
        ulong left = commit->DataPages;
        ulong next = 0;
        ulong run = 0;
        ulong firstCut = context.Super->Current.Number;
        for (CommitOperation* operation = commit->FirstOperation; operation != null && left > 0; operation = operation->Next)
        {
            if (operation->Kind != LogEntryKind.Pages)
                continue;
            while (run == 0)
            {
                StoreStatus status = allocator.Allocate(left, true, out next, out run);
                bool mayHelp = context.Super->Current.Number < firstCut + CommitRoom.CutsToTry;
                if (status is (StoreStatus.NoSpace or StoreStatus.OutOfMemory) && mayHelp)
                    status = room.MakeRoom();
                else if (status == StoreStatus.NoSpace)
                    status = context.Refuse(status, FaultPlace.SpaceMap, 0);
                if (status != StoreStatus.Ok)
                    return status;
                space.NoteAssigned(commit, run);
            }
            operation->Block = next++;
            run--;
            if (--left % OperationsPerLook == 0)
                context.Fibers.GiveWay();
        }
        return StoreStatus.Ok;
    }

    /// <summary>Gives the blocks of a refused commit back, once the device is done with its pages. Blocks.</summary>
    public void ReturnBlocks(StoreCommit* commit)
    {
        if (!commit->HoldsData)
            log.WaitAll(commit->FirstData);
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            if (operation->Kind == LogEntryKind.Pages && operation->Block != 0)
                allocator.Return(operation->Block);
        }
    }

    /// <summary>
    /// Sums the pages, starting each device request as soon as its pages are summed; builds the record; and makes the data of an ordered
    /// commit durable. Blocks.
    /// </summary>
    public StoreStatus BuildWrites(StoreCommit* commit)
    {
        ulong start = context.Fibers.Trace.Begin();
        bool hasMemory = SubmitPages(commit);
        commit->Times.SummedNanoseconds = context.Fibers.MonotonicNanoseconds;
        context.Fibers.Trace.End(TraceKind.Sum, start, commit->DataPages);
        if (hasMemory)
        {
            var builder = new LogBuilder(context.Fibers, pool, commit, context.Has(SeededFaults.LostLogEntry));
            hasMemory = builder.AddAll() && log.PrepareRequests(commit);
        }
        if (!hasMemory)
            return StoreStatus.OutOfMemory;
        if (!commit->IsOrdered || context.Has(SeededFaults.UnorderedLargeCommit))
            return StoreStatus.Ok;
        return MakeDurable(commit);
    }

    private StoreStatus MakeDurable(StoreCommit* commit)
    {
        ulong start = context.Fibers.Trace.Begin();
        StoreStatus status = log.WaitAll(commit->FirstData);
        context.Fibers.Trace.End(TraceKind.Write, start, 0);
        if (status != StoreStatus.Ok)
            return status;
        ulong written = context.Fibers.MonotonicNanoseconds;
        status = context.Flush();
        commit->Times.FlushNanoseconds = context.Fibers.MonotonicNanoseconds - written;
        return status;
    }

    private bool SubmitPages(StoreCommit* commit)
    {
        CommitOperation* operation = commit->FirstOperation;
        commit->HoldsData = commit->DataPages is > 0 and <= MostHeldPages && !commit->IsOrdered;
        context.Device.BeginBatch();
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
        context.Device.EndBatch();
        return hasMemory;
    }

    // One request for the pages from here on that lie together on the device; other operations between them are passed over.
    private bool SubmitRun(StoreCommit* commit, ref CommitOperation* operation, ref int summed)
    {
        ulong start = operation->Block;
        int most = MostPagesOf(commit);
        int count = 0;
        for (CommitOperation* at = operation; at != null && count < most && IsNextOf(at, start, count); at = at->Next)
            count += at->Kind == LogEntryKind.Pages ? 1 : 0;
        var request = (CommitRequest*)pool.Allocate(commit, sizeof(CommitRequest) + (count * sizeof(void*)));
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
                operation->Checksum = BlockChecksum.OfPage(context.HashSeed, operation->Page, operation->Block, operation->Data);
                request->Request.Pages[request->Request.BlockCount++] = operation->Data;
                if (++summed % PagesPerLook == 0 && context.Fibers.MustGiveWay)
                    YieldInBatch();
            }
            operation = operation->Next;
        }
        Start(commit, request);
        return true;
    }

    private int MostPagesOf(StoreCommit* commit)
    {
        uint share = context.Options.OrderedCommitBytes / PageSize.Bytes / RequestsUnderWay;
        int most = commit->IsOrdered ? (int)Math.Clamp(share, 1, MostPagesPerRequest) : MostPagesPerRequest;
        return Math.Min(most, context.Device.MaxBlocksPerRequest);
    }

    private void Start(StoreCommit* commit, CommitRequest* request)
    {
        if (commit->IsOrdered)
            WaitForOldest(commit, (ulong)request->Request.BlockCount);
        if (commit->LastData == null)
            commit->FirstData = request;
        else
            commit->LastData->Next = request;
        commit->LastData = request;
        if (commit->FirstUnderWay == null)
            commit->FirstUnderWay = request;
        commit->PagesUnderWay += (ulong)request->Request.BlockCount;
        context.Statistics.DataPagesWritten += (ulong)request->Request.BlockCount;
        if (commit->HoldsData)
            return;
        context.Device.Submit(&request->Request);
        // The device is to work on it while the next one is summed.
        if (commit->IsOrdered)
        {
            context.Device.EndBatch();
            context.Device.BeginBatch();
        }
    }

    // How it went is asked when all is written.
    private void WaitForOldest(StoreCommit* commit, ulong more)
    {
        while (commit->FirstUnderWay != null && (commit->PagesUnderWay + more) * PageSize.Bytes > context.Options.OrderedCommitBytes)
        {
            context.Device.EndBatch();
            context.Device.Wait(&commit->FirstUnderWay->Request);
            context.Device.BeginBatch();
            commit->PagesUnderWay -= (ulong)commit->FirstUnderWay->Request.BlockCount;
            commit->FirstUnderWay = commit->FirstUnderWay->Next;
        }
    }

    // Others may run between the steps of a long commit.
    private void YieldInBatch()
    {
        context.Device.EndBatch();
        context.Fibers.Yield();
        context.Device.BeginBatch();
    }

    private static bool IsNextOf(CommitOperation* operation, ulong start, int count)
        => operation->Kind != LogEntryKind.Pages || operation->Block == start + (ulong)count;
}
