// Reading records of a volume in the order of their ids. The leaf that a stretch of ids lies in is found by one way down the tree, which
// may wait; then the leaf and the layers above it are walked side by side, as far as the leaf decides, in one stretch: nothing found there
// may be used after something has waited. When the roots have moved while the leaf was looked for, it is looked for again. Records copied
// before stay: a reader of several gets each as it is at some moment, as if he had asked for one after the other.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Walks the records of the present state.</summary>
internal sealed unsafe class RecordScan(StoreContext context, PresentState present, TreeReader trees, ObjectReader objects)
{
    // A leaf and what it says about the ids before End; and the record that the walk is at.
    private struct Leaf
    {
        public NodeFrame* Frame;
        public RecordEntry* Entry;
        public ulong End;
        public byte* Record;
        public int Length;
    }

    /// <summary>See <see cref="ObjectStore.NextRecord"/>.</summary>
    public StoreStatus Next(VolumeId volume, ref ObjectId id, Span<byte> destination, out int length)
    {
        length = 0;
        ulong at = id.Value;
        StoreStatus status = StoreStatus.Pending;
        while (status == StoreStatus.Pending && at < StoreFormat.MaxObjectId)
        {
            status = Enter(volume, at, out Leaf leaf);
            if (status == StoreStatus.Ok && !TryMove(volume, ref leaf, StoreFormat.MaxObjectId, ref at))
                status = StoreStatus.Pending;
            if (status == StoreStatus.Ok)
                status = ObjectReader.CopyRecord(leaf.Record, leaf.Length, destination, out length);
            Leave(in leaf);
        }
        if (status is StoreStatus.Ok or StoreStatus.TooLong)
            id = new ObjectId(at);
        return status == StoreStatus.Pending ? StoreStatus.NotFound : status;
    }

    /// <summary>See <see cref="ObjectStore.NextRecords"/>.</summary>
    public StoreStatus Next(VolumeId volume, ref ObjectId after, ObjectId last, ref RecordRun run)
    {
        ulong at = after.Value;
        StoreStatus status = StoreStatus.Pending;
        while (status == StoreStatus.Pending && at < last.Value)
        {
            status = Enter(volume, at, out Leaf leaf);
            if (status == StoreStatus.Ok)
                status = CopyAll(volume, ref leaf, last.Value, ref at, ref run);
            Leave(in leaf);
        }
        after = new ObjectId(at);
        return status == StoreStatus.Pending ? StoreStatus.NotFound : status;
    }

    // Pending when the leaf has no more, Ok when the run is full.
    private StoreStatus CopyAll(VolumeId volume, ref Leaf leaf, ulong last, ref ulong at, ref RecordRun run)
    {
        for (ulong before = at; TryMove(volume, ref leaf, last, ref at); before = at)
        {
            if (run.Add(new ObjectId(at), leaf.Record, leaf.Length))
                continue;
            Panic.Unless(run.Count != 0, "store: a run has no room for a record"u8);
            at = before;
            return StoreStatus.Ok;
        }
        return StoreStatus.Pending;
    }

    // Finds the leaf that decides on the ids behind this one; without a leaf there is nothing in the tree before End. Pending when it must
    // be looked for again. Blocks.
    private StoreStatus Enter(VolumeId volume, ulong at, out Leaf leaf)
    {
        leaf = default;
        ulong cut = context.Super->Current.Number;
        TreeState bottom = BottomOf(volume);
        StoreStatus status = objects.BottomOf(present.PathOf(volume), present.Table, out NodePointer root);
        if (status == StoreStatus.Ok)
        {
            status = trees.PinLeafWithin(TreeKind.Objects, root, at + 1, out leaf.Frame, out leaf.End);
            status = status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        }
        if (leaf.Frame != null)
            leaf.Entry = TreeReader.FirstAtOrAfter(leaf.Frame, at + 1);
        return cut != context.Super->Current.Number || BottomOf(volume) != bottom ? StoreStatus.Pending : status;
    }

    private static void Leave(in Leaf leaf)
    {
        if (leaf.Frame != null)
            NodeCache.Unpin(leaf.Frame);
    }

    // Moves on to the next id with a record, at most to the last; false when there is none that the leaf decides on: then the id is that
    // up to which there is none.
    private bool TryMove(VolumeId volume, ref Leaf leaf, ulong last, ref ulong at)
    {
        while (true)
        {
            RecordEntry* entry = leaf.Entry;
            ulong inTree = entry == null ? ulong.MaxValue : entry->Key;
            ulong next = ObjectReader.NextInLayers(present.PathOf(volume), at, inTree, out LayerNode* node);
            if (next >= leaf.End || next > last)
            {
                at = Math.Min(leaf.End - 1, last);
                return false;
            }
            at = next;
            bool isInTree = inTree == next;
            if (isInTree)
                leaf.Entry = TreeReader.NextIn(leaf.Frame, entry);
            if (node != null && node->Info->RecordState == LayerRecord.Present)
            {
                leaf.Record = node->Info->Record;
                leaf.Length = node->Info->RecordLength;
                return true;
            }
            if (node == null && isInTree && (entry->Flags & RecordEntry.HasRecord) != 0)
            {
                leaf.Record = (byte*)(entry + 1) + (entry->InlinePages * MapEntry.Bytes);
                leaf.Length = entry->RecordLength;
                return true;
            }
        }
    }

    private TreeState BottomOf(VolumeId volume)
    {
        LayerPath path = present.PathOf(volume);
        while (path.Layer != null)
            path.Descend();
        return path.Bottom;
    }
}
