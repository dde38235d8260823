// The regions in the store. A volume without a record, and one that is Partial, is what a power cut has left of one that was being made
// (RegionMaker), and goes when somebody has asked for something. A region whose record is damaged is refused by its name, and keeps nobody
// from the others.
//
// Everything blocks, and is for one fiber at a time, but for LoadOne, which those that restore groups call.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Lists, opens, resizes and deletes regions in the store.</summary>
internal sealed unsafe class RegionCatalog(ObjectStore store, RegionTable table, Clock clock)
{
    /// <summary>What is said of a commit of now.</summary>
    public CommitInfo Now(ulong epoch)
        => new() { Epoch = new Epoch(epoch), RealtimeNanoseconds = clock.RealtimeNanoseconds };

    /// <summary>Lists the regions, once.</summary>
    public Errno Load()
    {
        if (table.IsLoaded)
            return Errno.Ok;
        StoreStatus status = StoreStatus.Ok;
        VolumeId after = default;
        while (status == StoreStatus.Ok && (status = store.NextVolume(after, out VolumeInfo info)) == StoreStatus.Ok)
        {
            after = info.Id;
            if ((info.Flags & VolumeFlags.Region) == 0 || table.Find(info.Id.Value) != null)
                continue;
            StoreStatus added = Add(in info, isListed: true);
            // What cannot be read now is refused by its name; that there is no memory may pass.
            status = added == StoreStatus.OutOfMemory ? added : StoreStatus.Ok;
        }
        table.IsLoaded |= status == StoreStatus.NotFound;
        return table.IsLoaded ? Errno.Ok : ErrnoOf(status);
    }

    /// <summary>
    /// The region with a number, of which there may be no list yet; null with Ok when there is none. Any other: it cannot be said.
    /// </summary>
    public Errno LoadOne(ulong number, out RegionEntry* entry)
    {
        entry = table.Find(number);
        if (entry != null || table.IsLoaded)
            return Errno.Ok;
        StoreStatus status = store.FindVolume(new VolumeId(number), out VolumeInfo info);
        if (status == StoreStatus.Ok && (info.Flags & VolumeFlags.Region) != 0 && table.Find(number) == null)
            status = Add(in info, isListed: false);
        entry = table.Find(number);
        return status == StoreStatus.NotFound ? Errno.Ok : ErrnoOf(status);
    }

    /// <summary>Ends the volumes of regions that were being made when the machine stopped, once. The regions are listed.</summary>
    public void EndUnfinished()
    {
        if (!table.HasUnfinished)
            return;
        table.HasUnfinished = false;
        VolumeId after = default;
        while (store.NextVolume(after, out VolumeInfo info) == StoreStatus.Ok)
        {
            after = info.Id;
            // What is not listed and has been made since is being received.
            if (info.Id.Value >= store.FirstNewVolume.Value)
                return;
            if ((info.Flags & VolumeFlags.Region) != 0 && table.Find(info.Id.Value) == null)
                Drop(info.Id);
        }
    }

    /// <summary>Sets the length of a region, which is within its span, durably, as the state with a number.</summary>
    public Errno Resize(RegionEntry* entry, ulong pages, ulong number)
    {
        RegionRecord record = entry->Record;
        record.SizePages = pages;
        // Of what came before this opening only the last persist is known, and no commit need open behind this one.
        record.Sound = Math.Max(record.Sound, Math.Max(entry->RefusedThrough, entry->Base));
        StoreStatus status = Commit(entry->VolumeId, in record, number, cutsFrom: pages < entry->Record.SizePages ? pages : ulong.MaxValue);
        if (status == StoreStatus.Ok)
            entry->Record = record;
        return ErrnoOf(status);
    }

    /// <summary>
    /// Makes a commit durable that opens (<see cref="RegionNumbers"/>): it has a number, and the region is as after a persist before.
    /// </summary>
    public Errno Open(RegionEntry* entry, ulong number, ulong before)
    {
        RegionRecord record = entry->Record;
        record.Opened = record.Sound = number;
        record.Before = before;
        StoreStatus status = Commit(entry->VolumeId, in record, number, cutsFrom: ulong.MaxValue);
        if (status == StoreStatus.Ok)
            entry->Record = record;
        return ErrnoOf(status);
    }

    /// <summary>The record that a region's volume has now. Blocks.</summary>
    public StoreStatus ReadRecord(VolumeId volume, out RegionRecord record)
    {
        record = default;
        Span<byte> bytes = stackalloc byte[MaxRecordBytes];
        StoreStatus status = store.ReadRecord(volume, RegionRecord.Object, bytes, out int length);
        if (status != StoreStatus.Ok)
            return status;
        return RegionRecord.TryRead(bytes[..length], out record) ? StoreStatus.Ok : StoreStatus.Corrupt;
    }

    /// <summary>
    /// Makes the newest state of a region, of which nothing is on its way, the newest once more: with a commit that changes nothing and has
    /// the number of the last one.
    /// </summary>
    public Errno Repeat(RegionEntry* entry)
    {
        Errno error = FindLast(entry, out ulong last);
        if (error != Errno.Ok)
            return error;
        StoreCommit* commit = store.Begin(entry->VolumeId);
        if (commit == null)
            return store.Health == StoreStatus.Ok ? Errno.ENOMEM : Errno.EIO;
        return ErrnoOf(SubmitAndWait(commit, last));
    }

