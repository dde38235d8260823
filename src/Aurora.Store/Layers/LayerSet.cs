// All that the commits of a stretch changed, of all volumes, in one arena: the active set takes new commits; when a cut begins it becomes
// the frozen set, whose changes go into the trees; a view of history has one of its own.
//
// Each volume that is changed has a chain of layers, the newest on top. A commit changes the layer on top. What needs the state as it is at
// one point for longer (a clone, a checkpoint with a name, a rollback) seals that layer, and the next commit starts another above it. So
// nothing is copied, and only that volume is concerned. Layers are in the order in which they were made: what is below one comes before it.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The layers of a stretch of commits, and what becomes of the volumes.</summary>
internal sealed unsafe class LayerSet
{
    /// <summary>With more layers on top of each other lookups would be slow: the set is frozen then.</summary>
    public const int MostDepth = 16;

    /// <summary>With so many a cut is asked for, and large commits put no more of their own on top.</summary>
    public const int HalfDepth = MostDepth / 2;

    /// <summary>
    /// What a cut may note in its set beyond the changes: checkpoints kept and dropped, dropped volumes. Who notes what need not be noted
    /// asks for <see cref="OptionalBytes"/>, and so leaves what the cut needs.
    /// </summary>
    public const ulong OptionalBytes = 3 * Layer.FixedBytes;
    private const ulong CutBytes = 256 << 10;

    private readonly ulong _limit;
    private readonly LayerMemory _memory;
    private readonly LayerEditor _editor;
    private Layer* _volumes;
    private Layer* _last;

    /// <summary>Trees have at most so many levels; the changes take at most so many bytes.</summary>
    public LayerSet(PageAllocator pages, int treeLevels, ulong limit)
    {
        _limit = limit;
        _memory = new LayerMemory(pages, treeLevels, limit);
        _editor = new LayerEditor(_memory);
    }

    public Arena Arena => _memory.Arena;

    /// <summary>What merging the set may cost in nodes.</summary>
    public ref readonly ChangeCounts Changes => ref _memory.Changes;

    public LayerEditor Editor => _editor;

    /// <summary>The first layer that was made, or null.</summary>
    public Layer* First { get; private set; }

    /// <summary>Volumes are made, dropped or changed, in the order of their numbers; null for none.</summary>
    public LayerNode* FirstVolume => _volumes == null ? null : _volumes->First;

    /// <summary>A chain of layers has become so long that the set should be frozen.</summary>
    public bool IsDeep { get; private set; }

    /// <summary>A chain of layers is halfway there: a cut should come.</summary>
    public bool IsHalfDeep { get; private set; }

    /// <summary>Nothing was committed but watermarks.</summary>
    public bool IsEmpty => FirstVolume == null;

    /// <summary>
    /// A cut merges the set: its layers do not change, and it gets no others, until it is cleared. What the cut notes of volumes and
    /// histories is not of them.
    /// </summary>
    public bool IsFrozen { get; private set; }

    /// <summary>
    /// The set is to be merged: it gets room for what the cut itself notes in it, so that no cut is kept from being made by a full set.
    /// </summary>
    public void Freeze()
    {
        IsFrozen = true;
        _memory.Arena.Limit += CutBytes;
    }

    /// <summary>Forgets everything and returns the memory; the set may take as much as at the start.</summary>
    public void Clear()
    {
        _memory.Arena.Reset();
        _memory.Arena.Limit = _limit;
        _memory.Changes = default;
        First = null;
        _last = null;
        _volumes = null;
        IsDeep = false;
        IsHalfDeep = false;
        IsFrozen = false;
    }

    /// <summary>What the set knows of a volume; null for nothing.</summary>
    public VolumeChanges* Find(ulong volume)
    {
        LayerNode* node = _volumes == null ? null : _volumes->Find(LayerNode.VolumeObject, volume);
        return node == null ? null : (VolumeChanges*)node->Info;
    }

    /// <summary>The first volume from a number on that the set knows something of; null for none.</summary>
    public VolumeChanges* FindFrom(ulong volume)
    {
        LayerNode* node = _volumes == null ? null : _volumes->FindFrom(LayerNode.VolumeObject, volume);
        return node == null ? null : (VolumeChanges*)node->Info;
    }

    /// <summary>What the set knows of a volume, made when there is nothing.</summary>
    public VolumeChanges* ChangesOf(ulong volume)
    {
        if (_volumes == null)
            _volumes = Allocate();
        var changes = (VolumeChanges*)_editor.RecordAt(_volumes, LayerNode.VolumeObject, volume, sizeof(VolumeChanges), out bool isNew);
        if (isNew)
        {
            changes->Volume = volume;
            _memory.Changes.Volumes++;
        }
        return changes;
    }

    /// <summary>The layer that the next commit to a volume changes.</summary>
    public Layer* TopFor(ulong volume) => TopFor(ChangesOf(volume));

    /// <summary>As above.</summary>
    public Layer* TopFor(VolumeChanges* changes)
    {
        Panic.Unless(!IsFrozen, "store: a commit changes a set that is being merged"u8);
        if (changes->Top == null || changes->Top->IsSealed)
            Push(changes, changes->Top, changes->IsNew ? StateBelow.Nothing : StateBelow.Volume, changes->Volume, 0);
        return changes->Top;
    }

