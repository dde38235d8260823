// Merges a layer's changes to one object's pages into its page map, giving a new map that shares every untouched subtree with the old one.
// References follow Rodeh's lazy scheme. A node with one reference is replaced: its references to children pass to the new nodes. A node with
// more stays: the new nodes add references of their own to what they keep, and children met through it count as shared too.
//
// Others may run between any two entries, and a merge gives way every few of them: the changes, of a set that is frozen, stay as they are,
// the old nodes are pinned, and nobody else merges meanwhile (asserted). What a commit frees or takes then is not what is merged.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The pages of an object: a tree, or a few entries inline, or nothing.</summary>
internal unsafe struct PageMap
{
    public NodePointer Root;
    public MapEntry* Inline;
    public int InlineCount;

    /// <summary>Whoever refers to this map stays, so that its references may not be taken over.</summary>
    public bool IsShared;
}

/// <summary>Merges page changes; used by the fiber that makes the cut.</summary>
internal sealed unsafe class PageMerger
{
    private readonly FiberScheduler _fibers;
    private readonly uint _entriesPerLook;
    private readonly ReferenceCounts _references;
    private readonly NodeCache _cache;
    private readonly TreeBuilder _builder;

    // The next change to place, and the state that is the same for a whole merge.
    private LayerNode* _change;
    private ulong _object;
    private ulong _limit;
    private bool _isMerging;
    private uint _entriesLeft;

    public PageMerger(StoreContext context, ReferenceCounts references, NodeCache cache, TreeBuilder builder)
    {
        _fibers = context.Fibers;
        _entriesPerLook = _entriesLeft = context.Options.EntriesPerLook;
        _references = references;
        _cache = cache;
        _builder = builder;
    }

    /// <summary>Nodes whose last reference was dropped since the cut began.</summary>
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

    /// <summary>
    /// The old map up to <paramref name="limit"/> with the changes of <paramref name="objectId"/> from <paramref name="firstChange"/> on. Inline
    /// entries of the result live in the builder until the next merge.
    /// </summary>
    public StoreStatus Merge(PageMap old, ulong limit, ulong objectId, LayerNode* firstChange, ulong cut, out PageMap result)
    {
        result = default;
        Panic.Unless(!_isMerging, "store: a merge of pages within another"u8);
        _isMerging = true;
        _builder.Begin(cut);
        _change = firstChange;
        _object = objectId;
        _limit = limit;
        if (old.Root.IsEmpty)
            MergeEntries(old.Inline, old.InlineCount, old.IsShared, ulong.MaxValue);
        else
            MergeNode(old.Root, old.IsShared, NodeCache.AnyKey, ulong.MaxValue);
        int inline = _builder.TryInline(out MapEntry* entries);
        if (inline >= 0)
        {
            result.Inline = entries;
            result.InlineCount = inline;
        }
        else
        {
            result.Root = _builder.Finish();
        }
        NodesWritten += _builder.NodesWritten;
        _isMerging = false;
        return _builder.Status;
    }

    private void NoteEntry()
    {
        if (--_entriesLeft != 0)
            return;
        _entriesLeft = _entriesPerLook;
        _fibers.GiveWay();
    }

    /// <summary>Drops the references that a map holds, unless its holder stays.</summary>
    public StoreStatus Drop(in PageMap map)
    {
        if (map.IsShared)
            return StoreStatus.Ok;
        if (!map.Root.IsEmpty)
            return DropNode(map.Root, NodeCache.AnyKey, ulong.MaxValue);
        StoreStatus status = StoreStatus.Ok;
        for (int i = 0; i < map.InlineCount && status == StoreStatus.Ok; i++)
            status = _references.Decrement(map.Inline[i].Block, out _);
        return status;
    }

    /// <summary>Adds a reference to everything a map refers to directly.</summary>
    public StoreStatus AddReference(in PageMap map)
    {
        if (!map.Root.IsEmpty)
            return _references.Increment(map.Root.Block);
        StoreStatus status = StoreStatus.Ok;
        for (int i = 0; i < map.InlineCount && status == StoreStatus.Ok; i++)
            status = _references.Increment(map.Inline[i].Block);
        return status;
    }

    /// <summary>Adds a reference to a map that may have been freed: what the last cuts freed of it is in use again.</summary>
    public StoreStatus Revive(in PageMap map)
    {
        if (!map.Root.IsEmpty)
            return ReviveNode(map.Root, NodeCache.AnyKey, ulong.MaxValue);
        return AddReference(map);
    }

    private StoreStatus ReviveNode(in NodePointer pointer, ulong firstKey, ulong high)
    {
        StoreStatus status = _references.Increment(pointer.Block, out bool wasFreed);
        if (status != StoreStatus.Ok || !wasFreed)
            return status;
        NodesRevived++;
        status = _cache.PinWithin(TreeKind.Pages, pointer, firstKey, high, out NodeFrame* frame);
        if (status != StoreStatus.Ok)
            return status;
        for (int i = 0; i < frame->Header->Count && status == StoreStatus.Ok; i++)
        {
            status = frame->Header->Level == 0
                ? _references.Increment(frame->Entries[i].Block)
                : ReviveNode(NodeCache.ChildOf(frame, i), frame->Entries[i].Key, NodeCache.HighOf(frame, i, high));
        }
        NodeCache.Unpin(frame);
        _fibers.Yield();
        return status;
    }

