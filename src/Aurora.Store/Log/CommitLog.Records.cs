using Aurora.Base;

namespace Aurora.Store;

/// <summary>Completing a commit's record and the requests that write it.</summary>
internal sealed unsafe partial class CommitLog
{
    /// <summary>Prepares the device requests of the record, whose pages are built. False when there is no memory.</summary>
    public bool PrepareRequests(StoreCommit* commit)
    {
        // The record may straddle the end of the ring once, wherever it lands: room for one more request than it needs otherwise.
        int most = context.Device.MaxBlocksPerRequest < 64 ? context.Device.MaxBlocksPerRequest : 64;
        int requests = ((commit->LogPages + most - 1) / most) + 1;
        for (int i = 0; i < requests; i++)
        {
            var request = (CommitRequest*)pool.Allocate(commit, sizeof(CommitRequest) + (most * sizeof(void*)));
            if (request == null)
                return false;
            *request = default;
            request->Request.Pages = (void**)(request + 1);
            if (commit->LastLog == null)
                commit->FirstLog = request;
            else
                commit->LastLog->Next = request;
            commit->LastLog = request;
        }
        return true;
    }

    private void Seal(StoreCommit* commit)
    {
        ulong watermark = state.DurableSequence;
        if (context.Has(SeededFaults.WatermarkOffByOne))
            watermark = commit->Sequence;
        uint part = 0;
        for (LogPage* page = commit->FirstLogPage; page != null; page = page->Next)
        {
            LogBlockHeader* header = (LogBlockHeader*)page->Data;
            header->Magic = StoreFormat.LogMagic;
            header->Version = (ushort)StoreFormat.Version;
            header->Flags = FlagsOf(commit);
            header->UuidLow = context.Super->UuidLow;
            header->UuidHigh = context.Super->UuidHigh;
            header->Generation = state.Generation;
            header->Sequence = commit->Sequence;
            header->Position = state.Position;
            header->Chain = state.Chain;
            header->Watermark = watermark;
            header->Part = part++;
            header->Parts = (uint)commit->LogPages;
            header->DataBlocks = commit->DataPages;
            header->Volume = commit->Volume;
            header->Checksum = BlockChecksum.OfLogBlock(context.HashSeed, state.Position, page->Data);
            state.Chain = header->Checksum;
            state.Position++;
        }
        state.EndsWithWatermark = commit->IsWatermark;
    }

    private static LogFlags FlagsOf(StoreCommit* commit)
        => (commit->IsOrdered ? LogFlags.Ordered : 0) | (commit->IsWatermark ? LogFlags.Watermark : 0)
            | (commit->NextJoined != null ? LogFlags.Joined : 0);

    private void AssignRequests(StoreCommit* commit)
    {
        int most = context.Device.MaxBlocksPerRequest < 64 ? context.Device.MaxBlocksPerRequest : 64;
        CommitRequest* request = commit->FirstLog;
        ulong position = commit->LogPosition;
        for (LogPage* page = commit->FirstLogPage; page != null; page = page->Next)
        {
            ulong block = context.LogBlockAt(position++);
            BlockRequest* target = &request->Request;
            if (target->BlockCount == most || (target->BlockCount > 0 && block != target->Start.Value + (ulong)target->BlockCount))
            {
                request = request->Next;
                target = &request->Request;
            }
            if (target->BlockCount == 0)
            {
                target->Operation = BlockOperation.Write;
                target->Start = new BlockNumber(block);
            }
            target->Pages[target->BlockCount++] = page->Data;
        }
    }
}
