// Commits of any size. One record holds at most a quarter of the log, and its changes must fit into a layer; what is larger is committed in
// parts, to a hidden clone H of its volume V. Parts are ordinary commits, with cuts between them as those fall due. The last record says "V
// takes the state of H, and H ends": V's top layer becomes H's, or one above H's root, and that moment is the commit, with its epoch, time
// and name. So until the last record is durable, the log's prefix that recovery finds has V as it was; and with it, all parts.
//
//   * Nobody but the large commit changes V's state meanwhile (Busy); checkpoints of V may be dropped.
//   * H has a number with HiddenBit: it is not listed, looked up, cloned or kept, and its parts are no checkpoints.
//   * Nothing is written to give one up: an H that nobody holds open is given back by the cuts (VolumeReclaimer), after a crash as well.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Opens, fills, finishes and gives up large commits.</summary>
internal sealed unsafe class LargeCommits(
    StoreContext context,
    HistoryState history,
    OpenLargeCommits open,
    CommitPool pool,
    CommitRoom room,
    CommitBuilder builder,
    Committer committer,
    VolumeDirectory directory,
    VolumeCommits volumes,
    CutSchedule schedule)
{
    // Of what one commit may take, a part takes this share. The rest is for what its clones and removals turn out to take, and for the ends
    // of blocks of the log, of which at most half stays unused.
    private const ulong PartShare = 3;
    private const ulong LogEntryBytes = 40;

    /// <summary>See <see cref="ObjectStore.IsFull"/>.</summary>
    public bool IsFull(StoreCommit* commit, int joined)
    {
        // Joined ones are applied in one stretch, and none waits for its own data.
        bool isMuch = commit->Operations * (ulong)joined >= (ulong)context.Options.FewestApart
            || commit->DataPages * (ulong)joined * PageSize.Bytes > context.Options.OrderedCommitBytes;
        if (joined > 1 && isMuch)
            return true;
        CommitBudget budget = room.Budget;
        ulong share = PartShare * (ulong)joined;
        ulong logBytes = (commit->Operations * LogEntryBytes) + commit->Changes.RecordBytes;
        return commit->LayerBytes >= budget.Bytes / share || logBytes >= budget.LogBlocks * LogBlockHeader.PayloadBytes / share;
    }

    /// <summary>See <see cref="ObjectStore.BeginLarge"/>.</summary>
    public StoreStatus Begin(VolumeId volume, in CommitInfo info, out LargeCommit* large)
    {
        large = null;
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        StoreStatus status = directory.Look(volume, out VolumeLook look);
        if (status != StoreStatus.Ok)
            return status;
        if ((look.Record.Flags & VolumeFlags.Image) != 0)
            return StoreStatus.BadArgument;
        if (open.IsTaken(volume.Value))
            return StoreStatus.Busy;
        LargeCommit* slot = open.Take(volume.Value);
        if (slot == null)
            return StoreStatus.OutOfMemory;
        CommitInfo about = info;
        about.NameLength = 0;
        status = volumes.CloneHidden(slot, about);
        if (status == StoreStatus.Ok)
            large = slot;
        else
            Abort(slot);
        return status;
    }

    /// <summary>See <see cref="ObjectStore.SubmitPart"/>.</summary>
    public StoreStatus SubmitPart(LargeCommit* large, StoreCommit* part, in CommitInfo info)
    {
        Panic.Unless(part->Volume == large->Volume, "store: a part of another volume's large commit"u8);
        CommitInfo about = info;
        about.NameLength = 0;
        part->Volume = large->Hidden;
        part->IsPart = true;
        if (part->Changes.HistoryChanges != 0 && part->Status == StoreStatus.Ok)
            part->Status = StoreStatus.BadArgument;
        StoreStatus status = committer.Submit(part, about);
        if (status == StoreStatus.Ok)
            large->DataPages += part->DataPages;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.FinishLarge"/>.</summary>
    public StoreStatus Finish(LargeCommit* large, in CommitInfo info, out StoreCommit* commit)
    {
        StoreStatus status = BeginFinish(large, out commit);
        if (status != StoreStatus.Ok)
            return status;
        status = committer.Submit(commit, info);
        if (status == StoreStatus.Ok)
        {
            EndFinish(large);
            return status;
        }
        pool.Release(commit);
        commit = null;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.BeginFinishLarge"/>.</summary>
    public StoreStatus BeginFinish(LargeCommit* large, out StoreCommit* commit)
    {
        commit = builder.Begin(new VolumeId(large->Volume));
        if (commit == null)
            return context.PoisonStatus == StoreStatus.Ok ? StoreStatus.OutOfMemory : StoreStatus.Poisoned;
        StoreStatus status = builder.AddOperation(commit, LogEntryKind.TakeVolume, new ObjectId(1), large->Hidden, null, default);
        if (status == StoreStatus.Ok)
        {
            commit->LastOperation->Block = large->DataPages;
            return status;
        }
        pool.Release(commit);
        commit = null;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.EndFinishLarge"/>.</summary>
    public void EndFinish(LargeCommit* large) => open.Give(large);

    /// <summary>See <see cref="ObjectStore.AbortLarge"/>.</summary>
    public void Abort(LargeCommit* large)
    {
        open.Give(large);
        history.IsReclaiming = true;

        // Also when nothing else is committed.
        schedule.Ask();
    }
}
