// Merges a layer's changes into a record tree: the objects (whose pages are merged on the way), the kept checkpoints, or the volumes. The
// same lazy reference scheme as PageMerger, one level up: a record entry of a shared leaf that is kept adds a reference to its page map.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Merges record changes; used by the fiber that makes the cut.</summary>
internal sealed unsafe class RecordMerger
{
    private readonly StoreContext _context;
    private readonly ReferenceCounts _references;
    private readonly NodeCache _cache;
    private readonly TreeBuilder _builder;
    private readonly PageMerger _pages;
    private readonly TreeKind _kind;
    private readonly RecordMerger? _objects;
    private LayerNode* _change;
    private ulong _cut;

    /// <summary>
    /// For the objects tree; or, given the merger of that, for a history tree or the volume table, whose records hold roots of object
    /// trees.
    /// </summary>
    public RecordMerger(StoreContext context, ReferenceCounts references, NodeCache cache, TreeBuilder builder, PageMerger pages,
        TreeKind kind, RecordMerger? objects)
    {
        _context = context;
        _references = references;
        _cache = cache;
        _builder = builder;
        _pages = pages;
        _kind = kind;
        _objects = objects;
    }

    public ulong NodesFreed { get; private set; }

    public ulong NodesWritten { get; private set; }

    /// <summary>Nodes that had been freed and are referred to again.</summary>
    public ulong NodesRevived { get; private set; }

    /// <summary>Nodes more (or less) since the counters were reset.</summary>
    public long NodeBalance => (long)(NodesWritten + NodesRevived) - (long)NodesFreed;

    public void ResetCounters()
    {
        NodesWritten = 0;
        NodesFreed = 0;
        NodesRevived = 0;
    }

    /// <summary>The old tree with all changes from <paramref name="firstChange"/> on.</summary>
    public StoreStatus Merge(NodePointer old, LayerNode* firstChange, ulong cut, out NodePointer result)
    {
        _builder.Begin(cut);
        _cut = cut;
        _change = firstChange;
        SkipPages();
        if (_change == null)
        {
            result = old;
            return StoreStatus.Ok;
        }
        if (!old.IsEmpty)
            MergeNode(old, false, NodeCache.AnyKey, ulong.MaxValue);
        EmitChangesBefore(ulong.MaxValue);
        result = _builder.Finish();
        NodesWritten += _builder.NodesWritten;
        return _builder.Status;
    }

    /// <summary>A root with references of its own to all that another root refers to.</summary>
    public StoreStatus CopyRoot(NodePointer root, ulong cut, out NodePointer copy)
    {
        _builder.Begin(cut);
        _cut = cut;
        _change = null;
        MergeNode(root, true, NodeCache.AnyKey, ulong.MaxValue);
        copy = _builder.Finish();
        NodesWritten += _builder.NodesWritten;
        return _builder.Status;
    }

    /// <summary>Drops a reference to a tree of this kind, freeing what nobody else refers to.</summary>
    public StoreStatus DropTree(in NodePointer pointer) => DropNode(pointer, NodeCache.AnyKey, ulong.MaxValue);

    // Reads only what becomes free.
    private StoreStatus DropNode(in NodePointer pointer, ulong firstKey, ulong high)
    {
        StoreStatus status = _references.Decrement(pointer.Block, out uint left);
        if (status != StoreStatus.Ok || left > 0)
            return status;
        NodesFreed++;
        status = _cache.PinWithin(_kind, pointer, firstKey, high, out NodeFrame* frame);
        if (status != StoreStatus.Ok)
            return _cache.ForgiveDrop(status);
        if (frame->Header->Level == 0)
            status = DropRecords(frame);
        for (int i = 0; i < frame->Header->Count && frame->Header->Level > 0 && status == StoreStatus.Ok; i++)
            status = DropNode(NodeCache.ChildOf(frame, i), frame->Entries[i].Key, NodeCache.HighOf(frame, i, high));
        NodeCache.Unpin(frame);
        _context.Fibers.Yield();
        return status;
    }

    /// <summary>Adds a reference to an object tree that may have been freed: what the last cuts freed of it is in use again.</summary>
    public StoreStatus ReviveTree(in NodePointer pointer) => ReviveNode(pointer, NodeCache.AnyKey, ulong.MaxValue);

