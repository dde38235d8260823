// Back-pressure: what a commit waits for, and when waiting is hopeless. A cut frees log, overlay and blocks, the latter two cuts later,
// because the superblock before the last one, and the recent history, still need them.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Waits for the room that commits need.</summary>
internal sealed unsafe class CommitRoom(
    StoreContext context,
    PresentState present,
    HistoryState history,
    SpaceState space,
    CommitLog log,
    CommitCost cost,
    SpaceReserve reserve,
    CommitEstimate estimate,
    Retention retention,
    CutSchedule schedule,
    Cutter cutter)
{
    /// <summary>When so many cuts have not helped, nothing does.</summary>
    public const int CutsToTry = 3;

    /// <summary>See <see cref="ObjectStore.CommitBudget"/>.</summary>
    public CommitBudget Budget => new()
    {
        Bytes = context.Options.OverlayBytes - (context.Options.OverlayBytes / 16) - Layer.FixedBytes,
        LogBlocks = log.Window,
        BytesPerPage = (uint)Layer.BytesPerPage,
        BytesPerObject = (uint)Layer.BytesPerObject,
    };

    /// <summary>See <see cref="ObjectStore.AskForRoom"/>.</summary>
    public void AskForRoom(bool ofHistory)
    {
        // What changes may cost until they are in the trees is more than they will: history goes only when a cut alone does not help.
        bool isShort = ofHistory || reserve.IsTight || reserve.ForCuts(null) <= reserve.Emergency + (2 * reserve.History);
        history.IsPressed |= history.AutomaticCount != 0 && isShort;
        schedule.Ask();
    }

    /// <summary>Waits until there are free blocks for the commit's pages; NoSpace when cuts do not help. Blocks.</summary>
    public StoreStatus WaitForSpace(StoreCommit* commit)
    {
        ulong firstCut = context.Super->Current.Number;
        ulong before = ulong.MaxValue;
        while (!reserve.HasSpace(commit))
        {
            if (present.Active.IsEmpty && present.Frozen.IsEmpty)
            {
                StoreStatus close = estimate.LookClosely(commit);
                if (close != StoreStatus.NoSpace)
                    return close;
            }
            // Each cut gives back a part of a dropped volume: so many cuts are no reason to stop.
            if (history.IsReclaiming)
                firstCut = context.Super->Current.Number;
            bool isHopeless = space.PendingFreeBlocks == 0 && present.Active.IsEmpty && present.Frozen.IsEmpty && !history.IsReclaiming;
            if (context.Super->Current.Number >= firstCut + CutsToTry || isHopeless)
            {
                // History gives way before a commit is refused: half of what is left at a time.
                if (retention.HasHistoryToGive())
                {
                    // Without memory the cuts could not drop any of it.
                    if (history.AutomaticCount >= before)
                        return StoreStatus.OutOfMemory;
                    before = history.AutomaticCount;
                    firstCut = context.Super->Current.Number;
                    history.IsPressed = true;
                }
                else
                {
                    return context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, space.FreeBlocks);
                }
            }
            StoreStatus status = MakeRoom();
            if (status != StoreStatus.Ok)
                return status;
        }
        return StoreStatus.Ok;
    }

    /// <summary>Waits until the record fits into the log and its changes into the active layer. Blocks.</summary>
    public StoreStatus WaitForRoom(StoreCommit* commit)
    {
        ulong pages = (ulong)commit->LogPages;
        ulong firstCut = context.Super->Current.Number;
        while (true)
        {
            if (context.PoisonStatus != StoreStatus.Ok)
                return StoreStatus.Poisoned;

            // What a clone copies of its source's changes, and what a deletion removes, is nothing any more once a cut has taken the
            // changes.
            ulong bytes = cost.LayerBytes(commit);
            bool isTooLarge = bytes > Budget.Bytes;
            if (pages > log.Window || (isTooLarge && present.Active.IsEmpty))
                return context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, pages);
            if (log.IsWindowFull(pages))
            {
                StoreStatus durable = log.WaitForFirst();
                if (durable != StoreStatus.Ok)
                    return durable;
                continue;
            }
            bool hasLog = log.HasRoom(pages);
            if (!present.IsFreezeRequired && hasLog && !isTooLarge && present.Active.Arena.Reserve(bytes))
                return StoreStatus.Ok;
            if (context.Super->Current.Number >= firstCut + CutsToTry)
                return StoreStatus.OutOfMemory;
            StoreStatus status = MakeRoom();
            if (status != StoreStatus.Ok)
                return status;
        }
    }

    /// <summary>Waits for one step of a cut; the caller looks again. Blocks.</summary>
    public StoreStatus MakeRoom()
    {
        context.Statistics.Stalls++;
        if (!context.Options.BackgroundMaintenance)
            return cutter.Cut();
        schedule.Ask();
        context.Fibers.Block(&context.Queues->Room);
        return context.PoisonStatus == StoreStatus.Ok ? StoreStatus.Ok : StoreStatus.Poisoned;
    }
}
