// A history that cannot be read, or only in part, is no reason to lose the present. Before a cut changes the history it reads all of it; is
// something damaged, the cut leaves the history as it is: what it refers to keeps its references, so nothing of it is given away, and a
// better disk or tool may still read it. Until an open finds it whole nothing more is kept or dropped, by name or for its age, and there is
// no going back: that would leave a branch that could not be kept.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private bool _isDamageTold;

    /// <summary>
    /// What was found damaged in the history; its status is Ok when nothing was. The history then shows what can be read and the recent
    /// commits, names are not kept, and Rollback is refused.
    /// </summary>
    public StoreFault HistoryFault { get; private set; }

    // Reads all of the history tree. A failure is that of memory; damage is in HistoryFault.
    private StoreStatus ReadHistory()
    {
        HistoryFault = default;
        StoreStatus status = StoreStatus.Ok;
        for (ulong sequence = 0; status == StoreStatus.Ok;)
        {
            status = NextInHistory(sequence, out CheckpointInfo info);
            sequence = info.Sequence;
        }
        if (status != StoreStatus.NotFound)
            return status;
        TellDamage();
        return StoreStatus.Ok;
    }

    private void TellDamage()
    {
        if (HistoryFault.Status == StoreStatus.Ok || _isDamageTold)
            return;
        _isDamageTold = true;
        StoreFault fault = HistoryFault;
        KernelLog.Line(StoreMessages.Describe(fault.Status, fault, stackalloc byte[160]));
        KernelLog.Line("store: the history is damaged; the present goes on, and nothing of the history is kept, dropped or gone back to"u8);
    }

    // Whether this cut may change the history.
    private StoreStatus LookAtHistory()
    {
        bool isChanged = _cutter.Promoted != null || _frozen.FindFrom(LayerNode.HistoryObject, 0) != null;
        StoreStatus status = isChanged ? ReadHistory() : StoreStatus.Ok;
        _cutter.LeavesHistory = isChanged && HistoryFault.Status != StoreStatus.Ok;
        return status;
    }

    // The next entry of the history tree. Nodes that cannot be read are noted and passed over.
    private StoreStatus NextInHistory(ulong sequence, out CheckpointInfo info)
    {
        info = default;
        for (ulong key = sequence + 1; ;)
        {
            ulong cut = _context.Super->Current.Number;
            StoreStatus status = _reader.PinNextRecord(
                TreeKind.History, _context.Super->History, key, out NodeFrame* leaf, out RecordEntry* entry, out ulong nextKey);
            if (status == StoreStatus.Ok)
            {
                status = InfoOf(leaf, entry, out info);
                nextKey = entry->Key + 1;
                NodeCache.Unpin(leaf);
            }
            if (status is StoreStatus.Ok or StoreStatus.NotFound or StoreStatus.OutOfMemory)
                return status;

            // A cut may have moved the tree meanwhile.
            if (cut != _context.Super->Current.Number)
                continue;
            if (HistoryFault.Status == StoreStatus.Ok)
                HistoryFault = _context.Fault;
            if (nextKey == ulong.MaxValue || nextKey <= key)
                return StoreStatus.NotFound;
            key = nextKey;
        }
    }

    private StoreStatus InfoOf(NodeFrame* leaf, RecordEntry* entry, out CheckpointInfo info)
    {
        info = default;
        if (entry->RecordLength != HistoryRecord.Size)
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, leaf->Block, 0, entry->Key);
        info = ((HistoryRecord*)(entry + 1))->ToInfo(entry->Key);
        return StoreStatus.Ok;
    }
}
