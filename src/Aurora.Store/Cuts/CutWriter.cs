// What a cut writes: the changed nodes of the trees, the changed pages of the space map, a flush, then the superblock into the older
// slot, and a flush. Until that one is whole, the cut before stays.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Puts the frozen set on the device.</summary>
internal sealed unsafe class CutWriter(
    StoreContext context,
    PresentState present,
    HistoryState history,
    RecentCheckpoints recent,
    LogState log,
    SpaceState space,
    SpaceMarks marks,
    SpaceWriter spaceWriter,
    TreeCutter treeCutter,
    SuperblockWriter superblocks)
{
    /// <summary>Merges and writes what was prepared, and shows it to readers. Blocks.</summary>
    public StoreStatus Write()
    {
        Superblock* super = context.Super;
        Cut next = present.FrozenEnd;
        next.Number = super->Current.Number + 1;
        space.BeginCut(next.Number);
        if (context.Has(SeededFaults.EarlyBlockReuse))
            marks.UpdateReusable(next.Number + 1);
        marks.TakeReleased();
        StoreStatus status = treeCutter.Merge(present.Frozen, super->Current.Volumes, next.Number, out next.Volumes);
        if (status == StoreStatus.Ok)
            status = spaceWriter.WriteChanges(treeCutter.Batch);
        StoreStatus written = treeCutter.Batch.Drain();
        spaceWriter.BatchDrained();
        if (status == StoreStatus.Ok)
            status = written;
        if (status == StoreStatus.Ok && !context.Has(SeededFaults.UnflushedCut))
            status = context.Flush();
        // Another's FLUSH may have failed meanwhile, and what the device had of this cut by then may be gone, whatever its own one says.
        if (status == StoreStatus.Ok && context.PoisonStatus != StoreStatus.Ok)
            status = StoreStatus.Poisoned;
        if (status != StoreStatus.Ok)
            return status;
        Superblock* scratch = superblocks.Draft();

        // The state that is upgraded has no volume table to read its recent history from.
        bool isUpgrading = context.Options.Upgrade && super->Current.Volumes.IsEmpty;
        scratch->Previous = isUpgrading ? default : super->Current;
        scratch->Current = next;
        scratch->AutomaticCount = history.AutomaticCount;
        scratch->DurableSequence = next.Sequence;
        scratch->UsedBlocks = space.UsedBlocks;
        scratch->FreedBlocks = space.FreedByCut;
        scratch->NodeBlocks = (ulong)((long)super->NodeBlocks + treeCutter.NodeBalance);
        status = superblocks.WriteDraft();
        if (status == StoreStatus.Ok)
            Publish(scratch);
        return status;
    }

    // The new cut is durable: in one stretch, readers see its trees instead of the frozen set, and space it no longer needs becomes free.
    private void Publish(Superblock* written)
    {
        // Volumes may have been made while it was written.
        written->NextVolume = Math.Max(written->NextVolume, context.Super->NextVolume);
        *context.Super = *written;
        present.Frozen.Clear();
        present.IsFrozen = false;
        Cut oldest = written->Previous.Number != 0 ? written->Previous : written->Current;
        log.Tail = oldest.LogPosition;
        recent.DropBefore(oldest.Sequence);
        context.Statistics.Cuts++;

        // Blocks freed by older cuts become reusable, except for those an open view may still read.
        marks.UpdateReusable(written->Current.Number);
        context.Fibers.WakeAll(&context.Queues->Room);
    }
}
