// Rollback: the next state is that of a retained checkpoint. Two cuts and one record:
//   1. A cut gives the target a root in the history tree, unless it has one. From here on it is found whatever happens.
//   2. A record "rollback to N" is logged like a commit, and the layer ends with it.
//   3. The cut of that layer merges what came before, keeps it as a checkpoint of its own (the branch that was left), and takes N's root as
//      the object tree. Its superblock makes all of this happen at once.
// A power cut before 2 is durable leaves the old state, one after it is finished by recovery. Nothing is copied: the cost is that of
// two cuts.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Goes back to a retained checkpoint.</summary>
internal sealed unsafe class Rollback(
    StoreContext context,
    HistoryState history,
    CommitTurns turns,
    CommitLog log,
    CommitBuilder builder,
    Committer committer,
    Cutter cutter,
    TargetKeeper keeper)
{
    /// <summary>See <see cref="ObjectStore.Rollback(ulong, in CommitInfo, out ulong)"/>. Blocks.</summary>
    public StoreStatus To(ulong sequence, in CommitInfo info, out ulong ownSequence)
    {
        ownSequence = 0;
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        if (info.NameLength != 0)
            return StoreStatus.BadArgument;
        turns.Take();
        StoreStatus status = log.WaitDurable(log.LastSequence);
        if (status == StoreStatus.Ok)
            status = history.Fault.Status;
        if (status == StoreStatus.Ok)
            status = keeper.Keep(sequence);
        if (status == StoreStatus.Ok)
            status = Submit(sequence, info, out ownSequence);
        history.RollbackTarget = 0;
        turns.End();
        return status;
    }

    private StoreStatus Submit(ulong sequence, in CommitInfo info, out ulong ownSequence)
    {
        ownSequence = 0;
        StoreCommit* commit = builder.Begin(0);
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
        status = log.WaitDurable(ownSequence);
        while (status == StoreStatus.Ok && context.Super->Current.Sequence < ownSequence)
            status = cutter.Cut();
        committer.Release(commit);
        return status;
    }
}
