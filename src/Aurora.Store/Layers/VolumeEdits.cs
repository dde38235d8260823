// What the log's entries about volumes do to a set: the same when they are submitted and when they are replayed. Nothing here blocks, and
// nothing fails: the memory was reserved, and that the volumes are there was looked up before.
using System;

namespace Aurora.Store;

/// <summary>Makes, clones, drops, takes and takes back volumes.</summary>
internal static unsafe class VolumeEdits
{
    /// <summary>An empty volume.</summary>
    public static void Create(LayerSet set, ulong volume, VolumeFlags flags, ReadOnlySpan<byte> name, ulong now)
    {
        VolumeChanges* changes = set.ChangesOf(volume);
        changes->IsNew = true;
        changes->Record.CreatedNanoseconds = now;
        SetAttributes(set, volume, flags, name);
        set.TopFor(changes);
    }

    /// <summary>A volume with the state that another has now (sequence 0), or had at a kept checkpoint.</summary>
    public static void Clone(
        LayerSet set, ulong volume, ulong source, ulong sequence, VolumeFlags flags, ReadOnlySpan<byte> name, in CheckpointInfo last,
        ulong now)
    {
        VolumeChanges* changes = set.ChangesOf(volume);
        changes->IsNew = true;
        changes->Record.CreatedNanoseconds = now;
        changes->Record.Parent = source;
        SetAttributes(set, volume, flags, name);
        if (sequence != 0)
        {
            changes->Record.ParentSequence = sequence;
            PushCheckpoint(set, changes, source, sequence);
            return;
        }
        changes->Record.ParentSequence = NewestOf(set, source, last);
        Layer* below = SealedTop(set, source, out StateBelow kind, out TreeState state);
        set.Push(changes, below, kind, state.Volume, state.Sequence);
        changes->Top->Last = default;
    }

    public static void SetAttributes(LayerSet set, ulong volume, VolumeFlags flags, ReadOnlySpan<byte> name)
    {
        VolumeChanges* changes = set.ChangesOf(volume);
        changes->HasAttributes = true;
        changes->Record.Flags = flags;
        changes->Record.NameLength = name.Length;
        name.CopyTo(new Span<byte>(changes->Record.Name, VolumeInfo.MaxNameBytes));
    }

    /// <summary>The volume ends. What only it refers to is freed by later cuts.</summary>
    public static void Drop(LayerSet set, ulong volume)
    {
        set.ChangesOf(volume)->IsDropped = true;
        set.ChangesOf(volume | VolumeRecord.DroppedBit);
    }

    /// <summary>The volume takes the state of a hidden one, layers and root, and that one ends.</summary>
    public static void Take(LayerSet set, ulong volume, ulong hidden)
    {
        VolumeChanges* changes = set.ChangesOf(volume);
        VolumeChanges* taken = set.ChangesOf(hidden);
        if (taken->Top == null)
        {
            set.Push(changes, null, StateBelow.Volume, hidden, 0);
        }
        else
        {
            changes->Top = taken->Top;
            changes->Top->Volume = volume;
            taken->Top = null;
        }
        taken->IsDropped = true;
        taken->IsEnded = true;
    }

    /// <summary>
    /// From here on the volume's state is that of its checkpoint. What is left is kept as a branch: its last commit is
    /// <paramref name="left"/> when the set does not know it.
    /// </summary>
    public static void Rollback(LayerSet set, ulong volume, ulong sequence, in CheckpointInfo left)
    {
        VolumeChanges* changes = set.ChangesOf(volume);
        if (changes->Top == null)
            set.TopFor(changes);
        Layer* top = changes->Top;
        CheckpointInfo branch = top->Last.Sequence != 0 ? top->Last : left;
        if (branch.Sequence != 0 && branch.Commit.NameLength == 0)
        {
            HistoryRecord record = HistoryRecord.From(branch.Commit, branch.Bytes, HistoryFlags.Automatic);
            set.PutHistory(volume, branch.Sequence, record.AsBytes(), top);
        }
        top->IsSealed = true;
        PushCheckpoint(set, changes, volume, sequence);
    }

    private static void PushCheckpoint(LayerSet set, VolumeChanges* changes, ulong volume, ulong sequence)
    {
        LayerObject* kept = set.HistoryOf(volume, sequence);
        bool isHere = kept != null && kept->RecordState == LayerRecord.Present && kept->KeptLayer != null;
        set.Push(changes, isHere ? kept->KeptLayer : null, StateBelow.Checkpoint, volume, sequence);
        changes->Top->Last = default;
    }

    private static ulong NewestOf(LayerSet set, ulong volume, in CheckpointInfo last)
    {
        VolumeChanges* changes = set.Find(volume);
        bool isKnown = changes != null && changes->Top != null && changes->Top->Last.Sequence != 0;
        return isKnown ? changes->Top->Last.Sequence : last.Sequence;
    }

    // The state of a volume as something to put layers upon. An empty layer on top need not be sealed: what is below it will do.
    private static Layer* SealedTop(LayerSet set, ulong volume, out StateBelow kind, out TreeState state)
    {
        kind = StateBelow.Volume;
        state = new TreeState(StateBelow.Volume, volume, 0);
        VolumeChanges* changes = set.Find(volume);
        Layer* top = changes == null ? null : changes->Top;
        if (top == null)
            return null;
        if (top->IsEmpty && top->Below == StateBelow.Layer)
            return top->BelowLayer;
        if (!top->IsEmpty)
        {
            top->IsSealed = true;
            return top;
        }
        kind = top->Below;
        state = new TreeState(top->Below, top->BelowVolume, top->BelowSequence);
        return null;
    }
}