    private StoreStatus ReviveNode(in NodePointer pointer, ulong firstKey, ulong high)
    {
        StoreStatus status = _references.Increment(pointer.Block, out bool wasFreed);
        if (status != StoreStatus.Ok || !wasFreed)
            return status;
        NodesRevived++;
        status = _cache.PinWithin(_kind, pointer, firstKey, high, out NodeFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        byte* at = frame->Payload;
        for (int i = 0; i < frame->Header->Count && status == StoreStatus.Ok; i++)
        {
            if (frame->Header->Level > 0)
            {
                status = ReviveNode(NodeCache.ChildOf(frame, i), frame->Entries[i].Key, NodeCache.HighOf(frame, i, high));
                continue;
            }
            status = _pages.Revive(MapOf((RecordEntry*)at, false));
            at += ((RecordEntry*)at)->TotalBytes;
        }
        NodeCache.Unpin(frame);
        _context.Fibers.Yield();
        return status;
    }

    private StoreStatus DropRecords(NodeFrame* frame)
    {
        StoreStatus status = StoreStatus.Ok;
        byte* at = frame->Payload;
        for (int i = 0; i < frame->Header->Count && status == StoreStatus.Ok; i++)
        {
            status = DropMap((RecordEntry*)at, false);
            at += ((RecordEntry*)at)->TotalBytes;
        }
        return status;
    }

    private StoreStatus DropMap(RecordEntry* entry, bool isShared)
    {
        if (_objects == null)
            return _pages.Drop(MapOf(entry, isShared));
        return isShared || entry->RootBlock == 0 ? StoreStatus.Ok : _objects.DropTree(entry->Root);
    }

    private static PageMap MapOf(RecordEntry* entry, bool isShared) => new()
    {
        Root = entry->Root,
        Inline = (MapEntry*)(entry + 1),
        InlineCount = entry->InlinePages,
        IsShared = isShared,
    };

    private ulong ChangeKey => _kind == TreeKind.Objects ? _change->Object : _change->Key;

    private bool HasChangeBefore(ulong high) => _change != null && ChangeKey < high;

    // Among an object's elements only the head is a change of its record. Others may run between any two: the layer stays (CloneCounter).
    private void SkipPages()
    {
        uint left = _context.Options.ElementsPerLook;
        while (_change != null && _kind == TreeKind.Objects && _change->Key != 0)
        {
            _change = Layer.Next(_change);
            if (--left != 0)
                continue;
            left = _context.Options.ElementsPerLook;
            _context.Fibers.GiveWay();
        }
    }

    private void MergeNode(in NodePointer pointer, bool isInherited, ulong firstKey, ulong high)
    {
        if (_builder.Status != StoreStatus.Ok || !Check(_cache.PinWithin(_kind, pointer, firstKey, high, out NodeFrame* frame)))
            return;
        bool isShared = isInherited;
        if (!isInherited && Check(_references.Decrement(pointer.Block, out uint left)))
        {
            isShared = left > 0;
            NodesFreed += isShared ? 0UL : 1UL;
        }
        NodeHeader* header = frame->Header;
        if (header->Level == 0)
        {
            MergeRecords(frame, isShared);
            EmitChangesBefore(high);
        }
        for (int i = 0; header->Level > 0 && i < header->Count && _builder.Status == StoreStatus.Ok; i++)
        {
            MapEntry child = frame->Entries[i];
            ulong childHigh = NodeCache.HighOf(frame, i, high);
            if (HasChangeBefore(childHigh) || _builder.WouldLeaveSmallNode(header->Level))
            {
                MergeNode(NodeCache.ChildOf(frame, i), isShared, child.Key, childHigh);
                continue;
            }
            if (isShared)
                Check(_references.Increment(child.Block));
            _builder.EmitChild(header->Level, child);
        }
        NodeCache.Unpin(frame);
    }

    private void MergeRecords(NodeFrame* frame, bool isShared)
    {
        byte* at = frame->Payload;
        for (int i = 0; i < frame->Header->Count && _builder.Status == StoreStatus.Ok; i++)
        {
            RecordEntry* entry = (RecordEntry*)at;
            at += entry->TotalBytes;
            EmitChangesBefore(entry->Key);
            if (HasChangeBefore(entry->Key + 1))
            {
                ApplyChange(entry, isShared);
                continue;
            }
            EmitOld(entry, isShared);
        }
    }

    private void EmitOld(RecordEntry* entry, bool isShared)
    {
        if (isShared)
            Check(AddReference(entry));
        _builder.EmitRecord(*entry, (MapEntry*)(entry + 1), RecordOf(entry));
    }

    private StoreStatus AddReference(RecordEntry* entry)
    {
        if (_objects == null)
            return _pages.AddReference(MapOf(entry, true));
        return entry->RootBlock == 0 ? StoreStatus.Ok : _references.Increment(entry->RootBlock);
    }

    private static byte* RecordOf(RecordEntry* entry) => (byte*)(entry + 1) + (entry->InlinePages * MapEntry.Bytes);

    private void EmitChangesBefore(ulong high)
    {
        while (HasChangeBefore(high) && _builder.Status == StoreStatus.Ok)
            ApplyChange(null, false);
    }

    // Emits what the current change makes of the old entry (null when there is none), and moves on.
    private void ApplyChange(RecordEntry* old, bool isShared)
    {
        if (_kind == TreeKind.History)
            ApplyHistory(old, isShared);
        else if (_kind == TreeKind.Volumes)
            ApplyVolume();
        else
            ApplyObject(old, isShared);
        _change = Layer.Next(_change);
        SkipPages();
        _context.Fibers.Yield();
    }

    private static bool IsAutomatic(LayerObject* info)
        => info->RecordState == LayerRecord.Present && (((HistoryRecord*)info->Record)->Flags & HistoryFlags.Automatic) != 0;

    private void ApplyHistory(RecordEntry* old, bool isShared)
    {
        LayerObject* info = _change->Info;
        bool isCounted = info->Base == LayerBase.Clone;
        if (old != null && !isCounted && IsAutomatic(info) && !_context.Has(SeededFaults.ForgottenName))
        {
            // What is kept stays as it is: a name is worth more than the store's own decision.
            EmitOld(old, isShared);
            return;
        }
        if (old != null)
            Check(DropMap(old, isShared));
        if (info->RecordState != LayerRecord.Present)
            return;
        NodePointer root = isCounted ? info->CloneRoot : info->KeptLayer->Result;
        if (!isCounted && !root.IsEmpty)
            Check(_references.Increment(root.Block));
        EmitRoot(info, root);
    }

    // The references to the roots in the table are handed over by the cut: TreeCutter.
    private void ApplyVolume()
    {
        LayerObject* info = _change->Info;
        if (info->RecordState == LayerRecord.Present)
            EmitRoot(info, info->CloneRoot);
    }

    private void EmitRoot(LayerObject* info, in NodePointer root)
    {
        var entry = new RecordEntry
        {
            Key = _change->Key,
            RootBlock = root.Block,
            RootChecksum = root.Checksum,
            RootLevel = root.Level,
            RecordLength = info->RecordLength,
            Flags = RecordEntry.HasRecord,
        };
        _builder.EmitRecord(entry, null, info->Record);
    }

    private void ApplyObject(RecordEntry* old, bool isShared)
    {
        LayerObject* info = _change->Info;
        PageMap oldMap = old == null ? default : MapOf(old, isShared);
        PageMap map = oldMap;
        if (info->Base != LayerBase.Same)
        {
            Check(_pages.Drop(oldMap));
            map = default;
        }
        if (info->Base == LayerBase.Clone)
            map = new PageMap { Root = info->CloneRoot, Inline = info->CloneInline, InlineCount = info->CloneInlineCount };
        if (info->PageCount > 0 || info->Limit != ulong.MaxValue)
        {
            Check(_pages.Merge(map, info->Limit, _change->Object, Layer.Next(_change), _cut, out PageMap merged));
            map = merged;
        }
        else if (map.IsShared)
            Check(_pages.AddReference(map));
        bool keepsRecord = info->RecordState == LayerRecord.Same && old != null && (old->Flags & RecordEntry.HasRecord) != 0;
        bool hasRecord = keepsRecord || info->RecordState == LayerRecord.Present;
        if (_builder.Status != StoreStatus.Ok || (!hasRecord && map.Root.IsEmpty && map.InlineCount == 0))
            return;
        var entry = new RecordEntry
        {
            Key = _change->Object,
            RootBlock = map.Root.Block,
            RootChecksum = map.Root.Checksum,
            RootLevel = map.Root.Level,
            InlinePages = (byte)map.InlineCount,
            Flags = hasRecord ? RecordEntry.HasRecord : (byte)0,
            RecordLength = keepsRecord ? old->RecordLength : hasRecord ? info->RecordLength : (ushort)0,
        };
        _builder.EmitRecord(entry, map.Inline, keepsRecord ? RecordOf(old) : info->Record);
    }

    private bool Check(StoreStatus status)
    {
        if (status != StoreStatus.Ok)
            _builder.Fail(status);
        return status == StoreStatus.Ok;
    }
}
