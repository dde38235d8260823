// Giving the target of a rollback or a clone a root in the durable history tree, unless it has one: what is found there is found whatever
// happens.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Keeps a checkpoint that is about to become the present.</summary>
internal sealed unsafe class TargetKeeper(
    StoreContext context,
    CommitLog log,
    HistoryReader records,
    PresentState present,
    HistoryState history,
    SpaceState space,
    CommitClaims claims,
    SpaceReserve reserve,
    Checkpoints checkpoints,
    CheckpointViews views,
    Cutter cutter,
    int treeLevels)
{
    // Two cuts at most, of the frozen set and of the active one; before each somebody may be told that one has ended which was there
    // already, while what it freed was discarded, and once more when maintenance stops. The last wait is looked behind as well.
    private const int Attempts = 8;

    /// <summary>The target has its place in the log, or will not have one.</summary>
    public void Forget() => history.RollbackTarget = 0;

    /// <summary>
    /// Makes cuts until the target is in the durable history tree. The turn is the caller's, so nobody drops it afterwards; who has done
    /// what it is for calls Forget. Blocks.
    /// </summary>
    public StoreStatus Keep(VolumeId volume, ulong sequence)
    {
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        StoreStatus status = log.WaitDurable(log.LastSequence);
        if (status == StoreStatus.Ok)
            status = records.ReadAll(volume);
        if (status == StoreStatus.Ok)
            status = history.FaultOf(volume).Status;
        return status == StoreStatus.Ok ? KeepInTrees(volume, sequence) : status;
    }

    private StoreStatus KeepInTrees(VolumeId volume, ulong sequence)
    {
        history.RollbackTarget = sequence;
        history.RollbackVolume = volume;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            bool isPending = present.HistoryStateOf(volume, sequence) != LayerRecord.Same;
            if (history.FaultOf(volume).Status != StoreStatus.Ok)
                return history.FaultOf(volume).Status;
            StoreStatus status = checkpoints.FindKept(volume, sequence);
            bool isKept = status == StoreStatus.Ok;
            if (isKept && !isPending)
                return StoreStatus.Ok;
            if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
                return status;
            bool willBeKept = (isKept || isPending) && !checkpoints.IsDropped(volume, sequence);
            // What a cut has freed is being discarded for long after it is there.
            status = willBeKept ? cutter.AwaitCut() : Promote(volume, sequence);
            if (status != StoreStatus.Ok)
                return status;
        }
        return StoreStatus.NotFound;
    }

    // Has the next cut give a recent checkpoint a root of its own, also one that commits have dropped: promoted by the cut that would
    // drop it, it stays. So the layer that is frozen already, which may not be that one, goes first; the open view keeps the checkpoint
    // readable meanwhile.
    private StoreStatus Promote(VolumeId volume, ulong sequence)
    {
        if (checkpoints.Next(volume, sequence - 1, out CheckpointInfo info) != StoreStatus.Ok || info.Sequence != sequence)
            return StoreStatus.NotFound;
        StoreStatus status = views.Open(volume, sequence, out StoreView? view);
        if (view == null)
            return status;
        while (present.IsFrozen && status == StoreStatus.Ok)
            status = cutter.AwaitCut();
        ulong nodes = view.Layers.Changes.NodesFor(context.Geometry.DataBlocks, treeLevels);
        ulong own = (2 * reserve.ForDrop) + nodes;
        if (status == StoreStatus.Ok && space.FreeBlocks < reserve.Promised + own)
            status = context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, space.FreeBlocks);
        if (status != StoreStatus.Ok)
        {
            view.Close();
            return status;
        }
        // Commits are prepared meanwhile: they must not be promised what the promotion needs.
        claims.Blocks += own;
        history.PromotedInfo = info;
        history.PromotedVolume = volume;
        history.Promoted = view;
        history.PromotedCut = 0;
        while ((history.Promoted != null || history.PromotedCut > context.Super->Current.Number) && status == StoreStatus.Ok)
            status = history.FaultOf(volume).Status == StoreStatus.Ok ? cutter.AwaitCut() : history.FaultOf(volume).Status;
        // A cut that goes on after a failure may still be reading the view.
        if (status != StoreStatus.Ok)
            cutter.AwaitEnd();
        history.Promoted = null;
        claims.Blocks -= own;
        view.Close();
        return status;
    }
}
