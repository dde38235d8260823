// Regions put together: the face for system calls, the keeper for restores, and the bodies of the fibers. The services beneath know each
// other in one direction: RegionTable, RegionCatalog, RegionHistory, RegionMaker, RegionMemory, RegionPersister, RegionStreams, RegionWork,
// RegionOrders.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Regions of this machine.</summary>
public sealed unsafe class RegionManager : RegionService
{
    /// <summary>So many fibers persist.</summary>
    public const int PersistFibers = RegionQueue.Fibers;

    private const uint IsOpen = 1;
    private const uint IsDamaged = 2;

    private readonly RegionTable _table;
    private readonly RegionMemory _opened;
    private readonly RegionPersister _persister;
    private readonly RegionOrders _orders;
    private readonly RegionStreams _streams;
    private readonly ThreadScheduler _scheduler;

    internal RegionManager(
        PageAllocator pages, ObjectStore store, CheckpointEngine engine, TrackedObjects tracked, MemoryManager memory,
        ThreadScheduler scheduler, FiberScheduler fibers, Clock clock, RandomSource random, VolumeStreamTable streams,
        SeededRegionFaults seeded)
    {
        _table = new RegionTable(pages, seeded);
        _scheduler = scheduler;
        var catalog = new RegionCatalog(store, _table, clock);
        var history = new RegionHistory(store, catalog, fibers);
        var maker = new RegionMaker(store, _table, catalog, history, random, fibers);
        _opened = new RegionMemory(_table, catalog, tracked, memory, engine, scheduler, fibers);
        var commits = new RegionCommits(store, memory, fibers, clock);
        _persister = new RegionPersister(_table, catalog, commits, memory, scheduler, fibers);
        _streams = new RegionStreams(store, _table, catalog, history, maker, _opened, tracked, streams, random, fibers);
        var work = new RegionWork(_table, catalog, history, maker, _opened, _streams, tracked, memory, fibers);
        _orders = new RegionOrders(_table, _opened, work, tracked, memory, scheduler, fibers, clock);
        Keeper = new RestoredRegions(catalog, _opened);
    }

    /// <summary>Brings regions into memory for restores.</summary>
    public RegionKeeper Keeper { get; }

    /// <summary>The body of a fiber that persists; never returns.</summary>
    public void RunPersistFiber() => _persister.Run();

    /// <summary>The body of the fiber that does what is asked for; never returns.</summary>
    public void RunOrderFiber() => _orders.Run();

    /// <summary>
    /// The threads of a group that goes back will not run again: what they have not persisted is given up, as by a power cut. They are
    /// stopped. Blocks.
    /// </summary>
    public void GiveUp(Process* process)
    {
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            _opened.GiveUpAll(&thread->Regions);
    }

    /// <inheritdoc cref="RegionStreams.Send"/>
    internal Errno Send(VolumeStream* stream, VolumeSink sink) => _streams.Send(stream, sink);

    /// <inheritdoc cref="RegionStreams.Receive"/>
    internal Errno Receive(VolumeStream* stream, VolumeSource source, out ulong made) => _streams.Receive(stream, source, out made);

    /// <inheritdoc/>
    public override Errno Ask(Thread* thread, in RegionRequest request, out ulong ticket, out Region* region)
    {
        RegionRequest about = request;
        RegionEntry* entry = request.Kind == RegionRequestKind.Open && !request.IsExclusive ? _table.Find(about.NameBytes) : null;
        bool isShown = entry != null && entry->IsOpen && !entry->IsBusy && _opened.IsShown(entry)
            && entry->BelongsTo(request.User, request.IsPrivileged);
        region = isShown ? &entry->Memory : null;
        ticket = 0;
        if (isShown)
            return Errno.Ok;
        Errno error = _orders.Ask(thread, in request, out ticket);
        return error == Errno.Ok ? Errno.EAGAIN : error;
    }

    /// <inheritdoc/>
    public override Errno Answer(Thread* thread, ulong ticket, out Region* region, Span<RegionEpoch> epochs, out int count)
    {
        Errno error = _orders.Answer(thread, ticket, out RegionEntry* entry, epochs, out count);
        region = entry == null ? null : &entry->Memory;
        return error;
    }

    /// <inheritdoc/>
    public override void Await(Thread* thread) => _scheduler.BlockOn(thread, _table.Answered);

    /// <inheritdoc/>
    public override Region* Find(ulong number)
    {
        RegionEntry* entry = _table.Find(number);
        return entry == null || !entry->IsOpen ? null : &entry->Memory;
    }

