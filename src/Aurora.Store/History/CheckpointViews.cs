// Opening checkpoints for reading. A kept one is a root in its volume's history tree; a recent one the volume table of one of the last two
// cuts and the log from there. A store opened for reading can show one as its present.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Opens views, and shows checkpoints in place of the present.</summary>
internal sealed unsafe class CheckpointViews(
    StoreContext context,
    PresentState present,
    RecentCheckpoints recent,
    LogState log,
    VolumeDirectory directory,
    VolumeTable volumes,
    ObjectReader objects,
    StoreView[] views)
{
    /// <summary>See <see cref="ObjectStore.OpenView"/>.</summary>
    public StoreStatus Open(VolumeId volume, ulong sequence, out StoreView? view)
        => Open(volume, sequence, IsRecent(volume, sequence), out view);

    /// <summary>Opens a checkpoint that has a root in the trees: the view has no layers. Blocks.</summary>
    public StoreStatus OpenKept(VolumeId volume, ulong sequence, out StoreView? view) => Open(volume, sequence, false, out view);

    private StoreStatus Open(VolumeId volume, ulong sequence, bool isRecent, out StoreView? view)
    {
        view = null;
        if (directory.Look(volume, out _) == StoreStatus.NotFound)
            return StoreStatus.NotFound;

        // From here on nothing waits until it is taken.
        StoreView? free = null;
        foreach (StoreView candidate in views)
        {
            if (!candidate.IsOpen)
                free = candidate;
        }
        if (free == null)
            return StoreStatus.OutOfMemory;
        Cut start = isRecent ? StartOf(sequence) : context.Super->Current;

        // Opened first, so that nothing it needs is reused while the log is read.
        free.Open(volume, sequence, default, start.Number);
        StoreStatus status = isRecent ? Replay(start, volume, sequence, free.Layers) : StoreStatus.Ok;
        NodePointer root = default;
        bool isKept = false;
        if (status == StoreStatus.Ok)
        {
            status = isRecent
                ? objects.BottomOf(free.Path, start.Volumes, out root)
                : FindInTrees(volume, sequence, out root, out _, out isKept);
        }
        if (status == StoreStatus.Ok)
            free.Open(volume, sequence, root, start.Number);
        if (status == StoreStatus.Ok && isKept && context.Super->Current.Number == start.Number && !IsBeingDropped(free))
            free.Unpin();
        if (status != StoreStatus.Ok)
            free.Close();
        else
            view = free;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.ShowCheckpoint"/>.</summary>
    public StoreStatus ShowCheckpoint(VolumeId volume, ulong sequence)
    {
        if (!context.Options.ReadOnly)
            return StoreStatus.BadArgument;
        if (directory.Look(volume, out _) == StoreStatus.NotFound)
            return StoreStatus.NotFound;
        bool isRecent = IsRecent(volume, sequence);
        bool isLast = false;
        StoreStatus status = isRecent ? StoreStatus.Ok : FindInTrees(volume, sequence, out _, out isLast, out _);
        if (status != StoreStatus.Ok)
            return status;
        Cut start = isRecent ? StartOf(sequence) : context.Super->Current;
        LayerSet set = present.Active;
        set.Clear();
        present.Show(start.Volumes);
        if (isRecent)
            return Replay(start, volume, sequence, set);
        if (isLast)
            return StoreStatus.Ok;
        if (!set.Arena.Reserve(Layer.FixedBytes))
            return StoreStatus.OutOfMemory;
        set.Push(set.ChangesOf(volume.Value), null, StateBelow.Checkpoint, volume.Value, sequence);
        return StoreStatus.Ok;
    }

    private bool IsRecent(VolumeId volume, ulong sequence) => recent.Contains(volume, sequence) && sequence <= log.DurableSequence;

    // The cut to start from: the last one, unless that contains more already.
    private Cut StartOf(ulong sequence)
        => sequence < context.Super->Current.Sequence ? context.Super->Previous : context.Super->Current;

    // The cut that is being made drops it.
    private bool IsBeingDropped(StoreView view) => present.IsFrozen && present.Frozen.Drops(view.Volume.Value, view.Sequence);

    // A kept checkpoint, or the volume's last commit in the trees, which is their present state, and may be kept as well.
    private StoreStatus FindInTrees(VolumeId volume, ulong sequence, out NodePointer root, out bool isLast, out bool isKept)
    {
        isKept = false;
        StoreStatus status = volumes.Find(context.Super->Current.Volumes, volume.Value, out VolumeRecord record, out root);
        isLast = status == StoreStatus.Ok && record.LastSequence == sequence;
        if (status != StoreStatus.Ok)
            return status;
        StoreStatus kept = volumes.FindKept(record, sequence, out NodePointer ofKept);
        isKept = kept == StoreStatus.Ok && (!isLast || ofKept.Block == root.Block);
        if (!isLast)
            root = ofKept;
        return isLast ? StoreStatus.Ok : kept;
    }

    private StoreStatus Replay(in Cut start, VolumeId volume, ulong sequence, LayerSet set)
    {
        set.Arena.Limit = context.Options.OverlayBytes * 2;
        var replay = new LogReplay(context, start);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < sequence)
            status = replay.Next(set);
        replay.Dispose();

        // The part of the log that held it may have been overwritten meanwhile.
        return status == StoreStatus.Corrupt && !recent.Contains(volume, sequence) ? StoreStatus.NotFound : status;
    }
}