    /// <summary>Deletes a region that is not in memory, durably.</summary>
    public Errno Delete(RegionEntry* entry)
    {
        StoreStatus status = store.DropVolume(entry->VolumeId, Now(0));
        if (status is StoreStatus.Ok or StoreStatus.NotFound)
            table.Remove(entry);
        return status == StoreStatus.NotFound ? Errno.Ok : ErrnoOf(status);
    }

    /// <summary>The number of the last persist that the store has of a region.</summary>
    public Errno FindLast(RegionEntry* entry, out ulong number)
    {
        StoreStatus status = store.FindVolume(entry->VolumeId, out VolumeInfo info);
        number = info.LastEpoch.Value;
        return status == StoreStatus.Ok && !RegionRecord.IsStart(number) ? Errno.EIO : ErrnoOf(status);
    }

    public static Errno ErrnoOf(StoreStatus status) => status switch
    {
        StoreStatus.Ok => Errno.Ok,
        StoreStatus.NotFound => Errno.ENOENT,
        StoreStatus.NoSpace => Errno.ENOSPC,
        StoreStatus.OutOfMemory => Errno.ENOMEM,
        StoreStatus.CommitTooLarge => Errno.EFBIG,
        _ => Errno.EIO,
    };

    private StoreStatus Add(in VolumeInfo info, bool isListed)
    {
        if ((info.Flags & VolumeFlags.Partial) != 0)
        {
            table.HasUnfinished |= info.Id.Value < store.FirstNewVolume.Value;
            return StoreStatus.Ok;
        }
        Span<byte> bytes = stackalloc byte[MaxRecordBytes];
        VolumeInfo about = info;
        var name = new ReadOnlySpan<byte>(about.Name, Math.Min(about.NameLength, RegionEntry.MaxNameBytes));
        StoreStatus status = store.ReadRecord(info.Id, RegionRecord.Object, bytes, out int length);

        // Somebody else may have listed them meanwhile, and made others.
        if (table.IsLoaded || table.Find(info.Id.Value) != null)
            return StoreStatus.Ok;
        if (status == StoreStatus.NotFound)
        {
            table.HasUnfinished = true;
            return StoreStatus.Ok;
        }
        RegionRecord record = default;
        bool isRead = status is StoreStatus.Ok or StoreStatus.TooLong or StoreStatus.BadChecksum or StoreStatus.Corrupt;
        if (status == StoreStatus.OutOfMemory || (!isRead && !isListed))
            return status;
        bool isSound = status == StoreStatus.Ok && RegionRecord.TryRead(bytes[..length], out record) && table.Find(name) == null;
        if (!isSound)
            Report(name, isRead ? "its record is damaged; it can only be deleted"u8 : "its record cannot be read"u8);
        RegionEntry* entry = Keep(info.Id, isSound ? record : default, name);
        if (entry == null)
            return StoreStatus.OutOfMemory;
        entry->IsDamaged = !isSound;
        entry->IsUnread = !isRead;
        return StoreStatus.Ok;
    }

    /// <summary>Longer than any record.</summary>
    public const int MaxRecordBytes = RecordHeader.Size + RegionRecord.Size + 32;

    /// <summary>Ends the volume of an unfinished region. What stays of it, on a full disk, goes after a later start.</summary>
    public void Drop(VolumeId volume)
    {
        StoreStatus status = store.DropVolume(volume, Now(0));
        if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
            Report("(unfinished)"u8, StoreMessages.Of(status));
    }

    /// <summary>Lists a region; null when out of memory.</summary>
    public RegionEntry* Keep(VolumeId volume, in RegionRecord record, ReadOnlySpan<byte> name)
    {
        RegionEntry* entry = table.Entries.Allocate();
        if (entry == null)
            return null;
        entry->Volume = volume.Value;
        entry->Record = record;
        entry->NameLength = name.Length;
        name.CopyTo(new Span<byte>(entry->NameBytes, RegionEntry.MaxNameBytes));
        table.Insert(entry);
        return entry;
    }

    /// <summary>Commits a region's record, durably, as the state with a number, and cuts its pages from one on.</summary>
    public StoreStatus Commit(VolumeId volume, in RegionRecord record, ulong epoch, ulong cutsFrom)
    {
        StoreCommit* commit = store.Begin(volume);
        if (commit == null)
            return store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : store.Health;
        Span<byte> bytes = stackalloc byte[MaxRecordBytes];
        StoreStatus status = store.PutRecord(commit, RegionRecord.Object, bytes[..record.Write(bytes)]);
        if (status == StoreStatus.Ok && cutsFrom != ulong.MaxValue)
            status = store.Truncate(commit, RegionRecord.Object, cutsFrom);
        if (status == StoreStatus.Ok)
            return SubmitAndWait(commit, epoch);
        store.Abort(commit);
        return status;
    }

    private StoreStatus SubmitAndWait(StoreCommit* commit, ulong epoch)
    {
        StoreStatus status = store.Submit(commit, Now(epoch));
        if (status != StoreStatus.Ok)
        {
            store.Abort(commit);
            return status;
        }
        status = store.WaitDurable(commit);
        store.Release(commit);
        return status;
    }

    private static void Report(ReadOnlySpan<byte> name, ReadOnlySpan<byte> what)
    {
        Span<byte> buffer = stackalloc byte[192];
        var line = new Utf8Writer(buffer);
        line.Append("region "u8);
        line.Append(name);
        line.Append(": "u8);
        line.Append(what);
        KernelLog.Line(line.Written);
    }
}