    /// <inheritdoc/>
    public override Errno Persist(Region* region, RegionWriter* writer, bool isWaitedFor, out ulong epoch)
    {
        RegionEntry* entry = EntryOf(region);
        epoch = Regions.LastTakenOf(region, writer);
        if (entry->IsBusy || region->IsReturning)
            return Errno.EAGAIN;
        if (Regions.DirtyPagesOf(region, writer) == 0)
        {
            // What was refused, and then given up, is nothing to wait for.
            bool isToCome = RegionNumbers.StateOf(entry, epoch) is Errno.Ok or Errno.EAGAIN;
            epoch = isToCome ? epoch : entry->Durable;
            return Errno.Ok;
        }
        if (!RegionNumbers.MayGive(entry))
            return Open(entry);
        bool hasBegun = _persister.Begin(&entry, 1, writer, isWaitedFor);
        epoch = region->Taken;
        return hasBegun ? Errno.Ok : Errno.ENOMEM;
    }

    /// <inheritdoc/>
    public override Errno PersistTogether(
        Region** regions, int count, RegionWriter* writer, bool isWaitedFor, out ulong epoch, out Region* awaited)
    {
        Panic.Unless(count is > 0 and <= MostTogether, "regions: too many, or none, are persisted as one"u8);
        epoch = 0;
        awaited = null;
        for (int i = 0; i < count; i++)
        {
            RegionEntry* entry = EntryOf(regions[i]);
            Errno error = entry->IsBusy || !IsSettled(regions[i]) ? Errno.EAGAIN : RegionNumbers.MayGive(entry) ? Errno.Ok : Open(entry);
            if (error == Errno.EAGAIN)
                awaited = regions[i];
            else if (error != Errno.Ok)
                return error;
        }
        if (awaited != null)
            return Errno.EAGAIN;
        if (!_persister.Begin((RegionEntry**)regions, count, writer, isWaitedFor))
            return Errno.ENOMEM;
        epoch = regions[0]->Taken;
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override bool IsSettled(Region* region) => !region->IsReturning && EntryOf(region)->Doomed == 0;

    // Why the last attempt was refused is told once; who asks after that begins another.
    private Errno Open(RegionEntry* entry)
    {
        Errno error = entry->OpeningError;
        entry->OpeningError = Errno.Ok;
        if (error != Errno.Ok)
            return error;
        return _persister.BeginOpening(entry) ? Errno.EAGAIN : Errno.ENOMEM;
    }

    /// <inheritdoc/>
    public override Errno StateOf(Region* region, ulong epoch) => RegionNumbers.StateOf(EntryOf(region), epoch);

    /// <inheritdoc/>
    public override RegionStatus StatusOf(Region* region) => StatusOf(EntryOf(region));

    /// <inheritdoc/>
    public override bool Read(
        int index, uint user, bool isPrivileged, out RegionStatus status, Span<byte> name, out int nameLength)
    {
        RegionEntry* entry = _table.First;
        for (; entry != null; entry = entry->Next)
        {
            if (entry->BelongsTo(user, isPrivileged) && index-- == 0)
                break;
        }
        status = entry == null ? default : StatusOf(entry);
        nameLength = entry == null ? 0 : entry->NameLength;
        if (entry != null)
            RegionTable.NameOf(entry).CopyTo(name);
        return entry != null;
    }

    private static RegionStatus StatusOf(RegionEntry* entry) => new()
    {
        Number = entry->Volume,
        Address = entry->Record.Address,
        Bytes = entry->Record.SizePages << PageSize.Shift,
        SpanBytes = entry->Record.SpanPages << PageSize.Shift,
        Durable = entry->Durable,
        Taken = entry->Memory.Taken,
        DirtyBytes = entry->IsOpen ? entry->Memory.DirtyPages << PageSize.Shift : 0,
        User = entry->Record.User,
        Flags = (entry->IsOpen ? IsOpen : 0) | (entry->IsDamaged ? IsDamaged : 0),
    };

    // The pages are the first thing of an entry.
    private static RegionEntry* EntryOf(Region* region) => (RegionEntry*)region;

    /// <summary>Regions that restored mappings show.</summary>
    private sealed class RestoredRegions(RegionCatalog catalog, RegionMemory opened) : RegionKeeper
    {
        // A damaged one is as if it had gone, and so is another one with the number: its program has to hear of it, the others go on.
        /// <inheritdoc/>
        public override RestoreStatus Find(ulong number, in RegionIdentity identity, out Region* region)
        {
            region = null;
            Errno error = catalog.LoadOne(number, out RegionEntry* entry);
            if (error == Errno.Ok && entry != null && entry->IsUnread)
                return RestoreStatus.UnreadableRegion;
            bool isIt = error == Errno.Ok && entry != null && !entry->IsDamaged && entry->Record.Identity.Is(in identity);
            if (isIt)
                error = opened.Open(number, out entry);
            if (isIt && error == Errno.Ok)
                region = &entry->Memory;
            if (error is Errno.Ok or Errno.ENOENT)
                return RestoreStatus.Ok;
            return error == Errno.ENOMEM ? RestoreStatus.OutOfMemory : RestoreStatus.UnreadableRegion;
        }
    }
}
