// What a region was: the states of its volume that are retained, by the numbers of the persists after which they were. Everything blocks, and
// is for one fiber at a time.
using System;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Finds and lists former states of regions, and goes back to them.</summary>
internal sealed class RegionHistory(ObjectStore store, RegionCatalog catalog)
{
    /// <summary>
    /// A region that is not in memory becomes what it was after a persist, durably, as a state with a number of its own; what came after
    /// that stays in its history. ENOENT when that is not known. A second commit says that of the numbers before only this state's is known:
    /// ENOSPC, or a power cut before it is there, and what has gone may be taken for durable by who still waits for it. Blocks.
    /// </summary>
    public unsafe Errno GoBack(RegionEntry* entry, ulong epoch)
    {
        StoreStatus status = FindEpoch(entry->VolumeId, epoch, out ulong sequence);
        if (status != StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(status);
        Errno error = catalog.FindLast(entry, out ulong last);
        if (error != Errno.Ok)
            return error;
        ulong number = RegionNumbers.NextBeyond(entry, last);
        status = store.Rollback(entry->VolumeId, sequence, catalog.Now(number));
        if (status != StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(status);
        status = catalog.ReadRecord(entry->VolumeId, out RegionRecord record);
        entry->IsDamaged = status != StoreStatus.Ok;
        if (entry->IsDamaged)
            return Errno.EIO;
        entry->Record = record;
        record.Sound = RegionNumbers.NextBeyond(entry, number);
        status = catalog.Commit(entry->VolumeId, in record, record.Sound, cutsFrom: ulong.MaxValue);
        if (status == StoreStatus.Ok)
            entry->Record = record;
        return RegionCatalog.ErrnoOf(status);
    }

    /// <summary>Where in its volume's history a region was after a persist; NotFound when that is not known any more.</summary>
    public StoreStatus FindEpoch(VolumeId volume, ulong epoch, out ulong sequence)
    {
        sequence = 0;
        StoreStatus status;
        ulong at = 0;
        while ((status = store.NextCheckpoint(volume, at, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            at = info.Sequence;
            if (info.Commit.Epoch.Value == epoch)
                sequence = info.Sequence;
        }
        return status == StoreStatus.NotFound && sequence != 0 ? StoreStatus.Ok : status;
    }

    /// <summary>The next states of a region that are known, behind an epoch: as many as there are, or there is room for. Blocks.</summary>
    public unsafe Errno ReadEpochs(RegionEntry* entry, ulong after, Span<RegionEpoch> epochs, out int count)
    {
        count = 0;
        StoreStatus status = StoreStatus.Ok;
        ulong at = 0;
        VolumeId volume = entry->VolumeId;
        while (count < epochs.Length && (status = store.NextCheckpoint(volume, at, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            at = info.Sequence;
            if (info.Commit.Epoch.Value <= after)
                continue;
            after = info.Commit.Epoch.Value;
            epochs[count++] = new RegionEpoch { Epoch = after, RealtimeNanoseconds = info.Commit.RealtimeNanoseconds };
        }
        return status == StoreStatus.NotFound ? Errno.Ok : RegionCatalog.ErrnoOf(status);
    }
}
