// What a region was: the states of its volume that are retained, by the numbers of the persists after which they were. Everything blocks,
// and is for one fiber at a time.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Lists former states of regions, and goes back to them.</summary>
internal sealed unsafe class RegionHistory(ObjectStore store, RegionCatalog catalog, FiberScheduler fibers)
{
    /// <summary>
    /// A region that is not in memory becomes what it was after a persist, durably, as a state with a number of its own; what came after
    /// that stays in its history. ENOENT when that is not known. A second commit says that of the numbers before only this state's is
    /// known: an error (ENOSPC, ENOMEM, EIO) or a power cut before it is there, and what has gone may be taken for durable by who still
    /// waits for it. Blocks.
    /// </summary>
    public Errno GoBack(RegionEntry* entry, ulong epoch)
    {
        StoreStatus status = Find(entry->VolumeId, epoch, out ulong sequence);
        RegionRecord record = default;
        if (status == StoreStatus.Ok)
            status = ReadRecord(entry, sequence, out record);
        if (status != StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(status);
        Errno error = catalog.FindLast(entry, out ulong last);
        if (error != Errno.Ok)
            return error;
        ulong number = RegionNumbers.NextBeyond(entry, last);
        status = store.Rollback(entry->VolumeId, sequence, catalog.Now(number));
        if (status != StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(status);
        entry->Record = record;
        entry->Durable = entry->Memory.Taken = number;
        record.Sound = RegionNumbers.NextBeyond(entry, number);
        status = catalog.Commit(entry->VolumeId, in record, record.Sound, cutsFrom: ulong.MaxValue);
        if (status != StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(status);
        entry->Record = record;
        entry->Durable = entry->Memory.Taken = record.Sound;
        return Errno.Ok;
    }

    /// <summary>
    /// Where in its volume's history a region was after a persist; NotFound when that is not known any more. Commits without a number made
    /// the volume what it is for. Blocks.
    /// </summary>
    public StoreStatus Find(VolumeId volume, ulong epoch, out ulong sequence)
    {
        StoreStatus status = StoreStatus.NotFound;
        CheckpointInfo info = default;
        if (epoch != 0)
            status = store.FindCheckpoint(volume, new Epoch(epoch), out info);
        sequence = info.Sequence;
        return status;
    }

    /// <summary>The next states of a region that are known, behind an epoch: as many as there are, or there is room for. Blocks.</summary>
    public Errno ReadEpochs(RegionEntry* entry, ulong after, Span<RegionEpoch> epochs, out int count)
    {
        count = 0;
        StoreStatus status = StoreStatus.Ok;
        ulong at = 0;
        VolumeId volume = entry->VolumeId;
        while (count < epochs.Length && (status = store.NextCheckpoint(volume, at, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            at = info.Sequence;
            fibers.GiveWay();
            if (info.Commit.Epoch.Value <= after)
                continue;
            after = info.Commit.Epoch.Value;
            epochs[count++] = new RegionEpoch { Epoch = after, RealtimeNanoseconds = info.Commit.RealtimeNanoseconds };
        }
        return status == StoreStatus.NotFound ? Errno.Ok : RegionCatalog.ErrnoOf(status);
    }

    // The record of then is looked at before anything is done: a region that went back to one that cannot be read would be none any more.
    private StoreStatus ReadRecord(RegionEntry* entry, ulong sequence, out RegionRecord record)
    {
        record = default;
        StoreStatus status = store.OpenView(entry->VolumeId, sequence, out StoreView? view);
        if (view == null)
            return status;
        Span<byte> bytes = stackalloc byte[RegionCatalog.MaxRecordBytes];
        status = view.ReadRecord(RegionRecord.Object, bytes, out int length);
        view.Close();
        if (status != StoreStatus.Ok)
            return status;
        bool isIt = RegionRecord.TryRead(bytes[..length], out record) && record.Identity.Is(in entry->Record.Identity);
        return isIt ? StoreStatus.Ok : StoreStatus.Corrupt;
    }
}
