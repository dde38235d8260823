// The work of a cut on the trees. The layers of the frozen set are merged in the order in which they were made, each into what is below it;
// then the histories of the volumes, then the volume table. Changes only memory and free blocks: until the superblock is written, the
// previous cut stays whole. Run by one fiber at a time. Blocks.
//
// References. Merging into a tree takes over one reference to its root. The table has one on the root of each volume: it passes to the
// layer that is merged into it last, unless the volume keeps its root. What a layer makes has one, for whoever uses it last: layers above,
// the volume, checkpoints that are kept; the others add their own before. References of new clones of objects are counted before the layer
// is merged, while what they refer to is untouched. Blocks that were overwritten before any tree referred to them are freed at the end.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Brings the trees up to date with a set of layers.</summary>
internal sealed unsafe class TreeCutter
{
    private readonly StoreContext _context;
    private readonly HistoryState _state;
    private readonly ReferenceCounts _references;
    private readonly CloneCounter _clones;
    private readonly PageMerger _pages;
    private readonly RecordMerger _objects;
    private readonly RecordMerger _history;
    private readonly RecordMerger _volumes;

    public TreeCutter(StoreContext context, HistoryState state, SpaceMap space, NodeCache cache, TreeReader reader, StoreMemory memory)
    {
        _context = context;
        _state = state;
        _references = space.Counts;
        Batch = new WriteBatch(context, memory.Batch);
        byte* builders = memory.Builders;
        const long BuilderBytes = TreeBuilder.MemoryPages * (long)PageSize.Bytes;
        var pageBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.Pages, builders);
        var objectBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.Objects, builders + BuilderBytes);
        var historyBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.History, builders + (2 * BuilderBytes));
        var volumeBuilder = new TreeBuilder(context, space, cache, Batch, TreeKind.Volumes, builders + (3 * BuilderBytes));
        _pages = new PageMerger(context, space.Counts, cache, pageBuilder);
        _clones = new CloneCounter(context, reader, _pages);
        _objects = new RecordMerger(context, space.Counts, cache, objectBuilder, _pages, TreeKind.Objects, null);
        _history = new RecordMerger(context, space.Counts, cache, historyBuilder, _pages, TreeKind.History, _objects);
        _volumes = new RecordMerger(context, space.Counts, cache, volumeBuilder, _pages, TreeKind.Volumes, _objects);
    }

    /// <summary>Where the nodes, and later the space map, are written through.</summary>
    public WriteBatch Batch { get; }

    /// <summary>Tree nodes more (or less) than before the cut.</summary>
    public long NodeBalance
        => _pages.NodeBalance + _objects.NodeBalance + _history.NodeBalance + _volumes.NodeBalance;

    /// <summary>Merges the prepared set into the volumes of a table. Blocks.</summary>
    public StoreStatus Merge(LayerSet set, NodePointer oldTable, ulong cut, out NodePointer table)
    {
        table = oldTable;
        _pages.ResetCounters();
        _objects.ResetCounters();
        _history.ResetCounters();
        _volumes.ResetCounters();
        StoreStatus status = MergePromoted(set, cut);
        for (Layer* layer = set.First; layer != null && status == StoreStatus.Ok; layer = layer->NextInSet)
            status = MergeLayer(set, layer, cut);
        bool isChained = set.First != null && set.First->NextInSet != null;
        if (status == StoreStatus.Ok && isChained)
            status = Batch.Drain();
        for (LayerNode* node = set.FirstVolume; node != null && status == StoreStatus.Ok; node = Layer.Next(node))
            status = MergeVolume(set, (VolumeChanges*)node->Info, cut);
        for (Layer* layer = set.First; layer != null && status == StoreStatus.Ok; layer = layer->NextInSet)
            status = layer->IsKept ? Release(layer) : StoreStatus.Ok;
        if (status == StoreStatus.Ok)
            status = _volumes.Merge(oldTable, set.FirstVolume, cut, out table);
        for (Layer* layer = set.First; layer != null && status == StoreStatus.Ok; layer = layer->NextInSet)
            status = FreeSuperseded(layer);
        return status;
    }

    private StoreStatus MergeLayer(LayerSet set, Layer* layer, ulong cut)
    {
        Panic.Unless(set.IsFrozen, "store: a set is merged that commits may still change"u8);

        // What it is merged into was written by this cut, and may have to be read again.
        StoreStatus status = layer->Below == StateBelow.Layer ? Batch.Drain() : StoreStatus.Ok;
        NodePointer start = default;
        if (status == StoreStatus.Ok)
            status = TakeStart(set, layer, cut, out start);
        if (status == StoreStatus.Ok)
            status = _clones.Count(layer, start);
        if (status == StoreStatus.Ok)
            status = _objects.Merge(start, layer->First, cut, out layer->Result);

        // Nobody came to use what was given up meanwhile.
        if (status == StoreStatus.Ok && layer->Users == 0 && !layer->Result.IsEmpty)
            status = _objects.DropTree(layer->Result);
        return status;
    }

    // A reference to the state below the layer, for the merge to take over.
    private StoreStatus TakeStart(LayerSet set, Layer* layer, ulong cut, out NodePointer start)
    {
        if (layer->Below == StateBelow.Layer)
            return Take(layer->BelowLayer, cut, out start);
        start = layer->Start;
        VolumeChanges* below = layer->Below == StateBelow.Volume ? set.Find(layer->BelowVolume) : null;
        bool isLast = below != null && --below->RootUsers == 0 && below->GivesRootUp;
        if (start.IsEmpty || isLast)
            return StoreStatus.Ok;
        bool isOwn = layer->BelowVolume == layer->Volume;
        if (isOwn && layer->Below == StateBelow.Checkpoint && _context.Has(SeededFaults.UncountedRollback))
            return StoreStatus.Ok;
        return !isOwn && _context.Has(SeededFaults.UncountedBase) ? StoreStatus.Ok : Share(ref start, cut);
    }

    // A reference to what a layer makes: its own for the last who asks, another for those before.
    private StoreStatus Take(Layer* layer, ulong cut, out NodePointer root)
    {
        root = layer->Result;
        return --layer->Users > 0 && !root.IsEmpty ? Share(ref root, cut) : StoreStatus.Ok;
    }

    // Adds a reference to a root, or gives a copy of it, which refers to what it refers to: a count that came to its end would never go
    // down.
    private StoreStatus Share(ref NodePointer root, ulong cut)
    {
        StoreStatus status = _references.Count(root.Block, out uint count);
        if (status != StoreStatus.Ok)
            return status;
        return count < _context.Options.MostRootReferences ? _references.Increment(root.Block) : _objects.CopyRoot(root, cut, out root);
    }

    private StoreStatus Release(Layer* layer)
        => --layer->Users > 0 || layer->Result.IsEmpty ? StoreStatus.Ok : _objects.DropTree(layer->Result);

    private StoreStatus MergeVolume(LayerSet set, VolumeChanges* changes, ulong cut)
    {
        if (changes->Volume >= VolumeRecord.DroppedBit)
            return MergeDropped(changes, cut);
        if (changes->IsEnded)
            return MergeEnded(changes);
        NodePointer root = changes->OldRoot;
        StoreStatus status = changes->Top == null ? StoreStatus.Ok : Take(changes->Top, cut, out root);
        if (status == StoreStatus.Ok && changes->Top != null && !changes->IsRootTaken && !changes->OldRoot.IsEmpty)
            status = _objects.DropTree(changes->OldRoot);
        if (status == StoreStatus.Ok)
            status = MergeHistory(changes, cut);
        if (changes->Top != null && changes->Top->Last.Sequence != 0)
            changes->Record.LastCommit = changes->Top->Last;
        if (!changes->IsDropped)
        {
            SetEntry(changes, root);
            return status;
        }
        changes->Entry.RecordState = LayerRecord.Absent;
        VolumeChanges* dropped = set.Find(changes->Volume | VolumeRecord.DroppedBit);
        dropped->Record = changes->Record;
        if (_context.Has(SeededFaults.DoubleReclaim) && status == StoreStatus.Ok && !root.IsEmpty)
            status = _objects.DropTree(root);
        SetEntry(dropped, root);
        return status;
    }

    private StoreStatus MergeHistory(VolumeChanges* changes, ulong cut)
    {
        if (changes->History == null || changes->IsHistoryLeft)
            return StoreStatus.Ok;
        StoreStatus status = _history.Merge(changes->Record.History, changes->History->First, cut, out NodePointer history);
        changes->Record.History = history;
        return status;
    }

    // One that was dropped before: see VolumeReclaimer. One that this set drops has its entry already.
    private StoreStatus MergeDropped(VolumeChanges* changes, ulong cut)
    {
        if (!changes->IsInTable)
            return StoreStatus.Ok;
        StoreStatus status = MergeHistory(changes, cut);
        if (!changes->IsDropped)
        {
            SetEntry(changes, changes->OldRoot);
            return status;
        }
        changes->Entry.RecordState = LayerRecord.Absent;
        return status == StoreStatus.Ok && !changes->OldRoot.IsEmpty ? _objects.DropTree(changes->OldRoot) : status;
    }

    // Its root is another volume's by now, or nobody's.
    private StoreStatus MergeEnded(VolumeChanges* changes)
    {
        changes->Entry.RecordState = LayerRecord.Absent;
        return changes->IsRootTaken || changes->OldRoot.IsEmpty ? StoreStatus.Ok : _objects.DropTree(changes->OldRoot);
    }

    private static void SetEntry(VolumeChanges* changes, in NodePointer root)
    {
        changes->Entry.RecordState = LayerRecord.Present;
        changes->Entry.Record = (byte*)&changes->Record;
        changes->Entry.RecordLength = VolumeRecord.Size;
        changes->Entry.CloneRoot = root;
    }

    private StoreStatus FreeSuperseded(Layer* layer)
    {
        StoreStatus status = StoreStatus.Ok;
        for (SupersededBlocks* chunk = layer->Superseded; chunk != null && status == StoreStatus.Ok; chunk = chunk->Next)
        {
            for (ulong i = 0; i < chunk->Count && status == StoreStatus.Ok; i++)
                status = _references.FreeIfNew(chunk->Blocks[i]);
            _context.Fibers.Yield();
        }
        return status;
    }

    // A recent checkpoint gets a root of its own: that of the cut it is based on, with a reference of its own, and the layers of its view
    // merged into it. What the cuts since then have freed of it, and is not reusable yet, gets its references back.
    private StoreStatus MergePromoted(LayerSet set, ulong cut)
    {
        StoreView? view = _state.Promoted;
        VolumeChanges* changes = view == null ? null : set.Find(_state.PromotedVolume.Value);

        // Asked for later, or with commits that this cut does not contain, it is the next cut's: blocks of commits that stay in the log
        // have no references.
        if (view == null || changes == null || !_state.IsPromotionDue || changes->IsHistoryLeft)
            return StoreStatus.Ok;
        NodePointer root = view.Objects;
        StoreStatus status = root.IsEmpty ? StoreStatus.Ok : _objects.ReviveTree(root);
        MarkPath(view);
        for (Layer* layer = view.Layers.First; layer != null && status == StoreStatus.Ok; layer = layer->NextInSet)
        {
            if (layer->Users == 0)
                continue;
            status = Batch.Drain();
            if (status == StoreStatus.Ok)
                status = _clones.Count(layer, root);
            if (status == StoreStatus.Ok)
                status = _objects.Merge(root, layer->First, cut, out root);
        }
        CheckpointInfo info = _state.PromotedInfo;
        HistoryRecord record = HistoryRecord.From(info.Commit, info.Bytes, HistoryFlags.Automatic);
        set.PutHistory(changes->Volume, info.Sequence, record.AsBytes(), null, root);
        _state.Promoted = null;
        _state.PromotedCut = cut;
        return status;
    }

    private static void MarkPath(StoreView view)
    {
        for (Layer* layer = view.Layers.First; layer != null; layer = layer->NextInSet)
            layer->Users = 0;
        for (LayerPath path = view.Path; path.Layer != null; path.Descend())
            path.Layer->Users = 1;
    }
}
