// A history that cannot be read, or only in part, is no reason to lose the present. Before a cut changes the history it reads all of it; is
// something damaged, the cut leaves the history as it is: what it refers to keeps its references, so nothing of it is given away, and a
// better disk or tool may still read it. Until an open finds it whole nothing more is kept or dropped, by name or for its age, and there is
// no going back: that would leave a branch that could not be kept.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads the history tree as far as it can be read.</summary>
internal sealed unsafe class HistoryReader(StoreContext context, PresentState present, HistoryState history, VolumeTable volumes,
    TreeReader trees)
{
    /// <summary>Reads all of a volume's. A failure is that of memory; damage is in the state's FaultOf. Blocks.</summary>
    public StoreStatus ReadAll(VolumeId volume)
    {
        if (history.FaultVolume == volume)
            history.Fault = default;
        StoreStatus status = StoreStatus.Ok;
        for (ulong sequence = 0; status == StoreStatus.Ok;)
        {
            status = Next(volume, sequence, out CheckpointInfo info);
            sequence = info.Sequence;
        }
        if (status != StoreStatus.NotFound)
            return status;
        TellDamage(volume);
        return StoreStatus.Ok;
    }

    private void TellDamage(VolumeId volume)
    {
        if (history.FaultOf(volume).Status == StoreStatus.Ok || history.IsDamageTold)
            return;
        history.IsDamageTold = true;
        StoreFault fault = history.Fault;
        KernelLog.Line(StoreMessages.Describe(fault.Status, fault, stackalloc byte[160]));
        KernelLog.Line("store: the history is damaged; the present goes on, and nothing of the history is kept, dropped or gone back to"u8);
    }

    /// <summary>Finds out whether the cut of the frozen set may change the histories. Blocks.</summary>
    public StoreStatus LookBeforeCut()
    {
        StoreStatus status = StoreStatus.Ok;
        for (LayerNode* node = present.Frozen.FirstVolume; node != null && status == StoreStatus.Ok; node = Layer.Next(node))
        {
            var changes = (VolumeChanges*)node->Info;
            var volume = new VolumeId(changes->Volume);
            bool isPromoted = history.Promoted != null && history.PromotedVolume == volume;
            bool isChanged = changes->History != null || isPromoted;
            if (isChanged && !changes->IsNew && !changes->IsDropped)
                status = ReadAll(volume);

            // Of a volume that ends with this set nothing more is kept or dropped.
            changes->IsHistoryLeft = isChanged && (changes->IsDropped || history.FaultOf(volume).Status != StoreStatus.Ok);
            context.Fibers.Yield();
        }
        return status;
    }

    /// <summary>The next entry of a volume's history tree. Nodes that cannot be read are noted and passed over. Blocks.</summary>
    public StoreStatus Next(VolumeId volume, ulong sequence, out CheckpointInfo info)
    {
        info = default;
        for (ulong key = sequence + 1; ;)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = volumes.Find(present.Table, volume.Value, out VolumeRecord record, out _);
            NodeFrame* leaf = null;
            RecordEntry* entry = null;
            ulong nextKey = ulong.MaxValue;
            if (status == StoreStatus.Ok)
                status = trees.PinNextRecord(TreeKind.History, record.History, key, out leaf, out entry, out nextKey);
            if (status == StoreStatus.Ok)
            {
                status = InfoOf(leaf, entry, out info);
                nextKey = entry->Key + 1;
                NodeCache.Unpin(leaf);
            }
            if (status is StoreStatus.Ok or StoreStatus.NotFound or StoreStatus.OutOfMemory)
                return status;

            // A cut may have moved the tree meanwhile.
            if (cut != context.Super->Current.Number)
                continue;
            if (history.FaultOf(volume).Status == StoreStatus.Ok)
            {
                history.Fault = context.Fault;
                history.FaultVolume = volume;
            }
            if (nextKey == ulong.MaxValue || nextKey <= key)
                return StoreStatus.NotFound;
            key = nextKey;
        }
    }

    private StoreStatus InfoOf(NodeFrame* leaf, RecordEntry* entry, out CheckpointInfo info)
    {
        info = default;
        if (entry->RecordLength != HistoryRecord.Size)
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, leaf->Block, 0, entry->Key);
        info = ((HistoryRecord*)(entry + 1))->ToInfo(entry->Key);
        return StoreStatus.Ok;
    }
}
