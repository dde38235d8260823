// Looking objects up in given trees and layers: those of the present, of a view, of a check. A walk may meet nodes that were freed
// meanwhile: who reads the present repeats it then.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads objects from a root and layers over it.</summary>
internal sealed unsafe class ObjectReader(StoreContext context, TreeReader trees)
{
    /// <summary>Where a page is, as the trees say; Hole when it is not there. Blocks.</summary>
    public StoreStatus FindPageInTree(in NodePointer objects, ulong id, ulong page, out MapEntry entry)
    {
        entry = default;
        StoreStatus status = trees.PinRecord(TreeKind.Objects, objects, id, out NodeFrame* leaf, out RecordEntry* record);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Hole : status;
        NodePointer root = record->Root;
        status = root.IsEmpty ? TreeReader.FindIn((MapEntry*)(record + 1), record->InlinePages, page, out entry) : StoreStatus.Ok;
        NodeCache.Unpin(leaf);
        return root.IsEmpty ? status : trees.FindPage(root, page, out entry);
    }

    /// <summary>Reads a page of data and verifies it. Blocks.</summary>
    public StoreStatus ReadData(ulong id, in MapEntry entry, void* destination)
    {
        if (!context.Geometry.IsDataBlock(entry.Block))
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.PageTree, entry.Block, id, entry.Key);
        StoreStatus status = context.ReadBlock(entry.Block, destination);
        context.Statistics.PagesRead++;
        return status == StoreStatus.Ok ? context.VerifyPage(id, entry.Key, entry.Block, entry.Checksum, destination) : status;
    }

    /// <summary>Copies a record; Pending when the layer does not decide.</summary>
    public static StoreStatus RecordInLayer(Layer layer, ulong id, Span<byte> destination, out int length)
    {
        length = 0;
        LayerNode* node = layer.Find(id, 0);
        if (node == null || node->Info->RecordState == LayerRecord.Same)
            return StoreStatus.Pending;
        return node->Info->RecordState == LayerRecord.Absent
            ? StoreStatus.NotFound
            : CopyRecord(node->Info->Record, node->Info->RecordLength, destination, out length);
    }

    /// <summary>Copies a record, as the trees say. Blocks.</summary>
    public StoreStatus RecordInTree(TreeKind kind, in NodePointer root, ulong id, Span<byte> destination, out int length)
    {
        length = 0;
        StoreStatus status = trees.PinRecord(kind, root, id, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status;
        status = (entry->Flags & RecordEntry.HasRecord) == 0
            ? StoreStatus.NotFound
            : CopyRecord((byte*)(entry + 1) + (entry->InlinePages * MapEntry.Bytes), entry->RecordLength, destination, out length);
        NodeCache.Unpin(leaf);
        return status;
    }

    private static StoreStatus CopyRecord(byte* record, int recordLength, Span<byte> destination, out int length)
    {
        length = recordLength;
        if (recordLength > destination.Length)
            return StoreStatus.TooLong;
        new ReadOnlySpan<byte>(record, recordLength).CopyTo(destination);
        return StoreStatus.Ok;
    }

    /// <summary>Moves <paramref name="at"/> to the next greater id that may have a record: layers and tree merged. Blocks.</summary>
    public StoreStatus NextWithRecord(Layer upper, Layer? lower, NodePointer objects, ref ulong at)
    {
        while (true)
        {
            ulong next = NextObjectIn(upper, at);
            if (lower != null)
                next = Math.Min(next, NextObjectIn(lower, at));
            StoreStatus status = NextObjectInTree(objects, at, out ulong inTree);
            if (status != StoreStatus.Ok)
                return status;
            next = Math.Min(next, inTree);
            if (next >= StoreFormat.MaxObjectId)
                return StoreStatus.NotFound;
            at = next;
            LayerRecord state = StateIn(upper, at);
            if (state == LayerRecord.Same && lower != null)
                state = StateIn(lower, at);
            if (state == LayerRecord.Present)
                return StoreStatus.Ok;
            if (state == LayerRecord.Absent || inTree != at)
                continue;
            status = RecordInTree(TreeKind.Objects, objects, at, default, out _);
            if (status != StoreStatus.NotFound)
                return status is StoreStatus.TooLong ? StoreStatus.Ok : status;
        }
    }

    private StoreStatus NextObjectInTree(in NodePointer objects, ulong after, out ulong next)
    {
        next = ulong.MaxValue;
        StoreStatus status = trees.PinNextRecord(TreeKind.Objects, objects, after + 1, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        next = entry->Key;
        NodeCache.Unpin(leaf);
        return StoreStatus.Ok;
    }

    private static ulong NextObjectIn(Layer layer, ulong after)
    {
        LayerNode* node = layer.FindFrom(after + 1, 0);
        return node == null ? ulong.MaxValue : node->Object;
    }

    private static LayerRecord StateIn(Layer layer, ulong id)
    {
        LayerNode* node = layer.Find(id, 0);
        return node == null ? LayerRecord.Same : node->Info->RecordState;
    }
}
