// What commits that are being prepared will take once they have their place in the log. Several are prepared at a time, beside commits
// that have the turn: each claims its blocks, and what its changes may cost in nodes, in the stretch in which it was found that there is
// room, so that what one was promised no other takes. But for the dropping of a volume: that gives back, and a full disk must take it
// whoever prepares what; a claim that it leaves too little for is looked at again in its turn. Protected by the kernel lock.
namespace Aurora.Store;

/// <summary>The claims of commits that are not in the log yet.</summary>
internal sealed unsafe class CommitClaims
{
    /// <summary>Blocks that are promised and not allocated yet.</summary>
    public ulong Blocks;

    /// <summary>The changes of all commits with a claim.</summary>
    public ChangeCounts Changes;

    /// <summary>Commits with a claim.</summary>
    public int Count;

    /// <summary>A fiber looks closely at a commit (<see cref="CommitEstimate"/>): there is one layer for that.</summary>
    public bool IsLooking;

    /// <summary>A commit has a layer apart, built or being built (<see cref="LayerBuilder"/>): there is one set for that.</summary>
    public bool IsBuilding;

    /// <summary>
    /// Joined commits claim, one after the other: it is the matter of one fiber at a time, since who has a claim and waits for a second
    /// must not wait for another that does.
    /// </summary>
    public bool IsJoining;

    /// <summary>Others than this commit, and those that it is joined with, have claims.</summary>
    public bool HasOthers(StoreCommit* commit) => Count > (commit->IsClaimed ? 1 : 0) + commit->JoinedClaims;

    /// <summary>The changes of all others that a commit, or none, must leave room for.</summary>
    public ChangeCounts ChangesOfOthers(StoreCommit* commit)
    {
        if (commit != null && commit->DropsVolume)
            return default;
        ChangeCounts changes = Changes;
        if (commit != null && commit->IsClaimed)
            changes.Subtract(commit->Changes);
        return changes;
    }

    /// <summary>Blocks that must be free for all claims and the pages of this commit.</summary>
    public ulong BlocksWith(StoreCommit* commit)
        => commit->DropsVolume ? 0 : Blocks + (commit->IsClaimed ? 0 : commit->DataPages);

    /// <summary>The commit was found to fit.</summary>
    public void Add(StoreCommit* commit)
    {
        commit->IsClaimed = true;
        commit->UnassignedPages = commit->DataPages;
        Blocks += commit->DataPages;
        Changes.Add(commit->Changes);
        Count++;
    }

    /// <summary>So many of its blocks are allocated.</summary>
    public void NoteAssigned(StoreCommit* commit, ulong blocks)
    {
        commit->UnassignedPages -= blocks;
        Blocks -= blocks;
    }

    /// <summary>The commit is applied, or refused.</summary>
    public void Remove(StoreCommit* commit)
    {
        if (!commit->IsClaimed)
            return;
        commit->IsClaimed = false;
        Blocks -= commit->UnassignedPages;
        Changes.Subtract(commit->Changes);
        Count--;
    }
}
