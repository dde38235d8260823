// Retention: a cut whose state of a volume is a second or more after the last one kept is kept too, as an automatic checkpoint; each cut
// drops a few of those that are too old for their tier. Both are part of the cut, so they need no record, and a power cut undoes or keeps
// them with it. Dropping costs what it frees. On a full disk history gives way: see CommitSpace.
//
// A volume that nothing is committed to does not age: its history stays as it is.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Keeps and drops automatic checkpoints.</summary>
internal sealed unsafe class Retention(
    StoreContext context,
    PresentState present,
    HistoryState history,
    VolumeTable volumes,
    SpaceReserve reserve,
    Checkpoints checkpoints)
{
    // What a pass over the history has done, and may do.
    private struct Pass
    {
        public ulong Dropped;
        public ulong Most;
        public ulong Kept;
        public ulong MostKept;
        public ulong ToGive;
    }

    /// <summary>A commit of this time has been applied.</summary>
    public void NoteTime(ulong now)
    {
        bool isBack = now < history.NewestTime;
        bool isLeap = !isBack && now - history.NewestTime > context.Options.Retention.FineSpan;
        if (isBack || (isLeap && !history.HasTimeLeapt))
        {
            history.IsTimeSteady = false;
            history.SteadySince = now;
        }
        else if (isLeap || now - history.SteadySince >= context.Options.Retention.FineSpan)
        {
            // A second leap in a row: commits are just rare.
            history.IsTimeSteady = true;
        }
        history.HasTimeLeapt = isLeap;
        history.NewestTime = now;
    }

    /// <summary>
    /// Adds to the frozen set which of its states become automatic checkpoints, and which checkpoints the cut drops. A history that cannot
    /// be read is left as it is. Volumes' records have been read. Blocks.
    /// </summary>
    public void Apply()
    {
        if (!history.IsRecovered)
            return;

        // Under pressure a cut drops as many as there is room for the nodes that change; a few are in the reserve.
        ulong room = reserve.RoomForSteps;
        bool isPressed = history.IsPressed || reserve.IsTight;
        var pass = new Pass
        {
            Most = SpaceReserve.MostDropsPerCut + room,
            MostKept = isPressed ? 1 : 1 + room,
            ToGive = isPressed ? (history.AutomaticCount + 1) / 2 : 0,
        };
        history.IsPressed = false;
        history.AutomaticCount = context.Super->AutomaticCount;
        for (LayerNode* node = present.Frozen.FirstVolume; node != null; node = Layer.Next(node))
        {
            var changes = (VolumeChanges*)node->Info;
            if (changes->Volume >= VolumeRecord.DroppedBit)
                continue;
            if (changes->IsDropped)
                history.AutomaticCount -= Math.Min(history.AutomaticCount, changes->Record.AutomaticCount);
            else
                ApplyTo(changes, ref pass);
            context.Fibers.Yield();
        }
        if (isPressed)
            ThinUnchanged(ref pass);
        context.Statistics.CheckpointsDropped += pass.Dropped;
    }

    private void ApplyTo(VolumeChanges* changes, ref Pass pass)
    {
        ulong before = changes->Record.AutomaticCount;
        Thin(changes, ref pass);
        Keep(changes, ref pass);
        CountMade(changes);
        history.AutomaticCount += changes->Record.AutomaticCount - before;
    }

    // The last commit of the volume may become a checkpoint. One of a cut is in the reserve; more need room.
    private void Keep(VolumeChanges* changes, ref Pass pass)
    {
        if (context.Options.Retention.IsOff || changes->Top == null || new VolumeId(changes->Volume).IsHidden || pass.Kept >= pass.MostKept)
            return;
        CheckpointInfo last = changes->Top->Last;
        ulong time = last.Commit.RealtimeNanoseconds;
        bool isNew = last.Sequence > changes->Record.LastSequence && last.Commit.NameLength == 0;
        ulong kept = changes->Record.LastKeptNanoseconds;
        bool isDue = time < kept || time - kept >= context.Options.Retention.FineSpacing;
        if (!isNew || !isDue || !present.Frozen.Arena.Reserve(LayerSet.OptionalBytes))
            return;
        HistoryRecord record = HistoryRecord.From(last.Commit, last.Bytes, HistoryFlags.Automatic);
        present.Frozen.PutHistory(changes->Volume, last.Sequence, record.AsBytes(), changes->Top);
        changes->Record.LastKeptNanoseconds = time;
        pass.Kept++;
    }

    // What the cut adds: a branch that was left, a target of a rollback or a clone, a state that is kept for its age. May be too many, when
    // one is there already: the next count is right.
    private void CountMade(VolumeChanges* changes)
    {
        bool isPromoted = history.IsPromotionDue && history.PromotedVolume.Value == changes->Volume;
        changes->Record.AutomaticCount += isPromoted ? 1u : 0u;
        for (LayerNode* node = changes->History == null ? null : changes->History->First; node != null; node = Layer.Next(node))
        {
            bool isMade = node->Info->RecordState == LayerRecord.Present;
            bool isAutomatic = isMade && (((HistoryRecord*)node->Info->Record)->Flags & HistoryFlags.Automatic) != 0;
            changes->Record.AutomaticCount += isAutomatic ? 1u : 0u;
        }
    }

    private void Thin(VolumeChanges* changes, ref Pass pass)
    {
        var volume = new VolumeId(changes->Volume);
        ulong count = 0;
        ulong dropped = 0;
        ulong lastBucket = ulong.MaxValue;
        ulong sequence = 0;
        bool mayAge = !context.Options.Retention.IsOff && history.IsTimeSteady;
        while (!changes->IsNew && checkpoints.NextKept(volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            context.Fibers.Yield();
            if (!info.IsAutomatic)
                continue;
            bool isAged = mayAge && IsOutdated(info.Commit.RealtimeNanoseconds, ref lastBucket);
            bool isGiven = pass.Dropped < pass.ToGive;
            count++;
            bool isEnough = pass.Dropped >= pass.Most || (pass.Dropped >= SpaceReserve.MostDropsPerCut && !isGiven);
            if ((!isGiven && !isAged) || isEnough || IsNeeded(volume, sequence))
                continue;
            if (present.Frozen.HistoryOf(volume.Value, sequence) != null || !present.Frozen.Arena.Reserve(LayerSet.OptionalBytes))
                continue;
            present.Frozen.DropHistory(volume.Value, sequence);
            dropped++;
            pass.Dropped++;
        }
        changes->Record.AutomaticCount = count - dropped;
    }

    // A rollback or a clone that is not in the trees yet goes back to it.
    private bool IsNeeded(VolumeId volume, ulong sequence)
    {
        bool isNeeded = history.IsTarget(volume, sequence);
        for (Layer* layer = present.Active.First; layer != null && !isNeeded; layer = layer->NextInSet)
        {
            isNeeded = layer->Below == StateBelow.Checkpoint && layer->BelowVolume == volume.Value
                && layer->BelowSequence == sequence;
        }
        return isNeeded;
    }

    // Volumes that the set does not change have history to give as well.
    private void ThinUnchanged(ref Pass pass)
    {
        ulong from = 0;
        while (pass.Dropped < pass.ToGive && pass.Dropped < pass.Most)
        {
            NodePointer table = context.Super->Current.Volumes;
            StoreStatus status = volumes.FindFrom(table, from, out ulong volume, out VolumeRecord record, out NodePointer objects);
            if (status != StoreStatus.Ok || volume >= VolumeRecord.DroppedBit)
                return;
            from = volume + 1;
            if (record.AutomaticCount == 0 || present.Frozen.Find(volume) != null)
                continue;
            if (!present.Frozen.Arena.Reserve(LayerSet.OptionalBytes))
                return;
            VolumeChanges* changes = present.Frozen.ChangesOf(volume);
            changes->Record = record;
            changes->OldRoot = objects;
            changes->IsInTable = true;
            ulong before = record.AutomaticCount;
            Thin(changes, ref pass);
            history.AutomaticCount += changes->Record.AutomaticCount - before;
        }
    }

    // The first of each coarse interval stays.
    private bool IsOutdated(ulong time, ref ulong lastBucket)
    {
        ulong age = time < history.NewestTime ? history.NewestTime - time : 0;
        if (age <= context.Options.Retention.FineSpan)
            return false;
        if (age > context.Options.Retention.CoarseSpan)
            return true;
        ulong bucket = time / context.Options.Retention.CoarseSpacing;
        bool isRepeated = bucket == lastBucket;
        lastBucket = bucket;
        return isRepeated;
    }

    /// <summary>Counts the automatic checkpoints that may go; false when there is none. Blocks.</summary>
    public bool HasHistoryToGive()
    {
        history.AutomaticCount = 0;
        ulong from = 0;
        while (volumes.FindFrom(present.Table, from, out ulong volume, out _, out _) == StoreStatus.Ok
            && volume < VolumeRecord.DroppedBit)
        {
            from = volume + 1;
            CountIn(new VolumeId(volume));
        }
        return history.AutomaticCount > 0;
    }

    private void CountIn(VolumeId volume)
    {
        ulong sequence = 0;
        while (checkpoints.NextKept(volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            history.AutomaticCount += info.IsAutomatic && !history.IsTarget(volume, sequence) ? 1u : 0u;
        }
    }
}
