// New regions. One is made by two commits: its volume, and the record of its object. A clone's volume has its source's record until it has
// its own, and is Partial meanwhile. What a power cut leaves of either goes (RegionCatalog). The address is found in the gaps between those
// there are, so it is free again when a region has been deleted. Everything blocks; one region is made at a time.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Makes and clones regions.</summary>
internal sealed unsafe class RegionMaker(
    ObjectStore store, RegionTable table, RegionCatalog catalog, RegionHistory history, RandomSource random, FiberScheduler fibers)
{
    // What a region may grow to without another address: at least 64 MiB, and four times its length.
    private const ulong LeastSpanPages = 16384;
    private const ulong SpanShare = 4;

    /// <summary>
    /// Takes up a region that has been received (<see cref="RegionStreams"/>), of which all is durable but that it is whole. EEXIST:
    /// somebody has taken the name meanwhile. When it is refused nothing of it is left.
    /// </summary>
    public Errno TakeUp(VolumeId volume, ReadOnlySpan<byte> name, out RegionEntry* entry)
    {
        Errno error = BeginMaking(name);
        error = error == Errno.Ok ? TakeUpFree(volume, name, out entry) : Refuse(volume, error, out entry);
        EndMaking();
        return error;
    }

    /// <summary>Makes a region of so many pages that belongs to a user. EEXIST: there is one of that name.</summary>
    public Errno Create(ReadOnlySpan<byte> name, ulong pages, uint user, out RegionEntry* entry)
    {
        entry = null;
        Errno error = BeginMaking(name);
        if (error == Errno.Ok)
            error = CreateFree(name, pages, user, out entry);
        EndMaking();
        return error;
    }

    /// <summary>
    /// Makes a region with what another has now (epoch zero) or had at a persist that is still known, at the same address. ENOENT when that
    /// is not known; EEXIST as above.
    /// </summary>
    public Errno Clone(RegionEntry* source, ulong epoch, ReadOnlySpan<byte> name, uint user)
    {
        Errno error = BeginMaking(name);
        if (error == Errno.Ok)
            error = CloneFree(source, epoch, name, user);
        EndMaking();
        return error;
    }

    // From the look at the name until the region is listed nobody else makes one.
    private Errno BeginMaking(ReadOnlySpan<byte> name)
    {
        while (table.IsMaking)
            fibers.Block(table.Settled);
        table.IsMaking = true;
        return table.Find(name) != null ? Errno.EEXIST : table.Entries.Count == RegionTable.MostRegions ? Errno.ENOMEM : Errno.Ok;
    }

    private void EndMaking()
    {
        table.IsMaking = false;
        fibers.WakeAll(table.Settled);
    }

    private Errno Refuse(VolumeId volume, Errno error, out RegionEntry* entry)
    {
        entry = null;
        catalog.Drop(volume);
        return error;
    }

    private Errno TakeUpFree(VolumeId volume, ReadOnlySpan<byte> name, out RegionEntry* entry)
    {
        StoreStatus status = catalog.ReadRecord(volume, out RegionRecord record);
        if (status == StoreStatus.Ok)
            status = store.SetVolume(volume, VolumeFlags.Region, name, catalog.Now(0));
        entry = status == StoreStatus.Ok ? catalog.Keep(volume, in record, name) : null;
        return entry != null ? Errno.Ok
            : Refuse(volume, status == StoreStatus.Ok ? Errno.ENOMEM : RegionCatalog.ErrnoOf(status), out entry);
    }

    private Errno CreateFree(ReadOnlySpan<byte> name, ulong pages, uint user, out RegionEntry* entry)
    {
        RegionRecord record = NewRecord(pages, user);
        entry = null;
        if (!ChooseAddress(ref record))
            return Errno.ENOMEM;
        StoreStatus status = store.CreateVolume(VolumeFlags.Region, name, catalog.Now(0), out VolumeId volume);
        if (status == StoreStatus.Ok)
            status = Finish(volume, in record, name, out entry);
        return RegionCatalog.ErrnoOf(status);
    }

    private Errno CloneFree(RegionEntry* source, ulong epoch, ReadOnlySpan<byte> name, uint user)
    {
        ulong sequence = 0;
        StoreStatus status = epoch == 0 ? StoreStatus.Ok : history.Find(source->VolumeId, epoch, out sequence);
        VolumeId volume = default;
        RegionRecord record = NewRecord(source->Record.SizePages, user);
        record.Address = source->Record.Address;
        record.SpanPages = source->Record.SpanPages;
        const VolumeFlags flags = VolumeFlags.Region | VolumeFlags.Partial;
        if (status == StoreStatus.Ok)
            status = store.CloneVolume(source->VolumeId, sequence, flags, name, catalog.Now(0), out volume);
        if (status != StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(status);
        status = catalog.ReadRecord(volume, out RegionRecord then);
        // Its source may have had another length.
        record.SizePages = then.SizePages;
        if (status == StoreStatus.Ok)
            return RegionCatalog.ErrnoOf(Finish(volume, in record, name, out _, isPartial: true));
        catalog.Drop(volume);
        return RegionCatalog.ErrnoOf(status);
    }

    private RegionRecord NewRecord(ulong pages, uint user)
    {
        RegionRecord record = RegionRecord.New(random, user, number: 1);
        record.SizePages = pages;
        return record;
    }

    private StoreStatus Finish(
        VolumeId volume, in RegionRecord record, ReadOnlySpan<byte> name, out RegionEntry* entry, bool isPartial = false)
    {
        entry = null;
        StoreStatus status = catalog.Commit(volume, in record, epoch: 1, cutsFrom: ulong.MaxValue);
        if (status == StoreStatus.Ok && isPartial)
            status = store.SetVolume(volume, VolumeFlags.Region, name, catalog.Now(0));
        entry = status == StoreStatus.Ok ? catalog.Keep(volume, in record, name) : null;
        if (entry != null)
            return StoreStatus.Ok;
        catalog.Drop(volume);
        return status == StoreStatus.Ok ? StoreStatus.OutOfMemory : status;
    }

    // The first gap of the wished length; when there is none, of what is needed.
    private bool ChooseAddress(ref RegionRecord record)
    {
        if (record.SizePages == 0 || record.SizePages > RegionRecord.WindowPages)
            return false;
        ulong span = LeastSpanPages;
        while (span < record.SizePages * SpanShare)
            span *= 2;
        return ChooseAddress(ref record, span) || ChooseAddress(ref record, record.SizePages);
    }

    private bool ChooseAddress(ref RegionRecord record, ulong spanPages)
    {
        ulong bytes = spanPages << PageSize.Shift;
        ulong address = RegionRecord.WindowStart;
        for (RegionEntry* entry = table.First; entry != null; entry = entry->Next)
        {
            if (entry->Record.Address >= address && entry->Record.Address - address >= bytes)
                break;
            address = entry->IsDamaged ? address : Math.Max(address, entry->End);
        }
        record.Address = address;
        record.SpanPages = spanPages;
        return address < RegionRecord.WindowEnd && RegionRecord.WindowEnd - address >= bytes;
    }
}