    /// <summary>The layer that the next commit to a volume would change, if there is one already; else null.</summary>
    public Layer* OpenTop(ulong volume)
    {
        VolumeChanges* changes = Find(volume);
        return changes == null || changes->Top == null || changes->Top->IsSealed ? null : changes->Top;
    }

    /// <summary>How many layers of a volume are on top of each other.</summary>
    public int DepthOf(ulong volume)
    {
        VolumeChanges* changes = Find(volume);
        return changes == null || changes->Top == null ? 0 : changes->Top->Depth + 1;
    }

    /// <summary>
    /// Takes over what another set holds: one layer of one volume, which becomes the volume's newest. The other set is to be cleared.
    /// </summary>
    public void Adopt(LayerSet other, ulong volume)
    {
        Layer* layer = other.OpenTop(volume);
        ChangeCounts counts = other.Changes;

        // They are counted here.
        counts.Volumes = 0;
        counts.Merges = 0;
        _memory.Changes.Add(counts);
        _memory.Arena.Adopt(other.Arena);
        VolumeChanges* changes = ChangesOf(volume);
        if (changes->Top != null)
            changes->Top->IsSealed = true;
        Push(changes, changes->Top, changes->IsNew ? StateBelow.Nothing : StateBelow.Volume, volume, 0, layer);
    }

    /// <summary>A new layer becomes the volume's state, above a layer or, when that is null, another state.</summary>
    public void Push(VolumeChanges* changes, Layer* below, StateBelow kind, ulong volume, ulong sequence)
        => Push(changes, below, kind, volume, sequence, Allocate());

    private void Push(VolumeChanges* changes, Layer* below, StateBelow kind, ulong volume, ulong sequence, Layer* layer)
    {
        Panic.Unless(!IsFrozen, "store: a layer for a set that is being merged"u8);
        layer->Volume = changes->Volume;
        layer->Below = below != null ? StateBelow.Layer : kind;
        layer->BelowLayer = below;
        layer->BelowVolume = volume;
        layer->BelowSequence = sequence;
        if (below != null)
        {
            layer->Depth = (ushort)(below->Depth + 1);
            layer->Last = below->Last;
            IsDeep |= layer->Depth >= MostDepth;
            IsHalfDeep |= layer->Depth + 1 >= HalfDepth;
        }
        changes->Top = layer;
        if (_last == null)
            First = layer;
        else
            _last->NextInSet = layer;
        _last = layer;
        _memory.Changes.Merges++;
    }

    /// <summary>
    /// A checkpoint is to be kept: its record goes into the volume's history, with the root that the layer will have. With no layer the
    /// root is <paramref name="root"/>, whose reference is already counted.
    /// </summary>
    public void PutHistory(ulong volume, ulong sequence, ReadOnlySpan<byte> record, Layer* layer, in NodePointer root = default)
    {
        LayerObject* info = HistoryAt(volume, sequence);
        _editor.SetRecord(info, record);
        info->Base = layer == null ? LayerBase.Clone : LayerBase.Same;
        info->CloneRoot = root;
        info->KeptLayer = layer;
        if (layer == null)
            return;
        layer->IsKept = true;
        layer->IsSealed = true;
    }

    public void DropHistory(ulong volume, ulong sequence) => HistoryAt(volume, sequence)->RecordState = LayerRecord.Absent;

    /// <summary>What the set does to a checkpoint of a volume; null for nothing.</summary>
    public LayerObject* HistoryOf(ulong volume, ulong sequence)
    {
        VolumeChanges* changes = Find(volume);
        LayerNode* node = changes == null || changes->History == null ? null : changes->History->Find(LayerNode.HistoryObject, sequence);
        return node == null ? null : node->Info;
    }

    /// <summary>As above: whether it is kept, dropped, or left as it is.</summary>
    public LayerRecord HistoryStateOf(ulong volume, ulong sequence)
    {
        LayerObject* info = HistoryOf(volume, sequence);
        return info == null ? LayerRecord.Same : info->RecordState;
    }

    /// <summary>The first checkpoint of a volume from a sequence on that the set keeps or drops; the largest number for none.</summary>
    public ulong NextHistory(ulong volume, ulong from)
    {
        VolumeChanges* changes = Find(volume);
        LayerNode* node = changes == null || changes->History == null ? null : changes->History->FindFrom(LayerNode.HistoryObject, from);
        return node == null ? ulong.MaxValue : node->Key;
    }

    private LayerObject* HistoryAt(ulong volume, ulong sequence)
    {
        VolumeChanges* changes = ChangesOf(volume);
        if (changes->History == null)
            changes->History = Allocate();
        LayerObject* info = _editor.RecordAt(
            changes->History, LayerNode.HistoryObject, sequence, sizeof(LayerObject), out bool isNew);
        _memory.Changes.HistoryChanges += isNew ? 1u : 0u;
        return info;
    }

    private Layer* Allocate()
    {
        var layer = (Layer*)_memory.Arena.Allocate(sizeof(Layer));
        *layer = default;
        layer->Random = 0x2545F4914F6CDD1D;
        return layer;
    }
}
