// A history that cannot be read, or only in part, is no reason to lose the present. Before a cut changes the history it reads all of it; is
// something damaged, the cut leaves the history as it is: what it refers to keeps its references, so nothing of it is given away, and a
// better disk or tool may still read it. Until an open finds it whole nothing more is kept or dropped, by name or for its age, and there is
// no going back: that would leave a branch that could not be kept.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads the history tree as far as it can be read.</summary>
internal sealed unsafe class HistoryReader(StoreContext context, PresentState present, HistoryState history, TreeReader trees)
{
    /// <summary>Reads all of it. A failure is that of memory; damage is in the state's Fault. Blocks.</summary>
    public StoreStatus ReadAll()
    {
        history.Fault = default;
        StoreStatus status = StoreStatus.Ok;
        for (ulong sequence = 0; status == StoreStatus.Ok;)
        {
            status = Next(sequence, out CheckpointInfo info);
            sequence = info.Sequence;
        }
        if (status != StoreStatus.NotFound)
            return status;
        TellDamage();
        return StoreStatus.Ok;
    }

    private void TellDamage()
    {
        if (history.Fault.Status == StoreStatus.Ok || history.IsDamageTold)
            return;
        history.IsDamageTold = true;
        StoreFault fault = history.Fault;
        KernelLog.Line(StoreMessages.Describe(fault.Status, fault, stackalloc byte[160]));
        KernelLog.Line("store: the history is damaged; the present goes on, and nothing of the history is kept, dropped or gone back to"u8);
    }

    /// <summary>Finds out whether the cut of the frozen layer may change the history. Blocks.</summary>
    public StoreStatus LookBeforeCut()
    {
        bool isChanged = history.Promoted != null || present.Frozen.FindFrom(LayerNode.HistoryObject, 0) != null;
        StoreStatus status = isChanged ? ReadAll() : StoreStatus.Ok;
        history.IsLeftByCut = isChanged && history.Fault.Status != StoreStatus.Ok;
        return status;
    }

    /// <summary>The next entry of the history tree. Nodes that cannot be read are noted and passed over. Blocks.</summary>
    public StoreStatus Next(ulong sequence, out CheckpointInfo info)
    {
        info = default;
        for (ulong key = sequence + 1; ;)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = trees.PinNextRecord(
                TreeKind.History, context.Super->History, key, out NodeFrame* leaf, out RecordEntry* entry, out ulong nextKey);
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
            if (history.Fault.Status == StoreStatus.Ok)
                history.Fault = context.Fault;
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
