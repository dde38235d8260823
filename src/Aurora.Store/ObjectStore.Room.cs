// Back-pressure: what a commit waits for, and when waiting is hopeless. A cut frees log, overlay and blocks, the latter two cuts later, because
// the superblock before the last one, and the recent history, still need them.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const ulong MinimumReserveBlocks = 32;
    private const ulong MaximumEmergencyBlocks = 4096;

    /// <summary>Blocks of data and nodes the device has room for.</summary>
    public ulong TotalBlocks => _context.Geometry.DataBlocks;

    /// <summary>Blocks that can be written now; those of deleted data become free two cuts later.</summary>
    public ulong FreeBlocks => _space.State.FreeBlocks;

    /// <summary>Blocks of what has been deleted, not yet free.</summary>
    public ulong PendingFreeBlocks => _space.State.PendingFreeBlocks;

    /// <summary>Cuts made in the life of the store.</summary>
    public ulong CutNumber => _context.Super->Current.Number;

    /// <summary>
    /// Asks for a cut, which takes in what has been deleted and drops automatic history; true when there was some when it was last looked at.
    /// </summary>
    public bool AskForRoom()
    {
        bool hasHistory = _automaticCount != 0;

        // What changes may cost until they are in the trees is more than they will: history goes only when a cut alone does not help.
        _isHistoryPressed |= hasHistory && (IsTight || CutReserve(null) <= EmergencyBlocks + (2 * HistoryReserve));
        _isCutDue = true;
        _context.Fibers.WakeAll(&_queues->Work);
        return hasHistory;
    }

    /// <summary>Blocks kept for removing things on a full disk: who would write data should refuse when no more than these are free.</summary>
    public ulong ReserveBlocks => EmergencyBlocks + CutReserve(null);

    /// <summary>What one commit may be.</summary>
    public CommitBudget CommitBudget => new()
    {
        Bytes = _options.OverlayBytes - (_options.OverlayBytes / 16) - Layer.FixedBytes,
        LogBlocks = _log.Window,
        BytesPerPage = (uint)Layer.BytesPerPage,
        BytesPerObject = (uint)Layer.BytesPerObject,
    };

    // Blocks only deletions (and the cuts they need) may use.
    private ulong EmergencyBlocks
    {
        get
        {
            ulong share = _context.Geometry.DataBlocks / 64;
            return share < MinimumReserveBlocks ? MinimumReserveBlocks : share > MaximumEmergencyBlocks ? MaximumEmergencyBlocks : share;
        }
    }

    // What the next two cuts may write: the frozen layer, the active one with a commit, and what they change of the history. Every commit that is taken
    // leaves this much free, so no cut can run out of space, also when it is made again after a crash.
    private ulong CutReserve(StoreCommit* commit)
    {
        ulong nodes = _context.Super->NodeBlocks;
        ulong frozen = _frozen.Changes.NodesFor(nodes, _treeLevels);
        ChangeCounts active = _active.Changes;
        if (commit != null)
        {
            active.Add(commit->Changes);
            active.PageNodes += commit->Removes ? NodesOfClones(commit) : 0;
        }
        return frozen + active.NodesFor(nodes + frozen, _treeLevels) + (2 * HistoryReserve);
    }

    // A cut keeps one checkpoint and drops a few, each in a leaf of its own at worst.
    private ulong HistoryReserve => (ulong)((MostDropsPerCut + 3) * (_treeLevels + 1));

    // A clone copies what its source has changed by then, earlier operations included. It keeps its own sum in Block, which it has no other use for.
    private ulong NodesOfClones(StoreCommit* commit)
    {
        ulong sum = 0;
        for (CommitOperation* clone = commit->FirstOperation; clone != null; clone = clone->Next)
        {
            if (clone->Kind != LogEntryKind.Clone)
                continue;
            ulong nodes = _active.PageNodesOf(clone->Page);
            for (CommitOperation* earlier = commit->FirstOperation; clone->IsOfNamed && earlier != clone; earlier = earlier->Next)
            {
                if (earlier->Object == clone->Page)
                    nodes += earlier->Kind == LogEntryKind.Clone ? earlier->Block : earlier->Checksum;
            }
            clone->Block = nodes;
            sum += nodes;
        }
        return sum;
    }

    private bool HasSpace(StoreCommit* commit) => _space.State.FreeBlocks >= commit->DataPages + CutReserve(commit) + EmergencyFor(commit);

    // What removes something may use half of the reserve for the pages that change with it; the rest is left for what only removes.
    private ulong EmergencyFor(StoreCommit* commit)
    {
        if (commit->DataPages == 0)
            return 0;
        return commit->Removes && commit->DataPages <= EmergencyBlocks / 2 ? EmergencyBlocks / 2 : EmergencyBlocks;
    }

    /// <summary>Waits until there are free blocks for the commit's pages; NoSpace when cuts do not help.</summary>
    private StoreStatus WaitForSpace(StoreCommit* commit)
    {
        ulong firstCut = _context.Super->Current.Number;
        ulong history = ulong.MaxValue;
        while (!HasSpace(commit))
        {
            if (_active.IsEmpty && !IsFrozen)
            {
                StoreStatus close = LookClosely(commit);
                if (close != StoreStatus.NoSpace)
                    return close;
            }
            bool isHopeless = _space.State.PendingFreeBlocks == 0 && _active.IsEmpty && !IsFrozen;
            if (_context.Super->Current.Number >= firstCut + CutsToTry || isHopeless)
            {
                // History gives way before a commit is refused: half of what is left at a time.
                if (HasHistoryToGive())
                {
                    // Without memory the cuts could not drop any of it.
                    if (_automaticCount >= history)
                        return StoreStatus.OutOfMemory;
                    history = _automaticCount;
                    firstCut = _context.Super->Current.Number;
                    _isHistoryPressed = true;
                }
                else
                {
                    return _context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, _space.State.FreeBlocks);
                }
            }
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
        ulong firstCut = _context.Super->Current.Number;
        while (true)
        {
            if (_context.PoisonStatus != StoreStatus.Ok)
                return StoreStatus.Poisoned;

            // What a clone copies of its source's changes, and what a deletion removes, is nothing any more once a cut has taken the changes.
            ulong bytes = LayerBytes(commit);
            bool isTooLarge = bytes > CommitBudget.Bytes;
            if (pages > _log.Window || (isTooLarge && _active.IsEmpty))
                return _context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, pages);
            if (_log.IsWindowFull(pages))
            {
                StoreStatus durable = _log.WaitDurable(_log.FirstInFlight->Sequence);
                if (durable != StoreStatus.Ok)
                    return durable;
                continue;
            }
            bool hasLog = _log.HasRoom(pages);
            if (!_isFreezeRequired && hasLog && !isTooLarge && _active.Arena.Reserve(bytes))
                return StoreStatus.Ok;
            if (_context.Super->Current.Number >= firstCut + CutsToTry)
                return StoreStatus.OutOfMemory;
            StoreStatus status = MakeRoom();
            if (status != StoreStatus.Ok)
                return status;
        }
    }

    // What applying the commit takes of the arena: clones copy the page elements their source has by then, earlier operations included;
    // what is removed is noted, to be freed by the cut. A clone's inline entries are in its BytesPerPage and what BytesPerObject is rounded
    // up by.
    private ulong LayerBytes(StoreCommit* commit)
    {
        ulong bytes = commit->LayerBytes;
        if (commit->Removes)
            bytes += commit->Operations * Layer.BytesPerRemovedPage;
        for (CommitOperation* operation = commit->FirstOperation; commit->Removes && operation != null; operation = operation->Next)
        {
            if (operation->Kind is LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone)
                bytes += _active.PagesOf(operation->Object) * Layer.BytesPerRemovedPage;
            if (operation->Kind == LogEntryKind.Clone)
                bytes += CopiesOf(commit, operation) * (Layer.BytesPerPage + Layer.BytesPerRemovedPage);
        }
        return bytes;
    }

    private ulong CopiesOf(StoreCommit* commit, CommitOperation* clone)
    {
        // A clone keeps its own count in Checksum, which it has no other use for.
        ulong copies = _active.PagesOf(clone->Page);
        for (CommitOperation* earlier = commit->FirstOperation; clone->IsOfNamed && earlier != clone; earlier = earlier->Next)
        {
            if (earlier->Object == clone->Page)
                copies += earlier->Kind == LogEntryKind.Clone ? earlier->Checksum : 1;
        }
        clone->Checksum = copies;
        return copies;
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
