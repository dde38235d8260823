// The history: named commits are kept (root and record in the history tree) until dropped; all others stay readable for as long as the
// log and the rule of two superblocks keep them anyway: from the cut before the last one on. What commits keep and drop shows before a
// cut has put it into the tree.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Finds checkpoints, kept and recent ones.</summary>
internal sealed unsafe class Checkpoints(
    PresentState present, RecentCheckpoints recent, VolumeDirectory directory, VolumeTable volumes, HistoryReader records)
{
    /// <summary>See <see cref="ObjectStore.NextCheckpoint"/>.</summary>
    public StoreStatus Next(VolumeId volume, ulong sequence, out CheckpointInfo info)
    {
        info = default;

        // The commits of a volume that is no more are still among the recent ones, and its record in the table.
        StoreStatus status = directory.Look(volume, out _);
        if (status == StoreStatus.NotFound)
            return status;
        bool isMade = present.TryNextMade(volume, sequence, out CheckpointInfo made);
        status = NextKept(volume, sequence, out CheckpointInfo kept);
        if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
            return status;
        if (isMade && (status == StoreStatus.NotFound || made.Sequence < kept.Sequence))
        {
            kept = made;
            status = StoreStatus.Ok;
        }
        for (int i = recent.FirstAfter(sequence); i < recent.Count; i++)
        {
            ref readonly CheckpointInfo newer = ref recent.InfoAt(i);
            if (recent.VolumeAt(i) != volume.Value)
                continue;
            if (status == StoreStatus.Ok && kept.Sequence <= newer.Sequence)
                break;
            info = newer;
            StoreStatus keeping = newer.Commit.NameLength > 0 ? IsStillKept(volume, newer.Sequence) : StoreStatus.NotFound;
            info.IsKept = keeping == StoreStatus.Ok;
            if (!info.IsKept)
                info.Commit.NameLength = 0;
            return keeping == StoreStatus.OutOfMemory ? keeping : StoreStatus.Ok;
        }
        info = kept;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.FindCheckpoint(VolumeId, ReadOnlySpan{byte}, out CheckpointInfo)"/>.</summary>
    public StoreStatus Find(VolumeId volume, ReadOnlySpan<byte> name, out CheckpointInfo found)
    {
        found = default;
        StoreStatus result = StoreStatus.NotFound;
        ulong sequence = 0;
        while (true)
        {
            StoreStatus status = Next(volume, sequence, out CheckpointInfo info);
            if (status != StoreStatus.Ok)
                return status == StoreStatus.NotFound ? result : status;
            sequence = info.Sequence;
            CommitInfo commit = info.Commit;
            if (!new ReadOnlySpan<byte>(commit.Name, commit.NameLength).SequenceEqual(name))
                continue;
            found = info;
            result = StoreStatus.Ok;
        }
    }

    /// <summary>See <see cref="ObjectStore.FindCheckpoint(VolumeId, Epoch, out CheckpointInfo)"/>.</summary>
    public StoreStatus Find(VolumeId volume, Epoch epoch, out CheckpointInfo found)
    {
        found = default;
        StoreStatus result = StoreStatus.NotFound;
        StoreStatus status;
        ulong sequence = 0;
        while ((status = Next(volume, sequence, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (info.Commit.Epoch.Value != epoch.Value)
                continue;
            found = info;
            result = StoreStatus.Ok;
        }
        return status == StoreStatus.NotFound ? result : status;
    }

    /// <summary>
    /// The next kept one. Those a commit has dropped already, although their cut is still to come, are passed over. Blocks.
    /// </summary>
    public StoreStatus NextKept(VolumeId volume, ulong sequence, out CheckpointInfo info)
    {
        StoreStatus status;
        do
        {
            status = records.Next(volume, sequence, out info);
            sequence = info.Sequence;
        }
        while (status == StoreStatus.Ok && IsDropped(volume, sequence));
        return status;
    }

    /// <summary>A commit has dropped it, and no cut yet.</summary>
    public bool IsDropped(VolumeId volume, ulong sequence) => present.HistoryStateOf(volume, sequence) == LayerRecord.Absent;

    // A checkpoint may have been kept or dropped by a commit that no cut has put into the history tree yet: the sets know better. Blocks.
    private StoreStatus IsStillKept(VolumeId volume, ulong sequence)
    {
        LayerRecord state = present.HistoryStateOf(volume, sequence);
        return state switch
        {
            LayerRecord.Present => StoreStatus.Ok,
            LayerRecord.Absent => StoreStatus.NotFound,
            _ => FindKept(volume, sequence),
        };
    }

    /// <summary>Whether the volume's history tree has a checkpoint: Ok or NotFound, or why that cannot be told. Blocks.</summary>
    public StoreStatus FindKept(VolumeId volume, ulong sequence)
    {
        StoreStatus status = volumes.Find(present.Table, volume.Value, out VolumeRecord record, out _);
        return status == StoreStatus.Ok ? volumes.FindKept(record, sequence, out _) : status;
    }
}
