// The work of a cut on the trees: counts the references of new clones (first, while what they refer to is untouched), merges the frozen layer
// into the object tree, keeps and drops checkpoints, and frees the blocks that were overwritten before any tree referred to them. Changes only memory
// and free blocks: until the superblock is written, the previous cut stays whole. Run by one fiber at a time. Blocks.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Brings the trees up to date with a layer.</summary>
internal sealed unsafe class TreeCutter
{
    private readonly StoreContext _context;
    private readonly HistoryState _state;
    private readonly ReferenceCounts _references;
    private readonly TreeReader _reader;
    private readonly PageMerger _pages;
    private readonly RecordMerger _objects;
    private readonly RecordMerger _history;

    public TreeCutter(StoreContext context, HistoryState state, SpaceMap space, NodeCache cache, TreeReader reader, StoreMemory memory)
    {
        _context = context;
        _state = state;
        _references = space.Counts;
        _reader = reader;
        Batch = new WriteBatch(context, memory.Batch);
        byte* builders = memory.Builders;
        const long BuilderBytes = TreeBuilder.MemoryPages * (long)PageSize.Bytes;
        var pageBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.Pages, builders);
        var objectBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.Objects, builders + BuilderBytes);
        var historyBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.History, builders + (2 * BuilderBytes));
        _pages = new PageMerger(context.Fibers, space.Counts, cache, pageBuilder);
        _objects = new RecordMerger(context, space.Counts, cache, objectBuilder, _pages, TreeKind.Objects, null);
        _history = new RecordMerger(context, space.Counts, cache, historyBuilder, _pages, TreeKind.History, _objects);
    }

    private StoreView? _promoting;

    /// <summary>Where the nodes, and later the space map, are written through.</summary>
    public WriteBatch Batch { get; }

    /// <summary>Tree nodes more (or less) than before the cut.</summary>
    public long NodeBalance
        => (long)(_pages.NodesWritten + _objects.NodesWritten + _history.NodesWritten + _pages.NodesRevived + _objects.NodesRevived)
            - (long)(_pages.NodesFreed + _objects.NodesFreed + _history.NodesFreed);

    /// <summary>
    /// Finds what the commits up to <paramref name="endSequence"/> have cloned, and takes the memory that a promotion needs: the only step that may fail and be
    /// tried again later. Takes the same memory however often it is tried. Blocks.
    /// </summary>
    public StoreStatus Prepare(Layer layer, in Cut old, ulong endSequence)
    {
        // Asked for later, or with commits that this cut does not contain, it is the next cut's: blocks of commits that stay in the log have no
        // references.
        _promoting = _state.Promoted != null && _state.Promoted.Sequence <= endSequence && !_state.IsLeftByCut ? _state.Promoted : null;
        StoreStatus status = FindClones(layer, old.Objects);
        if (status != StoreStatus.Ok || _promoting == null)
            return status;
        if (!layer.Arena.Reserve(Layer.FixedBytes))
            return StoreStatus.OutOfMemory;
        return FindClones(_promoting.Layer, _promoting.Objects);
    }

    /// <summary>Merges the prepared layer into the trees of <paramref name="old"/>.</summary>
    public StoreStatus Merge(Layer layer, in Cut old, NodePointer oldHistory, ulong cut, out NodePointer objects, out NodePointer history)
    {
        objects = old.Objects;
        history = oldHistory;
        ResetCounters();
        StoreStatus status = TakePromoted();
        if (status == StoreStatus.Ok)
            status = CountClones(layer);
        if (status == StoreStatus.Ok)
            status = _objects.Merge(old.Objects, layer.First, cut, out objects);
        if (status == StoreStatus.Ok)
            status = MergePromoted(layer, cut);
        if (status == StoreStatus.Ok)
            status = MergeHistory(layer, oldHistory, cut, ref objects, out history);
        for (Layer.SupersededBlocks* chunk = layer.Superseded; chunk != null && status == StoreStatus.Ok; chunk = chunk->Next)
        {
            for (ulong i = 0; i < chunk->Count && status == StoreStatus.Ok; i++)
                status = _references.FreeIfNew(chunk->Blocks[i]);
            _context.Fibers.Yield();
        }
        return status;
    }

    // The base of a checkpoint to be promoted gets a reference before the present state moves on, so that the merge leaves it whole.
    private StoreStatus TakePromoted()
    {
        if (_promoting == null)
            return StoreStatus.Ok;
        NodePointer start = _promoting.Objects;
        StoreStatus status = start.IsEmpty ? StoreStatus.Ok : _objects.ReviveTree(start);
        return status == StoreStatus.Ok ? CountClones(_promoting.Layer) : status;
    }

    private StoreStatus MergePromoted(Layer layer, ulong cut)
    {
        if (_promoting == null)
            return StoreStatus.Ok;
        StoreStatus status = _objects.Merge(_promoting.Objects, _promoting.Layer.First, cut, out NodePointer root);
        CheckpointInfo info = _state.PromotedInfo;
        HistoryRecord record = HistoryRecord.From(info.Commit, info.Bytes, HistoryFlags.Automatic);
        layer.PutHistory(info.Sequence, record.AsBytes(), root);
        _state.Promoted = null;
        return status;
    }

    // Keeps and drops checkpoints. A rollback then takes the target's root instead of the one just made; the target gets its reference before
    // anything is dropped.
    private StoreStatus MergeHistory(Layer layer, NodePointer oldHistory, ulong cut, ref NodePointer objects, out NodePointer history)
    {
        history = oldHistory;
        NodePointer target = default;
        StoreStatus status = layer.RollbackTo == 0 ? StoreStatus.Ok : TakeTarget(oldHistory, layer.RollbackTo, out target);
        _history.KeptRoot = objects;
        if (status == StoreStatus.Ok && !_state.IsLeftByCut)
            status = _history.Merge(oldHistory, layer.FindFrom(LayerNode.HistoryObject, 0), cut, out history);
        if (status != StoreStatus.Ok || layer.RollbackTo == 0)
            return status;
        NodePointer left = objects;
        objects = target;
        return left.IsEmpty ? StoreStatus.Ok : _objects.DropTree(left);
    }

    private StoreStatus TakeTarget(NodePointer history, ulong sequence, out NodePointer target)
    {
        StoreStatus status = _reader.FindKept(history, sequence, out target);
        if (status == StoreStatus.NotFound)
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, 0, 0, sequence);
        return status == StoreStatus.Ok && !target.IsEmpty && !_context.Has(SeededFaults.UncountedRollback)
            ? _references.Increment(target.Block) : status;
    }

    private void ResetCounters()
    {
        _pages.NodesWritten = 0;
        _pages.NodesFreed = 0;
        _pages.NodesRevived = 0;
        _objects.NodesRevived = 0;
        _objects.NodesWritten = 0;
        _objects.NodesFreed = 0;
        _history.NodesWritten = 0;
        _history.NodesFreed = 0;
    }

    // Finds what each clone shares, while the trees still say so.
    private StoreStatus FindClones(Layer layer, NodePointer objects)
    {
        StoreStatus status = StoreStatus.Ok;
        for (LayerNode* node = layer.First; node != null && node->Object != LayerNode.HistoryObject && status == StoreStatus.Ok; node = Layer.Next(node))
        {
            if (node->Key == 0 && node->Info->Base == LayerBase.Clone)
                status = FindClone(node->Info, objects);
        }
        return status;
    }

    private StoreStatus FindClone(LayerObject* info, NodePointer objects)
    {
        info->CloneRoot = default;
        info->CloneInlineCount = 0;
        StoreStatus status = _reader.PinRecord(TreeKind.Objects, objects, info->BaseObject, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        info->CloneRoot = entry->Root;
        info->CloneInlineCount = entry->InlinePages;
        StoreContext.Copy(entry + 1, info->CloneInline, entry->InlinePages * MapEntry.Bytes);
        NodeCache.Unpin(leaf);
        return status;
    }

    private StoreStatus CountClones(Layer layer)
    {
        StoreStatus status = StoreStatus.Ok;
        for (LayerNode* node = layer.First; node != null && node->Object != LayerNode.HistoryObject && status == StoreStatus.Ok; node = Layer.Next(node))
        {
            LayerObject* info = node->Info;
            if (node->Key != 0 || info->Base != LayerBase.Clone || _context.Has(SeededFaults.UncountedClone))
                continue;
            status = _pages.AddReference(new PageMap { Root = info->CloneRoot, Inline = info->CloneInline, InlineCount = info->CloneInlineCount });
        }
        return status;
    }
}
