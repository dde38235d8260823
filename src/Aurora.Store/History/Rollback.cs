// Rollback: the next state of a volume is that of one of its retained checkpoints.
//   1. Cuts give the target a root in the history tree, unless it has one. From here on it is found whatever happens.
//   2. A record "rollback to N" is logged like a commit. The volume's newest layer is sealed, and kept as a checkpoint of its own (the
//      branch that was left); the next one has N below it.
// A power cut before 2 is durable leaves the old state, one after it the new one. Nothing is copied, and no other volume is concerned.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Goes back to a retained checkpoint.</summary>
internal sealed unsafe class Rollback(
    StoreContext context,
    CommitTurns turns,
    CommitLog log,
    CommitBuilder builder,
    Committer committer,
    TargetKeeper keeper)
{
    /// <summary>
    /// See <see cref="ObjectStore.Rollback(VolumeId, ulong, in CommitInfo, out ulong)"/>, and
    /// <see cref="ObjectStore.SubmitRollback"/>, which does not wait. Blocks.
    /// </summary>
    public StoreStatus To(VolumeId volume, ulong sequence, in CommitInfo info, bool waits, out ulong ownSequence)
    {
        ownSequence = 0;
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        if (info.NameLength != 0)
            return StoreStatus.BadArgument;
        turns.TakeBehind(volume);
        StoreStatus status = keeper.Keep(volume, sequence);
        if (status == StoreStatus.Ok)
            status = Submit(volume, sequence, info, waits, out ownSequence);
        keeper.Forget();
        turns.End();
        return status;
    }

    private StoreStatus Submit(VolumeId volume, ulong sequence, in CommitInfo info, bool waits, out ulong ownSequence)
    {
        ownSequence = 0;
        StoreCommit* commit = builder.Begin(volume);
        if (commit == null)
            return context.PoisonStatus == StoreStatus.Ok ? StoreStatus.OutOfMemory : StoreStatus.Poisoned;
        commit->Info = info;
        StoreStatus status = builder.AddOperation(commit, LogEntryKind.Rollback, new ObjectId(1), sequence, null, default);
        if (status == StoreStatus.Ok)
            status = committer.SubmitInTurn(commit);
        if (status != StoreStatus.Ok)
        {
            builder.Abort(commit);
            return status;
        }
        ownSequence = commit->Sequence;
        if (!waits)
        {
            committer.Forget(commit);
            return StoreStatus.Ok;
        }
        status = log.WaitDurable(ownSequence);
        committer.Release(commit);
        return status;
    }
}
