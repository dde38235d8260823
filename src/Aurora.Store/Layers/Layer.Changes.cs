// Applying commits to a layer. The memory was reserved before, so nothing here fails or blocks: a commit becomes visible as a whole.
using System;
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class Layer
{
    private const int BlocksPerSuperseded = 61;

    /// <summary>Blocks that belonged to this layer's commits and were overwritten within it.</summary>
    public struct SupersededBlocks
    {
        public SupersededBlocks* Next;
        public ulong Count;
        public fixed ulong Blocks[BlocksPerSuperseded];
    }

    private SupersededBlocks* _superseded;
    private LayerObject* _lastInfo;
    private ulong _lastObject;

    public SupersededBlocks* Superseded => _superseded;

    /// <summary>Page elements the layer holds for an object: what a clone of it copies.</summary>
    public ulong PagesOf(ulong objectId)
    {
        LayerNode* header = Find(objectId, 0);
        return header == null ? 0 : header->Info->PageCount;
    }

    /// <summary>What the page changes of an object may cost in nodes: what a clone of it would cost as well.</summary>
    public ulong PageNodesOf(ulong objectId)
    {
        LayerNode* header = Find(objectId, 0);
        return header == null ? 0 : header->Info->Nodes;
    }

    public void PutPage(ulong objectId, ulong page, ulong block, ulong checksum)
    {
        LayerObject* info = GrowingOf(objectId);
        Locate(objectId, page + 1);
        LayerNode* node = NextOf(_path[0], 0);
        if (node == null || node->Object != objectId || node->Key != page + 1)
        {
            CountNodes(info, ChangeCounts.NodesOf(PagesApart(objectId, page), _treeLevels));
            node = InsertAtPath(objectId, page + 1);
            info->PageCount++;
        }
        else
        {
            Supersede(node->Block);
        }
        if (block == 0)
            CountNodes(info, (ulong)_treeLevels);
        node->Block = block;
        node->Checksum = checksum;
    }

    public void PutRecord(ulong objectId, ReadOnlySpan<byte> record) => SetRecord(GrowingOf(objectId), record);

    public void Delete(ulong objectId)
    {
        LayerObject* info = ObjectOf(objectId);
        RemovePages(objectId, info, 0);
        info->Base = LayerBase.None;
        info->RecordState = LayerRecord.Absent;
    }

    public void Truncate(ulong objectId, ulong firstPage)
    {
        LayerObject* info = GrowingOf(objectId);
        RemovePages(objectId, info, firstPage);
        if (firstPage < info->Limit)
            SetLimit(info, firstPage);
    }

    private void SetLimit(LayerObject* info, ulong limit)
    {
        if (info->Limit == ulong.MaxValue && limit != ulong.MaxValue)
            _changes.Truncations++;
        info->Limit = limit;
    }

    private void CountNodes(LayerObject* info, ulong nodes)
    {
        info->Nodes += nodes;
        _changes.PageNodes += nodes;
    }

    /// <summary>Gives <paramref name="target"/> the pages that <paramref name="source"/> has now; its record is not touched.</summary>
    public void Clone(ulong source, ulong target)
    {
        if (source == target)
            return;
        LayerObject* to = GrowingOf(target);
        RemovePages(target, to, 0);

        // Taken now, so that the cut needs no memory: one that ran out of it would run out of it for ever.
        if (to->CloneInline == null)
            to->CloneInline = (MapEntry*)Arena.Allocate(LayerObject.CloneInlineBytes);
        LayerNode* header = Find(source, 0);
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
        for (LayerNode* node = Next(header); node != null && node->Object == source; node = Next(node))
            PutPage(target, node->Key - 1, node->Block, node->Checksum);
    }

    /// <summary>A checkpoint is to be kept: its record goes into the history tree.</summary>
    public void PutHistory(ulong sequence, ReadOnlySpan<byte> record) => SetRecord(InfoOf(LayerNode.HistoryObject, sequence), record);

    /// <summary>As above, with a root whose reference is already counted, instead of that of the cut being made.</summary>
    public void PutHistory(ulong sequence, ReadOnlySpan<byte> record, in NodePointer root)
    {
        LayerObject* info = InfoOf(LayerNode.HistoryObject, sequence);
        SetRecord(info, record);
        info->Base = LayerBase.Clone;
        info->CloneRoot = root;
    }

    /// <summary>What the layer does to a kept checkpoint.</summary>
    public LayerRecord HistoryStateOf(ulong sequence)
    {
        LayerNode* node = Find(LayerNode.HistoryObject, sequence);
        return node == null ? LayerRecord.Same : node->Info->RecordState;
    }

    public void DropHistory(ulong sequence) => InfoOf(LayerNode.HistoryObject, sequence)->RecordState = LayerRecord.Absent;

    // Commits name the pages of an object one after the other: its header is not searched for again. A header is never removed.
    private LayerObject* ObjectOf(ulong objectId)
    {
        if (_lastInfo == null || _lastObject != objectId)
        {
            _lastInfo = InfoOf(objectId, 0);
            _lastObject = objectId;
        }
        return _lastInfo;
    }

    // As above, for a change after which its entry may be longer.
    private LayerObject* GrowingOf(ulong objectId)
    {
        LayerObject* info = ObjectOf(objectId);
        if (!info->Grows)
        {
            info->Grows = true;
            _changes.Growing++;
        }
        return info;
    }

    private LayerObject* InfoOf(ulong objectId, ulong key)
    {
        CreateHead();
        Locate(objectId, key);
        LayerNode* node = NextOf(_path[0], 0);
        if (node != null && node->Object == objectId && node->Key == key)
            return node->Info;
        if (objectId == LayerNode.HistoryObject)
        {
            _changes.HistoryChanges++;
        }
        else
        {
            _changes.Objects++;
            _changes.ObjectNodes += ChangeCounts.NodesOf(ObjectsApart(objectId), _treeLevels);
        }
        node = InsertAtPath(objectId, key);
        LayerObject* info = (LayerObject*)Arena.Allocate(sizeof(LayerObject));
        *info = new LayerObject { Limit = ulong.MaxValue };
        node->Block = (ulong)info;
        return info;
    }

    private void SetRecord(LayerObject* info, ReadOnlySpan<byte> record)
    {
        if (record.Length > info->RecordCapacity)
        {
            // A little room to grow, so that a record that changes its length with every commit does not fill the arena.
            int capacity = Math.Min((record.Length + 71) & ~63, StoreFormat.MaxRecordBytes + 64);
            info->Record = (byte*)Arena.Allocate(capacity);
            info->RecordCapacity = (ushort)capacity;
        }
        _changes.RecordBytes += (ulong)record.Length - info->RecordLength;
        record.CopyTo(new Span<byte>(info->Record, info->RecordCapacity));
        info->RecordLength = (ushort)record.Length;
        info->RecordState = LayerRecord.Present;
    }

    private void RemovePages(ulong objectId, LayerObject* info, ulong firstPage)
    {
        Locate(objectId, firstPage + 1);
        LayerNode* node = NextOf(_path[0], 0);
        while (node != null && node->Object == objectId)
        {
            LayerNode* next = Next(node);
            for (int level = 0; level < (int)node->Height; level++)
                SetNext(_path[level], level, NextOf(node, level));
            Supersede(node->Block);
            info->PageCount--;
            node = next;
        }
        if (info->PageCount > 0)
            return;
        _changes.PageNodes -= info->Nodes;
        info->Nodes = 0;
    }

    private void Supersede(ulong block)
    {
        if (block == 0)
            return;
        if (_superseded == null || _superseded->Count == BlocksPerSuperseded)
        {
            SupersededBlocks* chunk = (SupersededBlocks*)Arena.Allocate(sizeof(SupersededBlocks));
            chunk->Next = _superseded;
            chunk->Count = 0;
            _superseded = chunk;
        }
        _superseded->Blocks[_superseded->Count++] = block;
    }
}
