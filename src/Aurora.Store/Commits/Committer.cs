// Submitting a commit, in two steps. It is prepared: blocks are claimed and found, pages summed and written, the record built, and the data
// of an ordered (large) commit made durable, and the changes of one of many operations in a layer apart; commits of several volumes are
// prepared at a time. Then it takes its turn, and waits there only for room; in one stretch without waiting it gets its place in the log
// and is applied to the active layer. Thus a commit that is refused has changed nothing, and no commit waits for the data of a larger one
// that is not of its volume. The stretch goes on until Submit has returned: who submits does what belongs to it in the same.
//
// Commits of a volume are in the order in which their Submits were called (CommitTurns).
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Submits commits, and tells when they are durable.</summary>
internal sealed unsafe class Committer(
    StoreContext context,
    CommitTurns turns,
    CommitLog log,
    CommitPool pool,
    CommitBuilder builder,
    CommitData data,
    CommitSpace space,
    CommitRoom room,
    LayerBuilder layers,
    Cutter cutter,
    VolumeDirectory volumes,
    OpenLargeCommits large,
    CommitApplier applier)
{
    /// <summary>See <see cref="ObjectStore.Submit"/>.</summary>
    public StoreStatus Submit(StoreCommit* commit, in CommitInfo info)
    {
        Panic.Unless(commit->State == CommitState.Building, "store: the commit was already submitted"u8);
        Panic.Unless(commit->NextJoined == null, "store: one of several joined commits was submitted by itself"u8);
        turns.StandInLine(commit);
        NoteInfo(commit, info);
        StoreStatus status = commit->Status != StoreStatus.Ok ? commit->Status : Prepare(commit, isInTurn: false);
        if (status == StoreStatus.Ok)
        {
            ulong start = context.Fibers.Trace.Begin();
            turns.Take();
            status = Append(commit);
            turns.End();
            context.Fibers.Trace.End(TraceKind.Turn, start, commit->Sequence);
        }
        if (status != StoreStatus.Ok)
        {
            GiveUp(commit);
            commit->State = CommitState.Failed;
        }
        turns.LeaveLine(commit);
        return status;
    }

    /// <summary>See <see cref="ObjectStore.IsDurable"/>.</summary>
    public StoreStatus IsDurable(StoreCommit* commit)
    {
        if (commit->State == CommitState.Durable)
            return StoreStatus.Ok;
        if (commit->State == CommitState.Failed || context.PoisonStatus != StoreStatus.Ok)
            return StoreStatus.Poisoned;
        return StoreStatus.Pending;
    }

    /// <summary>See <see cref="ObjectStore.WaitDurable"/>.</summary>
    public StoreStatus WaitDurable(StoreCommit* commit)
        => commit->State == CommitState.Failed ? StoreStatus.Poisoned : log.WaitDurable(commit->Sequence);

    /// <summary>See <see cref="ObjectStore.Release"/>.</summary>
    public void Release(StoreCommit* commit)
    {
        bool isDone = commit->State is CommitState.Durable or CommitState.Failed || context.PoisonStatus != StoreStatus.Ok;
        Panic.Unless(isDone, "store: released a commit that is still being written"u8);
        if (commit->Sequence != 0 && commit->State != CommitState.Durable)
            log.WaitForWrites(commit);
        pool.Release(commit);
    }

    /// <summary>
    /// False when so many commits have their places that one more must not be left to those who wait for later ones: perhaps nobody does.
    /// </summary>
    public bool MayForget => pool.InUse <= CommitPool.Slots / 2;

    /// <summary>Leaves a submitted commit to those who wait for later ones.</summary>
    public void Forget(StoreCommit* commit)
    {
        commit->IsForgotten = true;
        if (commit->State == CommitState.Durable)
            pool.Release(commit);
    }

    /// <summary>See <see cref="ObjectStore.IsWatermarkDue"/>.</summary>
    public bool IsWatermarkDue
        => !context.Options.ReadOnly && context.PoisonStatus == StoreStatus.Ok && turns.IsFree && log.IsWatermarkDue;

    /// <summary>See <see cref="ObjectStore.WriteWatermark"/>.</summary>
    public StoreStatus WriteWatermark()
    {
        if (!IsWatermarkDue)
            return context.PoisonStatus;
        StoreCommit* commit = builder.Begin(VolumeId.First);
        if (commit == null)
            return StoreStatus.OutOfMemory;
        commit->IsWatermark = true;
        CommitInfo info = default;
        StoreStatus status = Submit(commit, info);
        if (status == StoreStatus.Ok)
            status = WaitDurable(commit);
        Release(commit);
        return status;
    }

    /// <summary>Prepares and submits in a turn that has been taken (<see cref="CommitTurns"/>). Blocks.</summary>
    public StoreStatus SubmitInTurn(StoreCommit* commit)
    {
        StoreStatus status = Prepare(commit, isInTurn: true);
        if (status == StoreStatus.Ok)
            status = Append(commit);
        if (status != StoreStatus.Ok)
            GiveUp(commit);
        return status;
    }

    /// <summary>What a commit, that is being built, is.</summary>
    public void NoteInfo(StoreCommit* commit, in CommitInfo info)
    {
        commit->Info = info;
        if (info.NameLength is < 0 or > CommitInfo.MaxNameBytes)
            commit->Status = StoreStatus.TooLong;
    }

    /// <summary>The first half of the preparation: claims the space that the commit needs. Blocks.</summary>
    public StoreStatus Claim(StoreCommit* commit, bool isInTurn)
    {
        if (commit->LayerBytes > room.Budget.Bytes)
            return context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, commit->LayerBytes);
        StoreStatus status = cutter.RunDueCut();

        // Whether there is such a volume is asked again in the turn: before it, that only spares writing for nothing.
        if (status == StoreStatus.Ok)
            status = FindVolume(commit, out _);
        return status == StoreStatus.Ok ? space.Wait(commit, isInTurn) : status;
    }

    /// <summary>The second half: finds blocks, writes the data and builds the record. Blocks.</summary>
    public StoreStatus Write(StoreCommit* commit)
    {
        commit->IsOrdered = commit->DataPages * PageSize.Bytes > context.Options.OrderedCommitBytes;
        StoreStatus status = data.AssignBlocks(commit);
        return status == StoreStatus.Ok ? data.BuildWrites(commit) : status;
    }

    /// <summary>In the turn, with room for it: the commit gets its place in the log. <see cref="Apply"/> follows.</summary>
    public void Place(StoreCommit* commit)
    {
        ulong start = context.Fibers.Trace.Begin();
        log.Append(commit);
        context.Fibers.Trace.End(TraceKind.Append, start, (ulong)commit->LogPages);
    }

    /// <summary>What has its place is applied, in the same stretch. <see cref="EndApplying"/> follows.</summary>
    public void Apply(StoreCommit* commit, in CheckpointInfo last)
    {
        ulong start = context.Fibers.Trace.Begin();
        applier.Apply(commit, last);
        context.Fibers.Trace.End(TraceKind.Apply, start, commit->Operations);
        space.Unclaim(commit);
    }

    /// <summary>The commit, and all that it is joined with, are applied.</summary>
    public void EndApplying(StoreCommit* commit)
    {
        if (!commit->IsWatermark)
            applier.End(commit->Info.RealtimeNanoseconds);
    }

    /// <summary>A commit that has no place gives back what it had claimed.</summary>
    public void GiveUp(StoreCommit* commit)
    {
        layers.GiveUp(commit);
        data.ReturnBlocks(commit);
        space.Unclaim(commit);
    }

    private StoreStatus Prepare(StoreCommit* commit, bool isInTurn)
    {
        StoreStatus status = Claim(commit, isInTurn);
        if (status == StoreStatus.Ok)
            status = Write(commit);
        if (status == StoreStatus.Ok && !isInTurn && LayerBuilder.IsForApart(context, commit))
            layers.Build(commit);
        return status;
    }

    // In the turn.
    private StoreStatus Append(StoreCommit* commit)
    {
        StoreStatus status = FindVolume(commit, out CheckpointInfo last);
        if (status == StoreStatus.Ok)
            status = space.WaitWithRoom(commit);
        if (status != StoreStatus.Ok)
            return status;
        Place(commit);
        Apply(commit, last);
        EndApplying(commit);
        return StoreStatus.Ok;
    }

    /// <summary>
    /// The volume that the commit changes, or clones, must be there; images do not change. The turn keeps what is found as it is. Blocks.
    /// </summary>
    public StoreStatus FindVolume(StoreCommit* commit, out CheckpointInfo last)
    {
        last = default;
        if (commit->ChangesState && !commit->TakesVolume && large.IsOpenOn(commit->Volume))
            return StoreStatus.Busy;
        LogEntryKind kind = commit->FirstOperation == null ? LogEntryKind.None : commit->FirstOperation->Kind;
        bool isKnown = kind < LogEntryKind.Rollback && volumes.IsOpenForCommits(commit->Volume);
        if (new VolumeId(commit->Volume).IsHidden != commit->IsPart)
            return StoreStatus.NotFound;
        if (commit->IsWatermark || kind == LogEntryKind.CreateVolume || isKnown)
            return StoreStatus.Ok;
        bool isClone = kind == LogEntryKind.CloneVolume;
        var volume = new VolumeId(isClone ? commit->FirstOperation->Page : commit->Volume);
        StoreStatus status = commit->IsPart && !isClone ? volumes.LookAny(volume, out VolumeLook look) : volumes.Look(volume, out look);
        last = look.Last;
        bool isFixed = (look.Record.Flags & VolumeFlags.Image) != 0
            && kind is not (LogEntryKind.CloneVolume or LogEntryKind.DropVolume or LogEntryKind.SetVolume);
        return status == StoreStatus.Ok && isFixed ? StoreStatus.BadArgument : status;
    }
}
