// Blocks that are kept free, so that every cut that was promised can be made and a full disk can be emptied. Only reckons: CommitRoom
// waits.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>How many blocks must stay free, for what.</summary>
internal sealed unsafe class SpaceReserve(
    StoreContext context, PresentState present, SpaceState space, CommitClaims claims, CommitCost cost, int treeLevels)
{
    /// <summary>Checkpoints that a cut may drop for their age: as many as the reserve covers.</summary>
    public const int MostDropsPerCut = 8;

    private const ulong MinimumReserveBlocks = 32;
    private const ulong MaximumEmergencyBlocks = 4096;

    /// <summary>Blocks only deletions (and the cuts they need) may use.</summary>
    public ulong Emergency
    {
        get
        {
            ulong share = context.Geometry.DataBlocks / 64;
            return share < MinimumReserveBlocks ? MinimumReserveBlocks : share > MaximumEmergencyBlocks ? MaximumEmergencyBlocks : share;
        }
    }

    /// <summary>What keeping or dropping a checkpoint may cost: a way in the history of its volume, and one in the volume table.</summary>
    public ulong NodesPerStep => (2 * (ulong)treeLevels) + 3;

    /// <summary>A cut keeps one checkpoint and drops a few, of dropped volumes as well, each in a leaf of its own at worst.</summary>
    public ulong History => (MostDropsPerCut + VolumeReclaimer.FewestSteps + 3) * (ulong)(treeLevels + 1);

    /// <summary>
    /// What only dropping a volume may use: where nodes are shared even a deletion costs some, for good, but dropping always gives back.
    /// </summary>
    public ulong ForDrop => (ulong)(3 * (treeLevels + 2));

    /// <summary>
    /// Those who write are told of a full disk when only the reserve is left: history goes before that, not after. Of what changes may
    /// cost no more than a part comes true.
    /// </summary>
    public bool IsTight
        => space.FreeBlocks + space.PendingFreeBlocks < claims.Blocks + Emergency + (2 * History)
            + (present.Frozen.Changes.NodesFor(context.Super->NodeBlocks, treeLevels) / 4) + (context.Geometry.DataBlocks / 16);

    /// <summary>What must stay free when nothing more is committed: for cuts, and for pages that were promised a block.</summary>
    public ulong Promised => ForCuts(null) + claims.Blocks;

    /// <summary>How many steps of the history there is room for beyond that.</summary>
    public ulong RoomForSteps => space.FreeBlocks > Promised ? (space.FreeBlocks - Promised) / NodesPerStep : 0;

    /// <summary>
    /// What the next two cuts may write: the frozen layer, the active one with a commit (or null) and those that have claims, and what they
    /// change of the history.
    /// Every commit that is taken leaves this much free, so no cut can run out of space, also when it is made again after a crash.
    /// </summary>
    public ulong ForCuts(StoreCommit* commit)
    {
        ulong nodes = context.Super->NodeBlocks;
        ulong frozen = present.Frozen.Changes.NodesFor(nodes, treeLevels);
        ChangeCounts active = present.Active.Changes;
        active.Add(claims.ChangesOfOthers(commit));
        if (commit != null)
        {
            active.Add(commit->Changes);

            // It goes on with the layer that is there, or puts one on top.
            if (present.Active.OpenTop(commit->Volume) != null)
            {
                active.Merges -= LayerBuilder.IsForApart(context, commit) ? 0u : 1u;
                active.Volumes--;
            }
            active.PageNodes += commit->Removes ? cost.NodesOfClones(commit) : 0;
        }
        return frozen + active.NodesFor(nodes + frozen, treeLevels) + (2 * History);
    }

    /// <summary>Whether there is room for the commit and the cuts behind it.</summary>
    public bool HasSpace(StoreCommit* commit)
        => space.FreeBlocks >= claims.BlocksWith(commit) + ForCuts(commit) + EmergencyFor(commit);

    /// <summary>
    /// What a commit must leave free: what removes something may use half of the reserve for the pages that change with it; the rest is
    /// left for what only removes, and the last for dropping volumes.
    /// </summary>
    public ulong EmergencyFor(StoreCommit* commit)
    {
        if (commit->MakesVolume)
            return commit->IsPart ? 2 * ForDrop : Emergency;
        if (commit->DropsVolume)
            return 0;
        if (commit->DataPages == 0)
            return commit->Removes || commit->TakesVolume ? ForDrop : 2 * ForDrop;
        return commit->Removes && commit->DataPages <= Emergency / 2 ? Emergency / 2 : Emergency;
    }
}