    private bool HasChangeBefore(ulong high) => _change != null && _change->Object == _object && _change->Key <= high && _change->Key - 1 < high;

    private void MergeNode(in NodePointer pointer, bool isInherited, ulong firstKey, ulong high)
    {
        if (!Enter(pointer, isInherited, firstKey, high, out bool isShared, out NodeFrame* frame))
            return;
        NodeHeader* header = frame->Header;
        if (header->Level == 0)
        {
            MergeEntries(frame->Entries, header->Count, isShared, high);
        }
        else
        {
            for (int i = 0; i < header->Count && _builder.Status == StoreStatus.Ok; i++)
                MergeChild(frame, i, isShared, NodeCache.HighOf(frame, i, high));
        }
        NodeCache.Unpin(frame);
    }

    private void MergeChild(NodeFrame* frame, int index, bool isShared, ulong childHigh)
    {
        NoteEntry();
        MapEntry child = frame->Entries[index];
        NodePointer pointer = NodeCache.ChildOf(frame, index);
        if (child.Key >= _limit)
        {
            if (!isShared)
                Check(DropNode(pointer, child.Key, childHigh));
            EmitChangesBefore(childHigh);
            return;
        }
        if (HasChangeBefore(childHigh) || _limit < childHigh || _builder.WouldLeaveSmallNode(frame->Header->Level))
        {
            MergeNode(pointer, isShared, child.Key, childHigh);
            return;
        }
        if (isShared)
            Check(_references.Increment(child.Block));
        _builder.EmitChild(frame->Header->Level, child);
    }

    // Takes over, or leaves, a node's reference; then pins it. From here on its entries belong to the merge.
    private bool Enter(in NodePointer pointer, bool isInherited, ulong firstKey, ulong high, out bool isShared, out NodeFrame* frame)
    {
        isShared = isInherited;
        frame = null;
        if (_builder.Status != StoreStatus.Ok || !Check(_cache.PinWithin(TreeKind.Pages, pointer, firstKey, high, out frame)))
            return false;
        if (isInherited)
            return true;
        if (!Check(_references.Decrement(pointer.Block, out uint left)))
        {
            NodeCache.Unpin(frame);
            return false;
        }
        isShared = left > 0;
        if (!isShared)
            NodesFreed++;
        return true;
    }

    private void MergeEntries(MapEntry* entries, int count, bool isShared, ulong high)
    {
        for (int i = 0; i < count && _builder.Status == StoreStatus.Ok; i++)
        {
            NoteEntry();
            MapEntry entry = entries[i];
            EmitChangesBefore(entry.Key);
            bool isReplaced = HasChangeBefore(entry.Key + 1);
            if (isReplaced || entry.Key >= _limit)
            {
                if (!isShared)
                    Check(_references.Decrement(entry.Block, out _));
                continue;
            }
            if (isShared)
                Check(_references.Increment(entry.Block));
            _builder.EmitPage(entry);
        }
        EmitChangesBefore(high);

        // A leaf is a good step for long merges.
        _fibers.Yield();
    }

    private void EmitChangesBefore(ulong high)
    {
        while (HasChangeBefore(high) && _builder.Status == StoreStatus.Ok)
        {
            NoteEntry();
            if (_change->Block != 0 && Check(_references.Increment(_change->Block)))
                _builder.EmitPage(new MapEntry { Key = _change->Key - 1, Block = _change->Block, Checksum = _change->Checksum });
            _change = Layer.Next(_change);
        }
    }

    // Reads only what becomes free.
    private StoreStatus DropNode(in NodePointer pointer, ulong firstKey, ulong high)
    {
        StoreStatus status = _references.Decrement(pointer.Block, out uint left);
        if (status != StoreStatus.Ok || left > 0)
            return status;
        NodesFreed++;
        status = _cache.PinWithin(TreeKind.Pages, pointer, firstKey, high, out NodeFrame* frame);
        if (status != StoreStatus.Ok)
            return _cache.ForgiveDrop(status);
        for (int i = 0; i < frame->Header->Count && status == StoreStatus.Ok; i++)
        {
            MapEntry child = frame->Entries[i];
            status = frame->Header->Level == 0
                ? _references.Decrement(child.Block, out _)
                : DropNode(NodeCache.ChildOf(frame, i), child.Key, NodeCache.HighOf(frame, i, high));
        }
        NodeCache.Unpin(frame);
        _fibers.Yield();
        return status;
    }

    private bool Check(StoreStatus status)
    {
        if (status != StoreStatus.Ok)
            _builder.Fail(status);
        return status == StoreStatus.Ok;
    }
}
