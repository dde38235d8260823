// Back-pressure: what a commit waits for, and when waiting is hopeless. A cut frees log, overlay and blocks, the latter two cuts later, because
// the superblock before the last one, and the recent history, still need them.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const ulong MinimumReserveBlocks = 32;
    private const ulong MinimumCutBlocks = 8;
    private const ulong MaximumEmergencyBlocks = 4096;

    // Blocks only deletions (and the cuts they need) may use.
    private ulong EmergencyBlocks
    {
        get
        {
            ulong share = _context.Geometry.DataBlocks / 64;
            return share < MinimumReserveBlocks ? MinimumReserveBlocks : share > MaximumEmergencyBlocks ? MaximumEmergencyBlocks : share;
        }
    }

    // What the next cuts may need for tree nodes: four for every change, but hardly more than there are in all.
    private ulong CutReserve(StoreCommit* commit)
    {
        ulong changes = _active.PageCount + _active.ObjectCount + _frozen.PageCount + _frozen.ObjectCount + commit->Operations + 4;
        ulong paths = changes * 4;
        ulong nodes = _context.Super->NodeBlocks;
        return (paths < nodes ? paths : nodes) + (changes / 40) + MinimumCutBlocks;
    }

    private bool HasSpace(StoreCommit* commit)
    {
        ulong emergency = commit->DataPages > 0 ? EmergencyBlocks : 0;
        return _space.FreeBlocks >= commit->DataPages + CutReserve(commit) + emergency;
    }

    /// <summary>Waits until there are free blocks for the commit's pages; NoSpace when cuts do not help.</summary>
    private StoreStatus WaitForSpace(StoreCommit* commit)
    {
        ulong firstCut = _context.Super->Current.Number;
        while (!HasSpace(commit))
        {
            bool isHopeless = _space.PendingFreeBlocks == 0 && _active.IsEmpty && !IsFrozen;
            if (_context.Super->Current.Number >= firstCut + CutsToTry || isHopeless)
                return _context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, _space.FreeBlocks);
            StoreStatus status = MakeRoom();
            if (status != StoreStatus.Ok)
                return status;
        }
        return StoreStatus.Ok;
    }

    /// <summary>Waits until the record fits into the log and its changes into the active layer.</summary>
    private StoreStatus WaitForRoom(StoreCommit* commit)
    {
        ulong pages = (ulong)commit->LogPages;
        if (pages > _log.Window)
            return _context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, pages);
        ulong firstCut = _context.Super->Current.Number;
        while (true)
        {
            if (_context.PoisonStatus != StoreStatus.Ok)
                return StoreStatus.Poisoned;
            if (_log.IsWindowFull(pages))
            {
                StoreStatus durable = _log.WaitDurable(_log.FirstInFlight->Sequence);
                if (durable != StoreStatus.Ok)
                    return durable;
                continue;
            }
            bool hasLog = _log.HasRoom(pages);
            if (!_isFreezeRequired && hasLog && _active.Arena.Reserve(LayerBytes(commit)))
                return StoreStatus.Ok;
            if (_context.Super->Current.Number >= firstCut + CutsToTry)
            {
                bool isMemory = hasLog && _active.Arena.BytesHeld + LayerBytes(commit) < _options.OverlayBytes;
                return isMemory ? StoreStatus.OutOfMemory : _context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, pages);
            }
            StoreStatus status = MakeRoom();
            if (status != StoreStatus.Ok)
                return status;
        }
    }

    // What applying the commit takes of the arena: clones copy the page elements their source has by then, earlier operations included.
    private ulong LayerBytes(StoreCommit* commit)
    {
        ulong bytes = commit->LayerBytes;
        for (CommitOperation* clone = commit->FirstOperation; clone != null; clone = clone->Next)
        {
            if (clone->Kind != LogEntryKind.Clone)
                continue;
            // A clone keeps its own count in Checksum, which it has no other use for.
            ulong copies = _active.PagesOf(clone->Page);
            for (CommitOperation* earlier = commit->FirstOperation; earlier != clone; earlier = earlier->Next)
            {
                if (earlier->Object == clone->Page)
                    copies += earlier->Kind == LogEntryKind.Clone ? earlier->Checksum : 1;
            }
            clone->Checksum = copies;
            bytes += copies * Layer.BytesPerPage;
        }
        return bytes;
    }

    // Waits for one step of a cut; the caller looks again.
    private StoreStatus MakeRoom()
    {
        _context.Statistics.Stalls++;
        if (!_options.BackgroundMaintenance)
            return Cut();
        _isCutDue = true;
        _context.Fibers.WakeAll(&_queues->Work);
        _context.Fibers.Block(&_queues->Room);
        return _context.PoisonStatus == StoreStatus.Ok ? StoreStatus.Ok : StoreStatus.Poisoned;
    }
}
