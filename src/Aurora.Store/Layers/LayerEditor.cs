// Applying commits to layers. The memory was reserved before, so nothing here fails or blocks: a commit becomes visible as a whole.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Changes the layers of one set.</summary>
internal sealed unsafe class LayerEditor(LayerMemory memory)
{
    public void PutPage(Layer* layer, ulong objectId, ulong page, ulong block, ulong checksum)
    {
        LayerObject* info = GrowingOf(layer, objectId);
        layer->Locate(objectId, page + 1);
        LayerNode* node = Layer.NextOf(layer->PathAt(0), 0);
        if (node == null || node->Object != objectId || node->Key != page + 1)
        {
            CountNodes(info, ChangeCounts.NodesOf(layer->PagesApart(objectId, page), memory.TreeLevels));
            node = InsertAtPath(layer, objectId, page + 1);
            info->PageCount++;
        }
        else
        {
            Supersede(layer, node->Block);
        }
        if (block == 0)
            CountNodes(info, (ulong)memory.TreeLevels);
        node->Block = block;
        node->Checksum = checksum;
    }

    public void PutRecord(Layer* layer, ulong objectId, ReadOnlySpan<byte> record) => SetRecord(GrowingOf(layer, objectId), record);

    public void Delete(Layer* layer, ulong objectId)
    {
        LayerObject* info = ObjectOf(layer, objectId);
        RemovePages(layer, objectId, info, 0);
        info->Base = LayerBase.None;
        info->RecordState = LayerRecord.Absent;
    }

    public void Truncate(Layer* layer, ulong objectId, ulong firstPage)
    {
        LayerObject* info = GrowingOf(layer, objectId);
        RemovePages(layer, objectId, info, firstPage);
        if (firstPage < info->Limit)
            SetLimit(info, firstPage);
    }

    /// <summary>Gives <paramref name="target"/> the pages that <paramref name="source"/> has now; its record is not touched.</summary>
    public void Clone(Layer* layer, ulong source, ulong target)
    {
        if (source == target)
            return;
        LayerObject* to = GrowingOf(layer, target);
        RemovePages(layer, target, to, 0);

        // Taken now, so that the cut needs no memory: one that ran out of it would run out of it for ever.
        if (to->CloneInline == null)
            to->CloneInline = (MapEntry*)memory.Arena.Allocate(LayerObject.CloneInlineBytes);
        LayerNode* header = layer->Find(source, 0);
        to->Base = LayerBase.Clone;
        to->BaseObject = source;
        to->Limit = ulong.MaxValue;
        if (header == null)
            return;
        LayerObject* from = header->Info;
        SetLimit(to, from->Limit);
        if (from->Base == LayerBase.None)
            to->Base = LayerBase.None;
        else if (from->Base == LayerBase.Clone)
            to->BaseObject = from->BaseObject;
        for (LayerNode* node = Layer.Next(header); node != null && node->Object == source; node = Layer.Next(node))
            PutPage(layer, target, node->Key - 1, node->Block, node->Checksum);
    }

    /// <summary>
    /// The element of a key in a layer of records (kept checkpoints, volumes): its <see cref="LayerObject"/> is the beginning of so many
    /// bytes, which are zero when it was made by this call.
    /// </summary>
    public LayerObject* RecordAt(Layer* layer, ulong kind, ulong key, int bytes, out bool isNew)
    {
        LayerNode* node = Located(layer, kind, key);
        isNew = node == null;
        if (!isNew)
            return node->Info;
        var info = (LayerObject*)memory.Arena.Allocate(bytes);
        StoreContext.Clear(info, bytes);
        info->Limit = ulong.MaxValue;
        InsertAtPath(layer, kind, key)->Block = (ulong)info;
        return info;
    }

    public void SetRecord(LayerObject* info, ReadOnlySpan<byte> record)
    {
        if (record.Length > info->RecordCapacity)
        {
            // A little room to grow, so that a record that changes its length with every commit does not fill the arena.
            int capacity = Math.Min((record.Length + 71) & ~63, StoreFormat.MaxRecordBytes + 64);
            info->Record = (byte*)memory.Arena.Allocate(capacity);
            info->RecordCapacity = (ushort)capacity;
        }
        memory.Changes.RecordBytes += (ulong)record.Length - info->RecordLength;
        record.CopyTo(new Span<byte>(info->Record, info->RecordCapacity));
        info->RecordLength = (ushort)record.Length;
        info->RecordState = LayerRecord.Present;
    }

