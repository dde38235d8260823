// Looking objects up in given layers and the trees below them: those of the present, of a view, of a check. Layers are asked first, in one
// stretch, then the trees, which may wait. A walk may meet nodes that were freed meanwhile: who reads the present repeats it then.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads objects from a root and layers over it.</summary>
internal sealed unsafe class ObjectReader(StoreContext context, TreeReader trees, VolumeTable volumes)
{
    /// <summary>Where a page is; Hole when it is not there, NotFound when the volume is not. Blocks.</summary>
    public StoreStatus FindPage(LayerPath path, in NodePointer table, ulong id, ulong page, out MapEntry entry)
    {
        for (; path.Layer != null; path.Descend())
        {
            LayerAnswer answer = path.Layer->FindPage(ref id, page, out entry);
            if (answer != LayerAnswer.Below)
                return answer == LayerAnswer.Found ? StoreStatus.Ok : StoreStatus.Hole;
        }
        entry = default;
        StoreStatus status = BottomOf(path, table, out NodePointer root);
        return status == StoreStatus.Ok ? FindPageInTree(root, id, page, out entry) : status;
    }

    /// <summary>Copies a record; NotFound when the object has none. Blocks.</summary>
    public StoreStatus FindRecord(LayerPath path, in NodePointer table, ulong id, Span<byte> destination, out int length)
    {
        StoreStatus status = RecordInLayers(path, id, destination, out length);
        if (status != StoreStatus.Pending)
            return status;
        status = BottomOf(path, table, out NodePointer root);
        return status == StoreStatus.Ok ? RecordInTree(TreeKind.Objects, root, id, destination, out length) : status;
    }

    /// <summary>Copies a record; Pending when the layers do not decide.</summary>
    public static StoreStatus RecordInLayers(LayerPath path, ulong id, Span<byte> destination, out int length)
    {
        length = 0;
        for (; path.Layer != null; path.Descend())
        {
            LayerNode* node = path.Layer->Find(id, 0);
            if (node == null || node->Info->RecordState == LayerRecord.Same)
                continue;
            return node->Info->RecordState == LayerRecord.Absent
                ? StoreStatus.NotFound
                : CopyRecord(node->Info->Record, node->Info->RecordLength, destination, out length);
        }
        return StoreStatus.Pending;
    }

    /// <summary>The object tree at the end of a path. Blocks.</summary>
    public StoreStatus BottomOf(LayerPath path, in NodePointer table, out NodePointer root)
    {
        root = default;
        while (path.Layer != null)
            path.Descend();
        return path.IsMissing ? StoreStatus.NotFound : volumes.RootOf(table, path.Bottom, out root);
    }

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

    /// <summary>Copies a record to where it fits; the length is given in any case.</summary>
    public static StoreStatus CopyRecord(byte* record, int recordLength, Span<byte> destination, out int length)
    {
        length = recordLength;
        if (recordLength > destination.Length)
            return StoreStatus.TooLong;
        new ReadOnlySpan<byte>(record, recordLength).CopyTo(destination);
        return StoreStatus.Ok;
    }

    /// <summary>
    /// Moves on to the next greater id that the layers or the tree (<paramref name="inTree"/>) know. Ok when it has a record, Pending when
    /// it has none, NotFound at the end. Blocks.
    /// </summary>
    public StoreStatus IsRecordNext(LayerPath path, in NodePointer objects, ulong inTree, ref ulong at)
    {
        at = NextInLayers(path, at, inTree, out LayerNode* node);
        LayerRecord state = node == null ? LayerRecord.Same : node->Info->RecordState;
        if (at >= StoreFormat.MaxObjectId)
            return StoreStatus.NotFound;
        if (state == LayerRecord.Present)
            return StoreStatus.Ok;
        if (state == LayerRecord.Absent || inTree != at)
            return StoreStatus.Pending;
        StoreStatus status = RecordInTree(TreeKind.Objects, objects, at, default, out _);
        return status switch
        {
            StoreStatus.NotFound => StoreStatus.Pending,
            StoreStatus.TooLong => StoreStatus.Ok,
            _ => status,
        };
    }

    /// <summary>
    /// The next greater id that the layers or the tree (<paramref name="inTree"/>) know, and what decides on its record: null when that is
    /// the tree. Does not wait.
    /// </summary>
    public static ulong NextInLayers(LayerPath path, ulong after, ulong inTree, out LayerNode* decides)
    {
        ulong next = inTree;
        decides = null;
        for (; path.Layer != null; path.Descend())
        {
            LayerNode* node = path.Layer->FindFrom(after + 1, 0);
            if (node == null || node->Object > next)
                continue;
            if (node->Object < next)
                decides = null;
            next = node->Object;
            if (decides == null && node->Key == 0 && node->Info->RecordState != LayerRecord.Same)
                decides = node;
        }
        return next;
    }

    /// <summary>The next greater id in a tree; the largest number at the end. Blocks.</summary>
    public StoreStatus NextObjectInTree(in NodePointer objects, ulong after, out ulong next)
    {
        next = ulong.MaxValue;
        StoreStatus status = trees.PinNextRecord(TreeKind.Objects, objects, after + 1, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        next = entry->Key;
        NodeCache.Unpin(leaf);
        return StoreStatus.Ok;
    }
}
