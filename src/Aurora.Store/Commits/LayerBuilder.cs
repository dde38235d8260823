// The changes of a commit of many operations, made before its turn in a layer of their own, bit by bit: nobody sees it yet, and what is
// below it plays no part in how it is built. In the turn it is put on top of its volume in one step, whatever its size. It lives in the
// arena of a set of its own, which is handed over with it; so a cut that begins meanwhile has nothing to do with it. One commit builds at
// a time: small ones change the layer that is there and never wait for this.
//
// Each such layer is one more on top of its volume. A volume with several of them already, whose cut is late, gets no more: the commit is
// applied to the one that is there, in one stretch. So large commits never make a set so deep that all others must wait for a cut.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Builds the layers of large commits.</summary>
internal sealed unsafe class LayerBuilder(
    StoreContext context, PresentState present, CommitClaims claims, CommitCost cost, LayerSet building)
{
    private const int OperationsPerLook = 64;

    /// <summary>
    /// The commit is so large that it should be built apart, and changes nothing but objects. With fewer operations it keeps nobody waiting
    /// for long; each layer makes lookups slower until the next cut.
    /// </summary>
    public static bool IsForApart(StoreContext context, StoreCommit* commit)
        => commit->Operations >= context.Options.FewestApart && commit->Changes.HistoryChanges == 0;

    /// <summary>
    /// Builds the layer; without memory for it, or when its volume has many layers, the commit is applied as others are. Blocks.
    /// </summary>
    public void Build(StoreCommit* commit)
    {
        while (claims.IsBuilding)
            context.Fibers.Block(&context.Queues->Claims);
        if (present.Active.DepthOf(commit->Volume) >= LayerSet.HalfDepth)
            return;
        claims.IsBuilding = true;
        commit->IsApart = ArenaSteps.Reserve(building.Arena, cost.LayerBytes(commit), context.Fibers);
        if (commit->IsApart)
            Apply(commit);
        else
            EndBuilding();
    }

    private void Apply(StoreCommit* commit)
    {
        int done = 0;
        Layer* layer = building.TopFor(commit->Volume);
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            LayerChange.Apply(
                building, layer, operation->Kind, operation->Object, operation->Page, operation->Block, operation->Checksum,
                new ReadOnlySpan<byte>(operation + 1, operation->Length));
            if (++done % OperationsPerLook == 0)
                context.Fibers.GiveWay();
        }
    }

    /// <summary>In the turn: whether the active set has room for the layer. An empty one takes any.</summary>
    public bool HasRoom()
        => present.Active.Arena.Reserve(Layer.FixedBytes) && (present.Active.IsEmpty || present.Active.Arena.CanAdopt(building.Arena));

    /// <summary>The layer becomes the volume's newest.</summary>
    public void Adopt(StoreCommit* commit)
    {
        present.Active.Adopt(building, commit->Volume);
        GiveUp(commit);
    }

    /// <summary>The layer is not wanted any more.</summary>
    public void GiveUp(StoreCommit* commit)
    {
        if (!commit->IsApart)
            return;
        commit->IsApart = false;
        EndBuilding();
    }

    private void EndBuilding()
    {
        building.Clear();
        claims.IsBuilding = false;
        context.Fibers.WakeAll(&context.Queues->Claims);
    }
}