    private LayerObject* InfoOf(Layer* layer, ulong objectId)
    {
        LayerNode* node = Located(layer, objectId, 0);
        if (node != null)
            return node->Info;
        memory.Changes.Objects++;
        memory.Changes.ObjectNodes += ChangeCounts.NodesOf(layer->ObjectsApart(objectId), memory.TreeLevels);
        node = InsertAtPath(layer, objectId, 0);
        var info = (LayerObject*)memory.Arena.Allocate(sizeof(LayerObject));
        *info = new LayerObject { Limit = ulong.MaxValue };
        node->Block = (ulong)info;
        return info;
    }

    // The element with exactly this key, or null: then the path leads to where it belongs.
    private LayerNode* Located(Layer* layer, ulong objectId, ulong key)
    {
        CreateHead(layer);
        layer->Locate(objectId, key);
        LayerNode* node = Layer.NextOf(layer->PathAt(0), 0);
        return node != null && node->Object == objectId && node->Key == key ? node : null;
    }

    private void SetLimit(LayerObject* info, ulong limit)
    {
        if (info->Limit == ulong.MaxValue && limit != ulong.MaxValue)
            memory.Changes.Truncations++;
        info->Limit = limit;
    }

    private void CountNodes(LayerObject* info, ulong nodes)
    {
        info->Nodes += nodes;
        memory.Changes.PageNodes += nodes;
    }

    // Commits name the pages of an object one after the other: its header is not searched for again. A header is never removed.
    private LayerObject* ObjectOf(Layer* layer, ulong objectId)
    {
        if (layer->LastInfo == null || layer->LastObject != objectId)
        {
            layer->LastInfo = InfoOf(layer, objectId);
            layer->LastObject = objectId;
        }
        return layer->LastInfo;
    }

    // As above, for a change after which its entry may be longer.
    private LayerObject* GrowingOf(Layer* layer, ulong objectId)
    {
        LayerObject* info = ObjectOf(layer, objectId);
        if (!info->Grows)
        {
            info->Grows = true;
            memory.Changes.Growing++;
        }
        return info;
    }

    private void RemovePages(Layer* layer, ulong objectId, LayerObject* info, ulong firstPage)
    {
        layer->Locate(objectId, firstPage + 1);
        LayerNode* node = Layer.NextOf(layer->PathAt(0), 0);
        while (node != null && node->Object == objectId)
        {
            LayerNode* next = Layer.Next(node);
            for (int level = 0; level < (int)node->Height; level++)
                Layer.SetNext(layer->PathAt(level), level, Layer.NextOf(node, level));
            Supersede(layer, node->Block);
            info->PageCount--;
            node = next;
        }
        if (info->PageCount > 0)
            return;
        memory.Changes.PageNodes -= info->Nodes;
        info->Nodes = 0;
    }

    private void Supersede(Layer* layer, ulong block)
    {
        if (block == 0)
            return;
        SupersededBlocks* chunk = layer->Superseded;
        if (chunk == null || chunk->Count == SupersededBlocks.BlocksPerChunk)
        {
            chunk = (SupersededBlocks*)memory.Arena.Allocate(sizeof(SupersededBlocks));
            chunk->Next = layer->Superseded;
            chunk->Count = 0;
            layer->Superseded = chunk;
        }
        chunk->Blocks[chunk->Count++] = block;
    }

    // Inserts after a Locate of the same key that found nothing.
    private LayerNode* InsertAtPath(Layer* layer, ulong objectId, ulong key)
    {
        int height = 1;
        layer->Random ^= layer->Random << 13;
        layer->Random ^= layer->Random >> 7;
        layer->Random ^= layer->Random << 17;
        for (ulong bits = layer->Random; (bits & 3) == 0 && height < Layer.MaxHeight; bits >>= 2)
            height++;
        var node = (LayerNode*)memory.Arena.Allocate(sizeof(LayerNode) + (height * 8));
        *node = new LayerNode { Object = objectId, Key = key, Height = (ulong)height };
        for (int level = 0; level < height; level++)
        {
            Layer.SetNext(node, level, Layer.NextOf(layer->PathAt(level), level));
            Layer.SetNext(layer->PathAt(level), level, node);
        }
        layer->AdvancePathTo(node);
        return node;
    }

    private void CreateHead(Layer* layer)
    {
        if (layer->Head != null)
            return;
        layer->Head = (LayerNode*)memory.Arena.Allocate(sizeof(LayerNode) + (Layer.MaxHeight * 8));
        *layer->Head = new LayerNode { Height = Layer.MaxHeight };
        for (int level = 0; level < Layer.MaxHeight; level++)
            Layer.SetNext(layer->Head, level, null);
        layer->ForgetPath();
    }
}
