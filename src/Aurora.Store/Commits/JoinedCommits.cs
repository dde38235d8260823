// Commits of several volumes that are durable together or not at all. Their records follow each other in the log, and each but the last
// says so (LogFlags.Joined): recovery takes all of them or none. They are submitted as one commit is (Committer), but:
//
//   * They stand in the lines of all their volumes from the beginning, with places they got in one stretch.
//   * Each claims its space while those before it have theirs. Who does so is alone: two could wait for each other's claims. What has one
//     claim waits for none (CommitSpace).
//   * In the turn there must be room for all of them before the first gets its place; then all get theirs in one stretch, so no cut is
//     between them.
//   * None of them is acknowledged before all are durable (CommitLog).
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Submits commits that belong together.</summary>
internal sealed unsafe class JoinedCommits(
    StoreContext context, CommitTurns turns, CommitClaims claims, CommitSpace space, CommitRoom room, Committer committer)
{
    /// <summary>So many commits can be joined.</summary>
    public const int Most = 8;

    /// <summary>See <see cref="ObjectStore.Join"/>.</summary>
    public void Join(StoreCommit* first, StoreCommit* commit, in CommitInfo info)
    {
        Panic.Unless(commit->State == CommitState.Building && commit->NextJoined == null, "store: a commit was joined twice"u8);
        StoreCommit* last = first;
        for (int count = 1; ; count++, last = last->NextJoined)
        {
            Panic.Unless(count < Most && last->Volume != commit->Volume, "store: too many joined commits, or two of one volume"u8);
            if (last->NextJoined == null)
                break;
        }
        Panic.Unless(MayJoin(first) && MayJoin(commit), "store: a joined commit is about a volume"u8);
        committer.NoteInfo(commit, info);
        last->NextJoined = commit;
    }

    /// <summary>See <see cref="ObjectStore.SubmitJoined"/>.</summary>
    public StoreStatus Submit(StoreCommit* first, in CommitInfo info)
    {
        Panic.Unless(first->State == CommitState.Building, "store: the commits were already submitted"u8);
        committer.NoteInfo(first, info);
        turns.StandInLine(first);
        StoreStatus status = ClaimAll(first);
        for (StoreCommit* commit = first; commit != null && status == StoreStatus.Ok; commit = commit->NextJoined)
            status = committer.Write(commit);
        if (status == StoreStatus.Ok)
        {
            ulong start = context.Fibers.Trace.Begin();
            turns.Take();
            status = PlaceAll(first);
            turns.End();
            context.Fibers.Trace.End(TraceKind.Turn, start, first->Sequence);
        }
        for (StoreCommit* commit = first; commit != null; commit = commit->NextJoined)
        {
            if (status != StoreStatus.Ok)
            {
                committer.GiveUp(commit);
                commit->State = CommitState.Failed;
            }
            turns.LeaveLine(commit);
        }
        return status;
    }

    // Of those about volumes only the end of a large commit: it is about no other one.
    private static bool MayJoin(StoreCommit* commit)
        => commit->TakesVolume || commit->FirstOperation == null || commit->FirstOperation->Kind < LogEntryKind.Rollback;

    private StoreStatus ClaimAll(StoreCommit* first)
    {
        StoreStatus status = StoreStatus.Ok;
        while (claims.IsJoining)
            context.Fibers.Block(&context.Queues->Claims);
        claims.IsJoining = true;
        int claimed = 0;
        for (StoreCommit* commit = first; commit != null && status == StoreStatus.Ok; commit = commit->NextJoined)
        {
            commit->JoinedClaims = claimed++;
            status = commit->Status != StoreStatus.Ok ? commit->Status : committer.Claim(commit, isInTurn: false);
        }
        claims.IsJoining = false;
        context.Fibers.WakeAll(&context.Queues->Claims);
        return status;
    }

    // In the turn.
    private StoreStatus PlaceAll(StoreCommit* first)
    {
        CheckpointInfo* last = stackalloc CheckpointInfo[Most];
        StoreStatus status = StoreStatus.Ok;
        int count = 0;
        for (StoreCommit* commit = first; commit != null && status == StoreStatus.Ok; commit = commit->NextJoined)
            status = committer.FindVolume(commit, out last[count++]);
        if (status == StoreStatus.Ok)
            status = AwaitRoom(first);
        if (status != StoreStatus.Ok)
            return status;
        context.Device.BeginBatch();
        for (StoreCommit* commit = first; commit != null; commit = commit->NextJoined)
            committer.Place(commit);
        context.Device.EndBatch();
        count = 0;
        for (StoreCommit* commit = first; commit != null; commit = commit->NextJoined)
            committer.Apply(commit, last[count++]);
        committer.EndApplying(first);
        return StoreStatus.Ok;
    }

    private StoreStatus AwaitRoom(StoreCommit* first)
    {
        for (bool hasWaited = true; hasWaited;)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = StoreStatus.Ok;
            for (StoreCommit* commit = first; commit != null && status == StoreStatus.Ok; commit = commit->NextJoined)
                status = space.Wait(commit, isInTurn: true);
            if (status == StoreStatus.Ok)
                status = room.WaitForRoom(first, out hasWaited);
            if (status != StoreStatus.Ok)
                return status;
            hasWaited |= cut != context.Super->Current.Number;
        }
        return StoreStatus.Ok;
    }
}
