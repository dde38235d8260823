// What dropped volumes referred to is given back bit by bit: each cut drops some of their checkpoints, and the objects of those that have
// no checkpoint left; few when the disk is tight, as each may cost nodes, more when there is room. Until then the table holds them under
// keys with DroppedBit, which nobody can ask for. Hidden volumes (LargeCommits) that are neither open nor known to a set go the same way:
// a crash or a refusal has left them. While the log is replayed none goes, since what finishes it may still come.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Chooses what a cut gives back of dropped volumes.</summary>
internal sealed unsafe class VolumeReclaimer(
    StoreContext context, PresentState present, HistoryState history, OpenLargeCommits large, VolumeTable volumes, TreeReader trees,
    SpaceReserve reserve, CutSchedule schedule)
{
    /// <summary>Steps of a cut, as the reserve covers them.</summary>
    public const ulong FewestSteps = 2;
    private const ulong MostSteps = 4096;

    /// <summary>Adds to a set which checkpoints of dropped volumes go, and which volumes go as a whole. Blocks.</summary>
    public StoreStatus Choose(LayerSet set, in NodePointer table)
    {
        ulong left = FewestSteps + Math.Min(reserve.RoomForSteps, MostSteps);
        StoreStatus status = StoreStatus.Ok;

        // What the set itself drops is the next cut's.
        history.IsReclaiming = LeavesSome(set);
        ulong from = history.IsRecovered && !context.Has(SeededFaults.StayingHidden) ? VolumeRecord.HiddenBit : VolumeRecord.DroppedBit;
        while (left > 0 && status == StoreStatus.Ok)
        {
            status = volumes.FindFrom(table, from, out ulong volume, out VolumeRecord record, out NodePointer objects);
            if (status != StoreStatus.Ok)
                break;
            from = volume + 1;
            if (volume < VolumeRecord.DroppedBit && IsInUse(set, volume))
                continue;
            history.IsReclaiming = true;

            // Another cut has more room in its set.
            if (!set.Arena.Reserve(LayerSet.OptionalBytes))
                return StoreStatus.Ok;
            VolumeChanges* changes = set.ChangesOf(volume);
            changes->IsInTable = true;
            changes->OldRoot = objects;
            changes->Record = record;
            status = ChooseOf(set, changes, ref left);
            changes->IsEnded = changes->IsDropped && volume < VolumeRecord.DroppedBit;
        }

        // Of leftovers there may be more.
        if (left == 0 && from < VolumeRecord.DroppedBit)
            schedule.Ask();
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    // A large commit goes on with it, or a set will say what becomes of it.
    private bool IsInUse(LayerSet set, ulong hidden)
        => large.IsOpen(hidden) || present.Active.Find(hidden) != null || set.Find(hidden) != null;

    // The cut of the set leaves volumes in the table that later ones are to give back. Leftovers do not wait for a cut that is due.
    private bool LeavesSome(LayerSet set)
    {
        bool leaves = false;
        for (VolumeChanges* changes = set.FindFrom(VolumeRecord.HiddenBit); changes != null; changes = set.FindFrom(changes->Volume + 1))
        {
            bool isHidden = changes->Volume < VolumeRecord.DroppedBit;
            if (isHidden && (changes->IsEnded || large.IsOpen(changes->Volume)))
                continue;
            leaves = true;
            if (isHidden)
                schedule.Ask();
        }
        return leaves;
    }

    // The volume's checkpoints first. A history that cannot be read is given up: its blocks stay allocated, and a check reports them.
    private StoreStatus ChooseOf(LayerSet set, VolumeChanges* changes, ref ulong left)
    {
        StoreStatus status = StoreStatus.Ok;
        bool isAny = false;
        for (ulong key = 0; left > 0; left--)
        {
            status = trees.PinNextRecord(TreeKind.History, changes->Record.History, key, out NodeFrame* leaf, out RecordEntry* entry);
            if (status != StoreStatus.Ok)
                break;
            key = entry->Key + 1;
            NodeCache.Unpin(leaf);
            if (!set.Arena.Reserve(LayerSet.OptionalBytes))
                return StoreStatus.NotFound;
            set.DropHistory(changes->Volume, key - 1);
            isAny = true;
            context.Fibers.Yield();
        }
        if (status == StoreStatus.OutOfMemory)
            return status;
        changes->IsHistoryLeft = status is not (StoreStatus.Ok or StoreStatus.NotFound);
        if (changes->IsHistoryLeft)
            KernelLog.Line("store: the history of a dropped volume cannot be read; the space it held stays allocated"u8);
        changes->IsDropped = changes->IsHistoryLeft || !isAny;
        left -= changes->IsDropped && left > 0 ? 1u : 0u;
        return StoreStatus.Ok;
    }
}
