// Opening checkpoints for reading. A kept one is a root in the history tree; a recent one the trees of one of the last two cuts and the
// log from there. A store opened for reading can show one as its present: it makes no cuts, so it also follows the rollbacks in its log
// this way.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Opens views, and shows checkpoints in place of the present.</summary>
internal sealed unsafe class CheckpointViews(
    StoreContext context, PresentState present, RecentCheckpoints recent, LogState log, TreeReader trees, StoreView[] views)
{
    /// <summary>See <see cref="ObjectStore.OpenView"/>.</summary>
    public StoreStatus Open(ulong sequence, out StoreView? view)
    {
        view = null;
        StoreView? free = null;
        foreach (StoreView candidate in views)
        {
            if (!candidate.IsOpen)
                free = candidate;
        }
        if (free == null)
            return StoreStatus.OutOfMemory;
        Superblock* super = context.Super;
        bool isRecent = recent.Contains(sequence) && sequence <= log.DurableSequence;
        Cut start = super->Current;
        if (isRecent && sequence < start.Sequence)
            start = super->Previous;
        else if (!isRecent && sequence != start.Sequence)
            return OpenKept(sequence, free, ref view);

        // Opened first, so that nothing it needs is reused while the log is read.
        free.Open(sequence, start.Objects, start.Number);
        NodePointer objects = start.Objects;
        StoreStatus status = isRecent ? Replay(start, sequence, free.Layer, ref objects) : StoreStatus.Ok;
        if (status == StoreStatus.Ok)
            free.Open(sequence, objects, start.Number);
        if (status != StoreStatus.Ok)
            free.Close();
        else
            view = free;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.ShowCheckpoint"/>.</summary>
    public StoreStatus ShowCheckpoint(ulong sequence)
    {
        if (!context.Options.ReadOnly)
            return StoreStatus.BadArgument;
        StoreStatus status = Open(sequence, out StoreView? view);
        if (view == null)
            return status;
        NodePointer objects = view.Objects;
        view.Close();
        Cut start = sequence < context.Super->Current.Sequence ? context.Super->Previous : context.Super->Current;
        bool isKept = !recent.Contains(sequence);
        present.Active.Clear();
        status = isKept || sequence == start.Sequence ? StoreStatus.Ok : Replay(start, sequence, present.Active, ref objects);
        present.Switch(objects);
        return status;
    }

    private StoreStatus OpenKept(ulong sequence, StoreView free, ref StoreView? view)
    {
        free.Open(sequence, default, context.Super->Current.Number);
        StoreStatus status = trees.FindKept(context.Super->History, sequence, out NodePointer objects);
        if (status != StoreStatus.Ok)
        {
            free.Close();
            return status;
        }
        free.Open(sequence, objects, free.BaseCut);
        view = free;
        return StoreStatus.Ok;
    }

    private StoreStatus Replay(in Cut start, ulong sequence, Layer layer, ref NodePointer objects)
    {
        layer.Arena.Limit = context.Options.OverlayBytes * 2;
        var replay = new LogReplay(context, start);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < sequence)
        {
            status = replay.Next(layer);

            // Only a store opened for reading has a rollback behind its newest cut.
            if (status == StoreStatus.Ok && layer.RollbackTo != 0)
                status = SwitchTo(layer, out objects);
        }
        replay.Dispose();

        // The part of the log that held it may have been overwritten meanwhile.
        return status == StoreStatus.Corrupt && !recent.Contains(sequence) ? StoreStatus.NotFound : status;
    }

    /// <summary>Reading only: a rollback has been replayed, and its target is the present from here on. Blocks.</summary>
    public StoreStatus SwitchPresent()
    {
        StoreStatus status = SwitchTo(present.Active, out NodePointer objects);
        present.Switch(objects);
        return status;
    }

    // Reading only: forgets a layer that ends with a rollback and finds the trees to go on from.
    private StoreStatus SwitchTo(Layer layer, out NodePointer objects)
    {
        ulong sequence = layer.RollbackTo;
        layer.Clear();
        StoreStatus status = trees.FindKept(context.Super->History, sequence, out objects);
        return status == StoreStatus.NotFound ? context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, 0, 0, sequence) : status;
    }
}
