// Retention: a cut whose state is a second or more after the last one kept is kept too, as an automatic checkpoint; each cut drops a
// few of those that are too old for their tier. Both are part of the cut, so they need no record, and a power cut undoes or keeps them
// with it. Dropping costs what it frees. On a full disk history gives way: see CommitRoom.WaitForSpace.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Keeps and drops automatic checkpoints.</summary>
internal sealed unsafe class Retention(
    StoreContext context,
    PresentState present,
    HistoryState history,
    RecentCheckpoints recent,
    SpaceState space,
    SpaceReserve reserve,
    Checkpoints checkpoints,
    int treeLevels)
{
    /// <summary>A commit of this time has been applied.</summary>
    public void NoteTime(ulong now)
    {
        bool isBack = now < history.NewestTime;
        bool isLeap = !isBack && now - history.NewestTime > context.Options.Retention.FineSpan;
        if (isBack || (isLeap && !history.HasTimeLeapt))
        {
            history.IsTimeSteady = false;
            history.SteadySince = now;
        }
        else if (isLeap || now - history.SteadySince >= context.Options.Retention.FineSpan)
        {
            // A second leap in a row: commits are just rare.
            history.IsTimeSteady = true;
        }
        history.HasTimeLeapt = isLeap;
        history.NewestTime = now;
    }

    /// <summary>The active layer is about to be frozen: its last commit may become a checkpoint. Does not wait.</summary>
    public void KeepAutomatically()
    {
        bool isPossible = history.IsRecovered && !context.Options.Retention.IsOff && present.Active.RollbackTo == 0;
        if (!isPossible || !recent.TryGetLast(out CheckpointInfo last))
            return;
        ulong time = last.Commit.RealtimeNanoseconds;
        bool isNew = last.Sequence > context.Super->Current.Sequence && last.Commit.NameLength == 0;
        bool isDue = time < history.LastKeptTime || time - history.LastKeptTime >= context.Options.Retention.FineSpacing;
        if (!isNew || !isDue || !present.Active.Arena.Reserve(Layer.FixedBytes))
            return;
        HistoryRecord record = HistoryRecord.From(last.Commit, last.Bytes, HistoryFlags.Automatic);
        present.Active.PutHistory(last.Sequence, record.AsBytes());
        history.LastKeptTime = time;
    }

    /// <summary>
    /// The state that a rollback leaves is kept, so that there is a way back. The commit's reservation covers it. When nothing is known
    /// about its commit (the cut before the last one is not readable), it counts as old as the rollback; is it kept already, the cut
    /// leaves it as it is.
    /// </summary>
    public void KeepBranch(in CommitInfo rollback)
    {
        bool isRecent = recent.TryGetLast(out CheckpointInfo info);
        if (!isRecent)
        {
            info.Sequence = context.Super->Current.Sequence;
            info.Commit.RealtimeNanoseconds = rollback.RealtimeNanoseconds;
        }
        if (info.Sequence == 0 || info.Commit.NameLength > 0)
            return;
        HistoryRecord record = HistoryRecord.From(info.Commit, info.Bytes, HistoryFlags.Automatic);
        present.Active.PutHistory(info.Sequence, record.AsBytes());
    }

    /// <summary>
    /// Adds to the frozen layer which automatic checkpoints the cut drops. A history that cannot be read is left as it is. Blocks.
    /// </summary>
    public void Thin()
    {
        if (!history.IsRecovered || context.Super->History.IsEmpty)
            return;

        // Under pressure a cut drops as many as there is room for the nodes that change; a few are in the reserve.
        ulong reserved = reserve.ForCuts(null);
        ulong room = space.FreeBlocks > reserved ? (space.FreeBlocks - reserved) / (ulong)(treeLevels + 1) : 0;
        ulong most = SpaceReserve.MostDropsPerCut + room;
        ulong toGive = history.IsPressed || reserve.IsTight ? (history.AutomaticCount + 1) / 2 : 0;
        history.IsPressed = false;
        ulong count = 0;
        ulong dropped = 0;
        ulong lastBucket = ulong.MaxValue;
        ulong sequence = 0;
        while (checkpoints.NextKept(sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (!info.IsAutomatic)
                continue;
            bool mayAge = !context.Options.Retention.IsOff && history.IsTimeSteady;
            bool isAged = mayAge && IsOutdated(info.Commit.RealtimeNanoseconds, ref lastBucket);
            bool isDue = count < toGive || isAged;
            count++;
            bool isEnough = dropped >= most || (dropped >= SpaceReserve.MostDropsPerCut && count > toGive);
            if (!isDue || sequence == history.RollbackTarget || isEnough)
                continue;
            if (present.Frozen.Find(LayerNode.HistoryObject, sequence) != null || !present.Frozen.Arena.Reserve(Layer.FixedBytes))
                continue;
            present.Frozen.DropHistory(sequence);
            dropped++;
        }
        history.AutomaticCount = count - dropped;
        context.Statistics.CheckpointsDropped += dropped;
    }

    // The first of each coarse interval stays.
    private bool IsOutdated(ulong time, ref ulong lastBucket)
    {
        ulong age = time < history.NewestTime ? history.NewestTime - time : 0;
        if (age <= context.Options.Retention.FineSpan)
            return false;
        if (age > context.Options.Retention.CoarseSpan)
            return true;
        ulong bucket = time / context.Options.Retention.CoarseSpacing;
        bool isRepeated = bucket == lastBucket;
        lastBucket = bucket;
        return isRepeated;
    }

    /// <summary>Counts the automatic checkpoints that may go; false when there is none. Blocks.</summary>
    public bool HasHistoryToGive()
    {
        ulong sequence = 0;
        history.AutomaticCount = 0;
        while (checkpoints.NextKept(sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            history.AutomaticCount += info.IsAutomatic && sequence != history.RollbackTarget ? 1u : 0u;
        }
        return history.AutomaticCount > 0;
    }
}
