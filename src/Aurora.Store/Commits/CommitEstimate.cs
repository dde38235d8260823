// What one commit needs at most, looked at closely. The counts that every commit keeps cost next to nothing, but take every tree for as
// high as the device allows, and depend on the order of the operations. When they say that a disk is too full, and nothing but the
// commit is left to be cut, the commit is applied to a layer of its own and every object it names is looked up: a tree has no more
// nodes than its entries fill halfway.
//
// Others commit and make cuts while leaves are read: a walk that a cut has passed may have met blocks that were reused, and counted trees
// that are no more. It says nothing, whatever it found.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Looks closely at a commit that the disk may be too full for.</summary>
internal sealed unsafe class CommitEstimate(
    StoreContext context,
    PresentState present,
    SpaceState space,
    TreeReader trees,
    VolumeTable volumes,
    CommitClaims claims,
    CommitCost cost,
    SpaceReserve reserve,
    LayerSet estimate,
    int treeLevels)
{
    private const int OperationsPerLook = 64;

    /// <summary>
    /// Ok when there is room for a commit and the cut that follows it; NoSpace, or why that cannot be told; Pending when there was a cut
    /// meanwhile: then it is to be looked at again, or there is room without that. Blocks.
    /// </summary>
    public StoreStatus LookClosely(StoreCommit* commit)
    {
        // Pages alone may be too many.
        if (space.FreeBlocks < claims.BlocksWith(commit) + reserve.EmergencyFor(commit))
            return StoreStatus.NoSpace;
        ulong cut = context.Super->Current.Number;
        bool hasMemory = ArenaSteps.Reserve(estimate.Arena, cost.LayerBytes(commit), context.Fibers);
        StoreStatus status = hasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        if (status == StoreStatus.Ok)
        {
            ApplyToEstimate(commit);
            StateBelow below = commit->MakesVolume ? StateBelow.Nothing : StateBelow.Volume;
            status = volumes.RootOf(present.Table, new TreeState(below, commit->Volume, 0), out NodePointer objects);
            ChangeCounts changes = default;
            if (status == StoreStatus.Ok)
                status = CountNodes(estimate.TopFor(commit->Volume), objects, out changes);
            changes.HistoryChanges += commit->Changes.HistoryChanges;
            changes.Add(claims.ChangesOfOthers(commit));
            ulong nodes = changes.NodesFor(context.Super->NodeBlocks, treeLevels) + (2 * reserve.History);
            if (status == StoreStatus.Ok && space.FreeBlocks < claims.BlocksWith(commit) + reserve.EmergencyFor(commit) + nodes)
                status = StoreStatus.NoSpace;
        }
        estimate.Clear();
        return cut == context.Super->Current.Number ? status : StoreStatus.Pending;
    }

    // Pages have no blocks yet; block 0 would be a hole.
    private void ApplyToEstimate(StoreCommit* commit)
    {
        int done = 0;
        Layer* layer = estimate.TopFor(commit->Volume);
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            if (operation->Kind is LogEntryKind.DropCheckpoint or >= LogEntryKind.Rollback)
                continue;
            var payload = new ReadOnlySpan<byte>(operation + 1, operation->Length);
            LayerChange.Apply(estimate, layer, operation->Kind, operation->Object, operation->Page, 1, 0, payload);
            if (++done % OperationsPerLook == 0)
                context.Fibers.GiveWay();
        }
    }

    // The counts of the layer of its own, with what its objects' trees really are.
    private StoreStatus CountNodes(Layer* layer, in NodePointer objects, out ChangeCounts changes)
    {
        changes = estimate.Changes;
        changes.PageNodes = 0;
        changes.Truncations = 0;
        StoreStatus status = CountLeaves(layer, objects, out changes.Objects);
        if (status != StoreStatus.Ok)
            return status;
        for (LayerNode* node = layer->First; node != null; node = Layer.Next(node))
        {
            if (node->Key != 0 || (node->Info->PageCount == 0 && node->Info->Limit == ulong.MaxValue))
                continue;
            status = CountEntries(node, objects, out ulong entries);
            if (status != StoreStatus.Ok)
                return status;
            changes.PageNodes += NodesOfObject(node, entries);
        }
        return StoreStatus.Ok;
    }

    // The leaves of the object tree that change: of many objects several are in one.
    private StoreStatus CountLeaves(Layer* layer, in NodePointer objects, out ulong leaves)
    {
        leaves = 0;
        ulong last = ulong.MaxValue;
        for (LayerNode* node = layer->First; node != null; node = Layer.Next(node))
        {
            if (node->Key != 0)
                continue;
            StoreStatus status = trees.PinLeaf(TreeKind.Objects, objects, node->Object, out NodeFrame* leaf);
            if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
                return status;

            // What comes before the first leaf goes into it.
            ulong block = status == StoreStatus.Ok ? leaf->Block : 0;
            if (status == StoreStatus.Ok)
                NodeCache.Unpin(leaf);
            leaves += block != last ? 1u : 0u;
            last = block;
        }
        return StoreStatus.Ok;
    }

    // The most entries the pages of an object can have below the layer.
    private StoreStatus CountEntries(LayerNode* node, in NodePointer objects, out ulong entries)
    {
        entries = 0;
        LayerObject* info = node->Info;
        if (info->Base == LayerBase.None)
            return StoreStatus.Ok;
        ulong id = info->Base == LayerBase.Clone ? info->BaseObject : node->Object;
        StoreStatus status = trees.PinRecord(TreeKind.Objects, objects, id, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        entries = entry->InlinePages;
        if (!entry->Root.IsEmpty)
        {
            entries = MapEntry.PerNode;
            for (int level = 0; level < entry->RootLevel; level++)
                entries *= MapEntry.PerNode;
        }
        NodeCache.Unpin(leaf);
        ulong blocks = context.Geometry.DataBlocks;
        entries = entries < blocks ? entries : blocks;
        return StoreStatus.Ok;
    }

    private static ulong NodesOfObject(LayerNode* header, ulong entries)
    {
        entries += header->Info->PageCount;
        int levels = ChangeCounts.LevelsOn(entries);
        ulong touched = header->Info->Limit == ulong.MaxValue ? 0 : (ulong)levels;
        ulong previous = ulong.MaxValue;
        for (LayerNode* page = Layer.Next(header); page != null && page->Object == header->Object; page = Layer.Next(page))
        {
            touched += ChangeCounts.NodesOf(previous == ulong.MaxValue ? ulong.MaxValue : (page->Key - 1) ^ previous, levels);
            touched += page->Block == 0 ? (ulong)levels : 0;
            previous = page->Key - 1;
        }
        ulong all = ChangeCounts.MostNodes(entries);
        return touched < all ? touched : all;
    }
}
