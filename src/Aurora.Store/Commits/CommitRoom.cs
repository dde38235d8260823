// Back-pressure: what a commit waits for in its turn, and when waiting is hopeless. A cut frees log and overlay. Blocks are the matter of
// CommitSpace.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Waits for the room that commits need.</summary>
internal sealed unsafe class CommitRoom(
    StoreContext context,
    PresentState present,
    HistoryState history,
    CommitLog log,
    CommitCost cost,
    LayerBuilder layers,
    SpaceReserve reserve,
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

    /// <summary>
    /// Waits until the record fits into the log and its changes into the active layer, with those of the commits that are joined with it,
    /// and tells whether it had to. Blocks.
    /// </summary>
    public StoreStatus WaitForRoom(StoreCommit* commit, out bool hasWaited)
    {
        hasWaited = false;
        ulong pages = 0;
        for (StoreCommit* each = commit; each != null; each = each->NextJoined)
            pages += (ulong)each->LogPages;
        ulong firstCut = context.Super->Current.Number;
        while (true)
        {
            if (context.PoisonStatus != StoreStatus.Ok)
                return StoreStatus.Poisoned;

            // What a clone copies of its source's changes, and what a deletion removes, is nothing any more once a cut has taken the
            // changes.
            ulong bytes = 0;
            for (StoreCommit* each = commit; each != null; each = each->NextJoined)
                bytes += each->IsApart ? 0 : cost.LayerBytes(each);
            bool isTooLarge = bytes > Budget.Bytes;
            if (pages > log.Window || (isTooLarge && present.Active.IsEmpty))
                return context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, pages);
            if (log.IsWindowFull(pages))
            {
                hasWaited = true;
                StoreStatus durable = log.WaitForFirst();
                if (durable != StoreStatus.Ok)
                    return durable;
                continue;
            }
            bool isReady = !present.IsFreezeRequired && log.HasRoom(pages) && !isTooLarge;
            if (isReady && (commit->IsApart ? layers.HasRoom() : present.Active.Arena.Reserve(bytes)))
                return StoreStatus.Ok;
            if (context.Super->Current.Number >= firstCut + CutsToTry)
                return StoreStatus.OutOfMemory;
            hasWaited = true;
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
