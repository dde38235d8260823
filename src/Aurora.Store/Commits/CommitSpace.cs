// Blocks for commits. A commit is claimed for (CommitClaims) in the stretch in which it was found to fit; from then on nobody else is
// promised what it needs. That happens before it has the turn, so that its data can be written meanwhile; in the turn it is looked at
// again, because what its clones copy is known only then. A cut frees blocks two cuts later: the superblock before the last one, and the
// recent history, still need them.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Waits for the space that commits need.</summary>
internal sealed unsafe class CommitSpace(
    StoreContext context,
    PresentState present,
    HistoryState history,
    CutState cuts,
    SpaceState space,
    CommitClaims claims,
    SpaceReserve reserve,
    CommitEstimate estimate,
    Retention retention,
    CommitRoom room)
{
    // How long a commit has waited.
    private struct Waiting
    {
        /// <summary>The cut at which it began, or began again when history was pressed for more.</summary>
        public ulong FirstCut;

        /// <summary>Automatic checkpoints there were when it was pressed, and how many cuts must have ended for it to show.</summary>
        public ulong Before;
        public ulong Answer;
    }

    /// <summary>
    /// Waits until there are free blocks for the commit's pages and the cuts behind it, and claims them; NoSpace when cuts do not help. Who
    /// has the turn does not wait for others that have claims: they may be waiting for the turn. Blocks.
    /// </summary>
    public StoreStatus Wait(StoreCommit* commit, bool isInTurn)
    {
        var waiting = new Waiting { FirstCut = context.Super->Current.Number, Before = ulong.MaxValue };
        while (!reserve.HasSpace(commit))
        {
            StoreStatus status = StoreStatus.Ok;
            bool isAllCut = IsAllCut;
            if (isAllCut && !isInTurn && claims.HasOthers(commit))
            {
                // What they take, overwrite or remove is not known before they are in the log, or refused.
                status = WaitForOthers();
                waiting.FirstCut = context.Super->Current.Number;
            }
            else if (isAllCut && claims.IsLooking)
            {
                status = WaitForOthers();
            }
            else
            {
                if (isAllCut)
                    status = LookClosely(commit);
                if (isAllCut && status == StoreStatus.Ok && IsAllCut)
                    break;
                if (status == StoreStatus.Pending)
                    continue;
                if (status is StoreStatus.Ok or StoreStatus.NoSpace)
                    status = MakeSpace(ref waiting);
            }
            if (status != StoreStatus.Ok)
                return status;
        }
        if (!commit->IsClaimed)
            claims.Add(commit);
        return StoreStatus.Ok;
    }

    /// <summary>
    /// In the turn: waits for space and for room in the log and in the active set, and for space again when the latter took time. Blocks.
    /// </summary>
    public StoreStatus WaitWithRoom(StoreCommit* commit)
    {
        while (true)
        {
            bool hasWaited = false;
            StoreStatus status = Wait(commit, isInTurn: true);
            if (status == StoreStatus.Ok)
                status = room.WaitForRoom(commit, out hasWaited);
            if (status != StoreStatus.Ok || !hasWaited)
                return status;
        }
    }

    /// <summary>So many of the blocks that the commit has claimed are allocated.</summary>
    public void NoteAssigned(StoreCommit* commit, ulong blocks) => claims.NoteAssigned(commit, blocks);

    /// <summary>The commit is applied or refused: others may take what it claimed.</summary>
    public void Unclaim(StoreCommit* commit)
    {
        if (!commit->IsClaimed)
            return;
        claims.Remove(commit);
        context.Fibers.WakeAll(&context.Queues->Claims);
    }

    private bool IsAllCut => present.Active.IsEmpty && present.Frozen.IsEmpty;

    private StoreStatus LookClosely(StoreCommit* commit)
    {
        claims.IsLooking = true;
        StoreStatus status = estimate.LookClosely(commit);
        claims.IsLooking = false;
        context.Fibers.WakeAll(&context.Queues->Claims);
        return status;
    }

    private StoreStatus WaitForOthers()
    {
        context.Statistics.Stalls++;
        context.Fibers.Block(&context.Queues->Claims);
        return context.PoisonStatus == StoreStatus.Ok ? StoreStatus.Ok : StoreStatus.Poisoned;
    }

    // Waits for a step of a cut; when cuts do not help, history gives way before a commit is refused: half of what is left at a time. What
    // has come of it shows when the next cut has ended; whoever waits is woken before that as well.
    private StoreStatus MakeSpace(ref Waiting waiting)
    {
        // Each cut gives back a part of a dropped volume: so many cuts are no reason to stop.
        if (history.IsReclaiming)
            waiting.FirstCut = context.Super->Current.Number;
        bool isHopeless = space.PendingFreeBlocks == 0 && IsAllCut && !history.IsReclaiming;
        bool isLate = context.Super->Current.Number >= waiting.FirstCut + CommitRoom.CutsToTry;
        if ((isLate || isHopeless) && cuts.Ended >= waiting.Answer)
        {
            if (!retention.HasHistoryToGive())
                return context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, space.FreeBlocks);

            // Without memory the cuts could not drop any of it.
            if (history.AutomaticCount >= waiting.Before)
                return StoreStatus.OutOfMemory;
            waiting.Before = history.AutomaticCount;
            waiting.FirstCut = context.Super->Current.Number;
            waiting.Answer = cuts.Ended + (cuts.IsCutting ? 2u : 1u);
            history.IsPressed = true;
        }
        return room.MakeRoom();
    }
}
