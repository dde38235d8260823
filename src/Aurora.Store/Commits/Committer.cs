// Submitting a commit. Submits take their turns in the order of the calls, so commits are ordered as their Submits were called. First
// blocks and memory are found and data writes started (this may wait); then, in one stretch without waiting, the commit gets its place
// in the log and is applied to the active layer. Thus a commit that is refused has changed nothing.
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
    CommitRoom room,
    Cutter cutter,
    VolumeDirectory volumes,
    OpenLargeCommits large,
    CommitApplier applier)
{
    /// <summary>See <see cref="ObjectStore.Submit"/>.</summary>
    public StoreStatus Submit(StoreCommit* commit, in CommitInfo info)
    {
        Panic.Unless(commit->State == CommitState.Building, "store: the commit was already submitted"u8);
        turns.Take();
        commit->Info = info;
        if (info.NameLength is < 0 or > CommitInfo.MaxNameBytes)
            commit->Status = StoreStatus.TooLong;
        StoreStatus status = commit->Status != StoreStatus.Ok ? commit->Status : SubmitInTurn(commit);
        if (status != StoreStatus.Ok)
            commit->State = CommitState.Failed;
        turns.End();
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

    /// <summary>Submits in a turn that has been taken (<see cref="CommitTurns"/>). Blocks.</summary>
    public StoreStatus SubmitInTurn(StoreCommit* commit)
    {
        if (commit->LayerBytes > room.Budget.Bytes)
            return context.Refuse(StoreStatus.CommitTooLarge, FaultPlace.Log, 0, 0, 0, commit->LayerBytes);
        StoreStatus status = cutter.RunDueCut();
        CheckpointInfo last = default;
        if (commit->ChangesState && !commit->TakesVolume && large.IsOpenOn(commit->Volume))
            return StoreStatus.Busy;
        if (status == StoreStatus.Ok)
            status = FindVolume(commit, out last);
        if (status == StoreStatus.Ok)
            status = room.WaitForSpace(commit);
        if (status != StoreStatus.Ok)
            return status;
        commit->IsOrdered = commit->DataPages * PageSize.Bytes > context.Options.OrderedCommitBytes;
        status = data.AssignBlocks(commit);
        if (status == StoreStatus.Ok)
        {
            status = data.BuildWrites(commit);
            if (status == StoreStatus.Ok)
                status = room.WaitForRoom(commit);
            if (status != StoreStatus.Ok)
                log.WaitAll(commit->FirstData);
        }
        if (status != StoreStatus.Ok)
        {
            data.ReturnBlocks(commit);
            return status;
        }
        log.Append(commit);
        applier.Apply(commit, last);
        return StoreStatus.Ok;
    }

    // The volume that the commit changes, or clones, must be there; images do not change. The turn keeps what is found as it is. Blocks.
    private StoreStatus FindVolume(StoreCommit* commit, out CheckpointInfo last)
    {
        last = default;
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
