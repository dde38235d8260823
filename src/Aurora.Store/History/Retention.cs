// Retention: a cut whose state of a volume is a second or more after the last one kept is kept too, as an automatic checkpoint; each cut
// drops a few of those that are too old for their tier: eight, and of all volumes at least as many as it adds. Both are part of the cut, so
// they need no record, and a power cut undoes or keeps them with it. Dropping costs what it frees. On a full disk history gives way: see
// CommitSpace.
//
// A volume's record says when the first of its checkpoints will be too old: before that its history is not looked through.
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
    private const ulong Second = 1_000_000_000;

    // What a pass over the history has done, and may do. One checkpoint kept and a few dropped are in the reserve; there is room for so
    // many steps more.
    private struct Pass
    {
        public ulong Dropped;
        public ulong Kept;
        public ulong Room;
        public ulong ToGive;
        public bool IsPressed;

        public readonly bool MustGive => Dropped < ToGive;

        public readonly bool MayDrop => Dropped < SpaceReserve.MostDropsPerCut || Room > 0;

        // For its age alone: no more than keeps pace with what is added.
        public readonly bool MayDropAged => MayDrop && Dropped < SpaceReserve.MostDropsPerCut + (2 * Kept);

        public readonly bool MayKeep => Kept == 0 || (Room > 0 && !IsPressed);

        public void NoteDrop() => Room -= Dropped++ < SpaceReserve.MostDropsPerCut ? 0u : 1u;

        public void NoteKept() => Room -= Kept++ == 0 ? 0u : 1u;
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
        bool isPressed = history.IsPressed || reserve.IsTight;
        var pass = new Pass
        {
            Room = reserve.RoomForSteps,
            IsPressed = isPressed,
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
        if (context.Options.Retention.IsOff || changes->Top == null || new VolumeId(changes->Volume).IsHidden || !pass.MayKeep)
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
        pass.NoteKept();
    }

    // What the cut adds: a branch that was left, a target of a rollback or a clone, a state that is kept for its age. May be too many, when
    // one is there already: the next count is right.
    private void CountMade(VolumeChanges* changes)
    {
        bool isPromoted = history.IsPromotionDue && history.PromotedVolume.Value == changes->Volume;
        changes->Record.AutomaticCount += isPromoted ? 1u : 0u;
        changes->Record.NextDueSeconds = isPromoted ? 0 : changes->Record.NextDueSeconds;
        for (LayerNode* node = changes->History == null ? null : changes->History->First; node != null; node = Layer.Next(node))
        {
            bool isMade = node->Info->RecordState == LayerRecord.Present;
            var record = (HistoryRecord*)node->Info->Record;
            if (!isMade || (record->Flags & HistoryFlags.Automatic) == 0)
                continue;
            changes->Record.AutomaticCount++;
            uint due = Seconds(record->RealtimeNanoseconds + context.Options.Retention.FineSpan);
            changes->Record.NextDueSeconds = Math.Min(changes->Record.NextDueSeconds, due);
        }
    }

    private void Thin(VolumeChanges* changes, ref Pass pass)
    {
        var volume = new VolumeId(changes->Volume);
        ulong count = 0;
        ulong dropped = 0;
        ulong lastBucket = ulong.MaxValue;
        ulong sequence = 0;
        uint nextDue = uint.MaxValue;
        bool mayAge = !context.Options.Retention.IsOff && history.IsTimeSteady;
        bool isDue = mayAge && Seconds(history.NewestTime) >= changes->Record.NextDueSeconds;
        if (!changes->IsNew && !isDue && !pass.MustGive)
            return;
        StoreStatus status = changes->IsNew ? StoreStatus.NotFound : StoreStatus.Ok;
        while (status == StoreStatus.Ok)
        {
            status = checkpoints.NextKept(volume, sequence, out CheckpointInfo info);
            if (status != StoreStatus.Ok)
                break;
            sequence = info.Sequence;
            context.Fibers.Yield();
            if (!info.IsAutomatic)
                continue;
            bool isAged = IsOutdated(info.Commit.RealtimeNanoseconds, ref lastBucket);
            count++;
            bool isToGo = pass.MustGive ? pass.MayDrop : mayAge && isAged && pass.MayDropAged;
            if (isToGo && MayGo(volume, sequence))
            {
                present.Frozen.DropHistory(volume.Value, sequence);
                dropped++;
                pass.NoteDrop();
                continue;
            }
            nextDue = Math.Min(nextDue, isAged ? 0 : DueOf(info.Commit.RealtimeNanoseconds));
        }
        changes->Record.AutomaticCount = (uint)(count - dropped);
        changes->Record.NextDueSeconds = status == StoreStatus.NotFound ? nextDue : 0;
    }

    private bool MayGo(VolumeId volume, ulong sequence)
        => !IsNeeded(volume, sequence) && present.Frozen.HistoryOf(volume.Value, sequence) == null
            && present.Frozen.Arena.Reserve(LayerSet.OptionalBytes);

    // When one that is not too old now may be that at the earliest: when it gets behind the fine tier, or the coarse one.
    private uint DueOf(ulong time)
    {
        ulong age = time < history.NewestTime ? history.NewestTime - time : 0;
        bool isFine = age <= context.Options.Retention.FineSpan;
        return Seconds(time + (isFine ? context.Options.Retention.FineSpan : context.Options.Retention.CoarseSpan));
    }

    // Rounded down: looking too early costs only time.
    private static uint Seconds(ulong nanoseconds) => (uint)Math.Min(nanoseconds / Second, uint.MaxValue);

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
        while (pass.MustGive && pass.MayDrop)
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
        ulong count = 0;
        ulong from = 0;
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = volumes.FindFrom(present.Table, from, out ulong volume, out _, out _);

            // A cut may have moved the table meanwhile, and what it no longer needs be reused.
            if (status is not (StoreStatus.Ok or StoreStatus.NotFound) && cut != context.Super->Current.Number)
                continue;
            if (status != StoreStatus.Ok || volume >= VolumeRecord.DroppedBit)
                break;
            from = volume + 1;
            count += CountIn(new VolumeId(volume));
        }

        // Cuts that are made meanwhile change and write the number that is there.
        history.AutomaticCount = count;
        return count > 0;
    }

    private ulong CountIn(VolumeId volume)
    {
        ulong count = 0;
        ulong sequence = 0;
        while (checkpoints.NextKept(volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            count += info.IsAutomatic && !history.IsTarget(volume, sequence) ? 1u : 0u;
        }
        return count;
    }
}
