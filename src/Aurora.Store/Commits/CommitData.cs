// The pages of a commit on their way to the device: blocks are assigned, pages summed and their writes started, all before the commit
// has its place in the log. A commit that is refused gives its blocks back.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Places the pages of a commit and starts writing them.</summary>
internal sealed unsafe class CommitData(StoreContext context, CommitLog log, CommitPool pool, BlockAllocator allocator, CommitRoom room)
{
    private const int MostPagesPerRequest = 256;

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
            }
            operation->Block = next++;
            run--;
            if (--left % OperationsPerLook == 0)
                context.Fibers.GiveWay();
        }
        return StoreStatus.Ok;
    }

    /// <summary>Gives the blocks of a refused commit back.</summary>
    public void ReturnBlocks(StoreCommit* commit)
    {
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            if (operation->Kind == LogEntryKind.Pages && operation->Block != 0)
                allocator.Return(operation->Block);
        }
    }

    /// <summary>
    /// Sums the pages, starting each device request as soon as its pages are summed; then builds the record. Others may run meanwhile.
    /// </summary>
    public StoreStatus BuildWrites(StoreCommit* commit)
    {
        CommitOperation* operation = commit->FirstOperation;
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
        if (!hasMemory)
            return StoreStatus.OutOfMemory;
        var builder = new LogBuilder(context.Fibers, pool, commit, context.Has(SeededFaults.LostLogEntry));
        if (!builder.AddAll() || !log.PrepareRequests(commit))
            return StoreStatus.OutOfMemory;
        return StoreStatus.Ok;
    }

    // One request for the pages from here on that lie together on the device; other operations between them are passed over.
    private bool SubmitRun(StoreCommit* commit, ref CommitOperation* operation, ref int summed)
    {
        ulong start = operation->Block;
        int most = context.Device.MaxBlocksPerRequest < MostPagesPerRequest ? context.Device.MaxBlocksPerRequest : MostPagesPerRequest;
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
        if (commit->LastData == null)
            commit->FirstData = request;
        else
            commit->LastData->Next = request;
        commit->LastData = request;
        context.Statistics.DataPagesWritten += (ulong)count;
        context.Device.Submit(&request->Request);
        return true;
    }

    // Others may run between the steps of a long commit; its turn keeps its place in the order.
    private void YieldInBatch()
    {
        context.Device.EndBatch();
        context.Fibers.Yield();
        context.Device.BeginBatch();
    }

    private static bool IsNextOf(CommitOperation* operation, ulong start, int count)
        => operation->Kind != LogEntryKind.Pages || operation->Block == start + (ulong)count;
}
