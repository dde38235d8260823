// In which order commits are made. Those of one volume follow each other in the order in which they were submitted: each stands in line
// from the beginning of its preparation to its place in the log. Those of different volumes are prepared at the same time, and are in the
// order in which they are ready, so that a small one never waits for a large one. What has its place in the log, or changes volumes as a
// whole, has the turn: one fiber at a time, in the order in which they asked. Who has the turn waits for nobody in line.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The lines of the volumes, and a lock that is had in the order of asking.</summary>
internal sealed unsafe class CommitTurns(StoreContext context)
{
    private ulong _nextTicket;
    private ulong _servedTicket;
    private ulong _nextPlace;
    private StoreCommit* _firstInLine;

    /// <summary>Nobody has the turn, waits for it, or prepares a commit.</summary>
    public bool IsFree => _nextTicket == _servedTicket && _firstInLine == null;

    /// <summary>Waits for the turn. Blocks.</summary>
    public void Take()
    {
        ulong ticket = _nextTicket++;
        while (ticket != _servedTicket)
            context.Fibers.Block(&context.Queues->Turn);
    }

    /// <summary>Waits for the turn behind all commits that have been submitted to a volume. Blocks.</summary>
    public void TakeBehind(VolumeId volume)
    {
        AwaitLine(volume.Value, _nextPlace);
        Take();
    }

    /// <summary>Gives the turn to the next in line.</summary>
    public void End()
    {
        _servedTicket++;
        context.Fibers.WakeAll(&context.Queues->Turn);
    }

    /// <summary>
    /// The commit, and those that it is joined with, stand in line, and wait until each is the first of its volume. They get their places
    /// in one stretch, so that nobody is before them in one line and behind them in another. Blocks.
    /// </summary>
    public void StandInLine(StoreCommit* first)
    {
        for (StoreCommit* commit = first; commit != null; commit = commit->NextJoined)
        {
            commit->PlaceInLine = _nextPlace++;
            commit->NextInLine = _firstInLine;
            _firstInLine = commit;
        }
        for (StoreCommit* commit = first; commit != null; commit = commit->NextJoined)
            AwaitLine(commit->Volume, commit->PlaceInLine);
    }

    /// <summary>The commit has its place in the log, or is refused.</summary>
    public void LeaveLine(StoreCommit* commit)
    {
        if (_firstInLine == commit)
        {
            _firstInLine = commit->NextInLine;
        }
        else
        {
            StoreCommit* at = _firstInLine;
            while (at->NextInLine != commit)
                at = at->NextInLine;
            at->NextInLine = commit->NextInLine;
        }
        commit->NextInLine = null;
        context.Fibers.WakeAll(&context.Queues->Turn);
    }

    private void AwaitLine(ulong volume, ulong place)
    {
        while (HasBefore(volume, place))
            context.Fibers.Block(&context.Queues->Turn);
    }

    // At most as many as there are slots.
    private bool HasBefore(ulong volume, ulong place)
    {
        for (StoreCommit* commit = _firstInLine; commit != null; commit = commit->NextInLine)
        {
            if (commit->Volume == volume && commit->PlaceInLine < place)
                return true;
        }
        return false;
    }
}
