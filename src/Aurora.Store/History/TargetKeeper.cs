// Giving the target of a rollback a root in the durable history tree, unless it has one: what is found there is found whatever happens.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Keeps a checkpoint that is about to become the present.</summary>
internal sealed unsafe class TargetKeeper(
    StoreContext context,
    PresentState present,
    HistoryState history,
    CutState cuts,
    SpaceState space,
    TreeReader trees,
    SpaceReserve reserve,
    Checkpoints checkpoints,
    CheckpointViews views,
    Cutter cutter,
    int treeLevels)
{
    private const int Attempts = 4;

    /// <summary>
    /// Makes cuts until the target is in the durable history tree. The turn is the caller's, so nobody drops it afterwards. Blocks.
    /// </summary>
    public StoreStatus Keep(ulong sequence)
    {
        history.IsRollbackWanted = true;
        history.RollbackTarget = sequence;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            bool isPending = present.Active.Find(LayerNode.HistoryObject, sequence) != null
                || (present.IsFrozen && present.Frozen.Find(LayerNode.HistoryObject, sequence) != null);
            if (history.Fault.Status != StoreStatus.Ok)
                return history.Fault.Status;
            StoreStatus status = trees.FindKept(context.Super->History, sequence, out _);
            bool isKept = status == StoreStatus.Ok;
            if (isKept && !isPending && (context.Super->RequiredFeatures & StoreFormat.RollbackFeature) != 0)
                return StoreStatus.Ok;
            if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
                return status;
            bool willBeKept = (isKept || isPending) && !checkpoints.IsDropped(sequence);
            status = willBeKept ? cutter.CutNow() : Promote(sequence);
            if (status != StoreStatus.Ok)
                return status;
        }
        return StoreStatus.NotFound;
    }

    // Has the next cut give a recent checkpoint a root of its own, also one that commits have dropped: promoted by the cut that would
    // drop it, it stays. So the layer that is frozen already, which may not be that one, goes first; the open view keeps the checkpoint
    // readable meanwhile.
    private StoreStatus Promote(ulong sequence)
    {
        if (checkpoints.Next(sequence - 1, out CheckpointInfo info) != StoreStatus.Ok || info.Sequence != sequence)
            return StoreStatus.NotFound;
        StoreStatus status = views.Open(sequence, out StoreView? view);
        if (view == null)
            return status;
        while ((present.IsFrozen || cuts.IsCutting) && status == StoreStatus.Ok)
            status = cutter.Cut();
        ulong needed = reserve.ForCuts(null) + view.Layer.Changes.NodesFor(context.Geometry.DataBlocks, treeLevels);
        if (status == StoreStatus.Ok && space.FreeBlocks < needed)
            status = context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, space.FreeBlocks);
        if (status != StoreStatus.Ok)
        {
            view.Close();
            return status;
        }
        history.PromotedInfo = info;
        history.Promoted = view;
        while (history.Promoted != null && status == StoreStatus.Ok)
            status = history.IsLeftByCut ? history.Fault.Status : cutter.Cut();
        history.Promoted = null;
        view.Close();
        return status;
    }
}
