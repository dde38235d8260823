// The newest state in memory: the trees of the last cut (on the device, nodes cached), the frozen set (changes a cut is now putting into
// the trees), the active set (changes of later commits). Lookups go active → frozen → trees. All of it is protected by the kernel lock and
// consistent whenever a fiber waits: a commit is applied to the active set in one stretch, and a cut replaces (frozen set, volume table) in
// one stretch.
using System;

namespace Aurora.Store;

/// <summary>The sets of layers over the trees, and the volume table below them.</summary>
internal sealed unsafe class PresentState(Superblock* super, LayerSet active, LayerSet frozen)
{
    public LayerSet Active = active;

    /// <summary>Empty, unless IsFrozen.</summary>
    public LayerSet Frozen = frozen;
    public bool IsFrozen;

    /// <summary>Where the log continues after the frozen set.</summary>
    public Cut FrozenEnd;

    /// <summary>The active set is complete: no commit is applied before it is frozen.</summary>
    public bool IsFreezeRequired;

    private NodePointer _shownTable;
    private bool _isShowing;

    /// <summary>The volume table below the sets.</summary>
    public NodePointer Table => _isShowing ? _shownTable : super->Current.Volumes;

    /// <summary>From the newest layer of a volume down.</summary>
    public LayerPath PathOf(VolumeId volume) => new(Active, IsFrozen ? Frozen : null, volume.Value);

    /// <summary>What the sets do to a checkpoint of a volume.</summary>
    public LayerRecord HistoryStateOf(VolumeId volume, ulong sequence)
    {
        LayerRecord state = Active.HistoryStateOf(volume.Value, sequence);
        return state == LayerRecord.Same && IsFrozen ? Frozen.HistoryStateOf(volume.Value, sequence) : state;
    }

    /// <summary>The next checkpoint of a volume that the sets keep, as it will be in its history; false at the end.</summary>
    public bool TryNextMade(VolumeId volume, ulong sequence, out CheckpointInfo info)
    {
        info = default;
        while (HistoryStateOf(volume, sequence) != LayerRecord.Present || info.Sequence == 0)
        {
            ulong inFrozen = IsFrozen ? Frozen.NextHistory(volume.Value, sequence + 1) : ulong.MaxValue;
            sequence = Math.Min(Active.NextHistory(volume.Value, sequence + 1), inFrozen);
            if (sequence == ulong.MaxValue)
                return false;
            info.Sequence = sequence;
        }
        LayerObject* made = Active.HistoryOf(volume.Value, sequence);
        if (made == null)
            made = Frozen.HistoryOf(volume.Value, sequence);
        info = ((HistoryRecord*)made->Record)->ToInfo(sequence);
        return true;
    }

    /// <summary>The active set becomes the frozen one, and an empty one takes its place.</summary>
    public void Freeze(in Cut end)
    {
        (Active, Frozen) = (Frozen, Active);
        Frozen.Freeze();
        IsFrozen = true;
        FrozenEnd = end;
    }

    /// <summary>A store opened for reading shows an older table instead of the newest.</summary>
    public void Show(in NodePointer table)
    {
        _shownTable = table;
        _isShowing = true;
    }
}
