// What a cut must know before it changes anything: the records and roots of the volumes in the frozen set, what is kept and dropped of
// their histories, and who refers to what each layer makes. It may fail for want of memory and be tried again: it does the same then.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Prepares the frozen set for being merged.</summary>
internal sealed unsafe class CutPreparation(
    StoreContext context,
    PresentState present,
    HistoryState history,
    VolumeTable volumes,
    HistoryReader records,
    Retention retention,
    VolumeReclaimer reclaimer,
    StoreView[] views)
{
    /// <summary>Prepares the cut. Ok, OutOfMemory, or why the trees cannot be read. Blocks.</summary>
    public StoreStatus Run()
    {
        LayerSet set = present.Frozen;
        NodePointer table = context.Super->Current.Volumes;
        if (!set.Arena.Reserve(Layer.FixedBytes))
            return StoreStatus.OutOfMemory;
        history.IsPromotionDue = history.Promoted != null && history.Promoted.Sequence <= present.FrozenEnd.Sequence;
        if (history.IsPromotionDue)
            set.ChangesOf(history.PromotedVolume.Value);
        StoreStatus status = ReadRecords(set, table);
        if (status == StoreStatus.Ok)
        {
            retention.Apply();
            status = records.LookBeforeCut();
        }
        if (status == StoreStatus.Ok)
            status = reclaimer.Choose(set, table);
        if (status == StoreStatus.Ok)
            status = FindStarts(set, table);

        // The promotion notes its checkpoint in the set.
        if (status == StoreStatus.Ok && !set.Arena.Reserve(Layer.FixedBytes))
            status = StoreStatus.OutOfMemory;
        if (status == StoreStatus.Ok)
        {
            PinDropped(set);
            CountUsers(set);
        }
        return status;
    }

    // What is dropped from here on may be read by views that had it by its own references.
    private void PinDropped(LayerSet set)
    {
        foreach (StoreView view in views)
        {
            if (view.IsOpen && !view.IsPinned && set.Drops(view.Volume.Value, view.Sequence))
                view.Pin(context.Super->Current.Number);
        }
    }

    private StoreStatus ReadRecords(LayerSet set, in NodePointer table)
    {
        for (LayerNode* node = set.FirstVolume; node != null; node = Layer.Next(node))
        {
            var changes = (VolumeChanges*)node->Info;
            if (changes->IsNew || changes->Volume >= VolumeRecord.DroppedBit)
                continue;
            StoreStatus status = volumes.Find(table, changes->Volume, out VolumeRecord record, out changes->OldRoot);
            if (status != StoreStatus.Ok)
                return Missing(status, changes->Volume);
            if (changes->HasAttributes)
                record.TakeAttributes(changes->Record);
            changes->Record = record;
            changes->IsInTable = true;
            context.Fibers.Yield();
        }
        return StoreStatus.Ok;
    }

    // The state that each lowest layer starts from.
    private StoreStatus FindStarts(LayerSet set, in NodePointer table)
    {
        for (Layer* layer = set.First; layer != null; layer = layer->NextInSet)
        {
            if (layer->Below == StateBelow.Layer)
                continue;
            var state = new TreeState(layer->Below, layer->BelowVolume, layer->BelowSequence);
            StoreStatus status = volumes.RootOf(table, state, out layer->Start);
            if (status != StoreStatus.Ok)
                return Missing(status, layer->BelowVolume);
        }
        return StoreStatus.Ok;
    }

    private StoreStatus Missing(StoreStatus status, ulong volume)
        => status == StoreStatus.NotFound ? context.Refuse(StoreStatus.Corrupt, FaultPlace.VolumeTable, 0, 0, volume) : status;

    private static void CountUsers(LayerSet set)
    {
        for (LayerNode* node = set.FirstVolume; node != null; node = Layer.Next(node))
            ((VolumeChanges*)node->Info)->RootUsers = 0;
        for (Layer* layer = set.First; layer != null; layer = layer->NextInSet)
        {
            layer->Users = layer->IsKept ? 1u : 0u;
            if (layer->Below == StateBelow.Layer)
                layer->BelowLayer->Users++;
            VolumeChanges* below = layer->Below == StateBelow.Volume ? set.Find(layer->BelowVolume) : null;
            if (below != null)
                below->RootUsers++;
        }
        for (LayerNode* node = set.FirstVolume; node != null; node = Layer.Next(node))
        {
            var changes = (VolumeChanges*)node->Info;
            changes->IsRootTaken = changes->GivesRootUp && changes->RootUsers > 0;
            if (changes->Top != null)
                changes->Top->Users++;
        }
    }
}
