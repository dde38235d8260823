// What a dropped volume referred to is given back bit by bit: each cut takes one such volume and drops a few of its checkpoints, and, when it
// has none left, its objects. Until then the table holds it under a key with DroppedBit, which nobody can ask for.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Chooses what a cut gives back of dropped volumes.</summary>
internal sealed unsafe class VolumeReclaimer(VolumeTable volumes, TreeReader trees)
{
    /// <summary>Adds to a set which checkpoints of a dropped volume go, or that all of it does. Blocks.</summary>
    public StoreStatus Choose(LayerSet set, in NodePointer table)
    {
        StoreStatus status = volumes.FindFrom(
            table, VolumeRecord.DroppedBit, out ulong volume, out VolumeRecord record, out NodePointer objects);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        if (!set.Arena.Reserve((SpaceReserve.MostDropsPerCut + 1) * Layer.FixedBytes))
            return StoreStatus.OutOfMemory;
        VolumeChanges* changes = set.ChangesOf(volume);
        changes->IsInTable = true;
        changes->OldRoot = objects;
        changes->Record = record;
        changes->IsHistoryLeft = false;
        ulong key = 0;
        int chosen = 0;
        for (; chosen < SpaceReserve.MostDropsPerCut && status == StoreStatus.Ok; chosen++)
        {
            status = trees.PinNextRecord(TreeKind.History, record.History, key, out NodeFrame* leaf, out RecordEntry* entry);
            if (status != StoreStatus.Ok)
                break;
            key = entry->Key + 1;
            ulong sequence = entry->Key;
            NodeCache.Unpin(leaf);
            set.DropHistory(volume, sequence);
        }

        // A history that cannot be read is given up: its blocks stay allocated, and a check reports them.
        bool isDamaged = status is not (StoreStatus.Ok or StoreStatus.NotFound or StoreStatus.OutOfMemory);
        changes->IsHistoryLeft = isDamaged;
        changes->IsDropped = isDamaged || chosen == 0;
        return status == StoreStatus.OutOfMemory ? status : StoreStatus.Ok;
    }
}
