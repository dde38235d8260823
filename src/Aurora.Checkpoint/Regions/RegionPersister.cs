// The fibers that persist. Each takes the oldest persist of a region that has none on its way into the log and submits it; one that finds
// nothing to submit waits for the oldest that has been submitted, and lets it land. So persists of one region have their order, those of
// several go at a time, a persist alone is the matter of one fiber, and the store makes one FLUSH do for many. What does not fit into one
// commit goes in parts, which become the region's state with the last one.
//
// Small persists never wait for those of other regions (RegionQueue): those that keep a fiber while they are written are only some at a
// time, and so are fibers that wait for what has been submitted.
//
// A persist that the store refuses takes with it those of its region that were taken after it: nothing of a region is durable that comes
// after something that is not. Their pages are dirty again where they were.
//
// A commit that opens (RegionNumbers) stands in the queue as a persist does.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Hands to the store what threads persist.</summary>
internal sealed unsafe class RegionPersister(
    ObjectStore store, RegionTable table, RegionCatalog catalog, MemoryManager memory, ThreadScheduler scheduler, FiberScheduler fibers,
    Clock clock)
{
    // Pages handed to the store between two looks at whether it is time to give way.
    private const int PagesPerLook = 4;

    /// <summary>
    /// Takes a thread's dirty pages of a region, or with null everybody's, to the store, and has somebody begin with that at once if it is
    /// waited for; null: out of memory.
    /// </summary>
    public RegionPersist* Begin(RegionEntry* entry, RegionWriter* writer, bool isWaitedFor)
    {
        RegionPersist* persist = table.Persists.Allocate();
        if (persist == null)
            return null;
        persist->Entry = entry;
        persist->Number = RegionNumbers.Next(entry);
        memory.Regions.Take(&entry->Memory, writer, persist->Number, &persist->Flight);
        entry->Persists++;
        table.Queue.Enqueue(persist);
        if (isWaitedFor)
            fibers.WakeOne(table.PersistWork);
        else
            fibers.WakeSoon(table.PersistWork);
        return persist;
    }

    /// <summary>Has a commit made that opens, unless it is on its way already; false when out of memory.</summary>
    public bool BeginOpening(RegionEntry* entry)
    {
        if (entry->IsBeingOpened)
            return true;
        RegionPersist* persist = table.Persists.Allocate();
        if (persist == null)
            return false;
        persist->Entry = entry;
        persist->IsOpening = true;
        entry->IsBeingOpened = true;
        entry->Persists++;
        table.Queue.Enqueue(persist);
        fibers.WakeOne(table.PersistWork);
        return true;
    }

    /// <summary>The body of a fiber; never returns.</summary>
    public void Run()
    {
        for (;;)
        {
            RegionPersist* persist = table.Queue.TakeNext();
            if (persist != null)
            {
                // Somebody else is to see to what this fiber leaves.
                if (table.Queue.MayAwait)
                    fibers.WakeOne(table.PersistWork);
                bool isSlow = persist->IsSlow;
                table.Queue.NoteTaken(persist, Submit(persist), isSlow);
                continue;
            }
            persist = table.Queue.TakeSubmitted();
            if (persist == null)
            {
                fibers.Block(table.PersistWork);
                continue;
            }
            AwaitDurable(persist);
            table.Queue.NoteLanded();
        }
    }

    // Whether it is on its way; otherwise it has ended.
    private bool Submit(RegionPersist* persist)
    {
        RegionEntry* entry = persist->Entry;
        entry->IsSubmitting = true;
        bool isOpening = persist->IsOpening;
        StoreStatus status = isOpening ? StoreStatus.Ok : Put(persist);
        if (isOpening)
        {
            Open(entry);
            End(persist);
        }
        else if (status != StoreStatus.Ok)
        {
            Abort(persist);
            Refuse(persist, status);
        }
        else
        {
            entry->Submitted = persist->Number;
            entry->Record.Sound = Math.Max(entry->Record.Sound, entry->RefusedThrough);
        }
        entry->IsSubmitting = false;
        return status == StoreStatus.Ok && !isOpening;
    }

    private void AwaitDurable(RegionPersist* persist)
    {
        StoreStatus status = store.WaitDurable(persist->Commit);
        store.Release(persist->Commit);
        if (status == StoreStatus.Ok)
        {
            Land(persist);
            return;
        }
        // The store has failed, for all.
        persist->Entry->Submitted = persist->Entry->Durable;
        Refuse(persist, status);
    }

    // Those that were taken before it have all been submitted, or refused.
    private void Open(RegionEntry* entry)
    {
        ulong number = RegionNumbers.Next(entry);
        Errno error = catalog.Open(entry, number, entry->Submitted);
        if (error == Errno.Ok)
            entry->Committed = Math.Max(entry->Committed, number);
        else
            RegionNumbers.Refuse(entry, number, number, error);
        entry->OpeningError = error;
        entry->IsBeingOpened = false;
    }

    private void Land(RegionPersist* persist)
    {
        RegionEntry* entry = persist->Entry;
        RegionNumbers.NoteDurable(entry, persist->Number);
        scheduler.WakeAll(&entry->Memory.Changed);
        while (!memory.Regions.LandSome(&persist->Flight))
            fibers.GiveWay();
        End(persist);
    }

    // The ones after it are in the queue: it was the only one of its region on its way into the log, or the store has failed for all.
    private void Refuse(RegionPersist* persist, StoreStatus status)
    {
        RegionEntry* entry = persist->Entry;
        ulong last = persist->Number;
        RegionPersist* end = persist;
        for (RegionPersist* next = table.Queue.TakeOf(entry); next != null; next = table.Queue.TakeOf(entry))
        {
            last = Math.Max(last, next->Number);
            end = end->Next = next;
        }
        end->Next = null;
        memory.Regions.BeginReturn(&entry->Memory, entry->Submitted);
        for (RegionPersist* next = persist; next != null; next = next->Next)
        {
            while (!next->IsOpening && !memory.Regions.GiveBackSome(&next->Flight))
                fibers.GiveWay();
        }
        memory.Regions.EndReturn(&entry->Memory);
        RegionNumbers.Refuse(entry, persist->Number, last, RegionCatalog.ErrnoOf(status));
        for (RegionPersist* next = persist; next != null; next = persist)
        {
            persist = next->Next;
            entry->IsBeingOpened &= !next->IsOpening;
            End(next);
        }
    }

    private void End(RegionPersist* persist)
    {
        RegionEntry* entry = persist->Entry;
        entry->Persists--;
        table.Persists.Free(persist);
        scheduler.WakeAll(&entry->Memory.Changed);
        if (entry->Persists != 0)
            return;
        fibers.WakeAll(table.Settled);
        if (!entry->Memory.IsMapped)
            fibers.WakeAll(memory.Regions.Work);
    }

    private StoreStatus Put(RegionPersist* persist)
    {
        StoreStatus status = Begin(persist);
        if (status == StoreStatus.Ok)
            status = PutRecord(persist);
        var cursor = new RegionCursor(&persist->Flight);
        for (uint count = 1; status == StoreStatus.Ok && cursor.MoveNext(); count++)
        {
            status = PutPage(persist, cursor.Page, memory.Frames.AddressOf(cursor.Frame));
            if (status == StoreStatus.Ok && store.IsFull(persist->Commit))
                status = SubmitPart(persist, beginsNext: true);
            if (count % PagesPerLook == 0)
                fibers.GiveWay();
        }
        if (status != StoreStatus.Ok)
            return status;
        if (persist->Large == null)
            return store.Submit(persist->Commit, InfoOf(persist));
        status = SubmitPart(persist, beginsNext: false);
        if (status == StoreStatus.Ok)
            status = store.FinishLarge(persist->Large, InfoOf(persist), out persist->Commit);
        if (status == StoreStatus.Ok)
            persist->Large = null;
        return status;
    }

    // What has been refused since the record was written last, the record has to say.
    private StoreStatus PutRecord(RegionPersist* persist)
    {
        RegionEntry* entry = persist->Entry;
        if (entry->RefusedThrough <= entry->Record.Sound)
            return StoreStatus.Ok;
        RegionRecord record = entry->Record;
        record.Sound = entry->RefusedThrough;
        Span<byte> bytes = stackalloc byte[RegionCatalog.MaxRecordBytes];
        return store.PutRecord(persist->Commit, RegionRecord.Object, bytes[..record.Write(bytes)]);
    }

    private StoreStatus Begin(RegionPersist* persist)
    {
        persist->Commit = store.Begin(persist->Entry->VolumeId);
        return persist->Commit != null ? StoreStatus.Ok : store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : store.Health;
    }

    private StoreStatus PutPage(RegionPersist* persist, ulong page, byte* contents)
        => PageContents.IsZero(contents)
            ? store.WriteHole(persist->Commit, RegionRecord.Object, page)
            : store.WritePage(persist->Commit, RegionRecord.Object, page, contents);

    private StoreStatus SubmitPart(RegionPersist* persist, bool beginsNext)
    {
        CommitInfo info = InfoOf(persist);
        StoreStatus status = persist->Large == null
            ? store.BeginLarge(persist->Entry->VolumeId, in info, out persist->Large) : StoreStatus.Ok;
        if (status == StoreStatus.Ok)
            status = store.SubmitPart(persist->Large, persist->Commit, in info);
        if (status == StoreStatus.Ok)
            status = store.WaitDurable(persist->Commit);
        if (status != StoreStatus.Ok)
            return status;
        store.Release(persist->Commit);
        persist->Commit = null;
        return beginsNext ? Begin(persist) : StoreStatus.Ok;
    }

    private void Abort(RegionPersist* persist)
    {
        // Of a store that has failed a part may be in the log.
        if (persist->Commit != null && store.Health == StoreStatus.Ok)
            store.Abort(persist->Commit);
        else if (persist->Commit != null)
            store.Release(persist->Commit);
        if (persist->Large != null)
            store.AbortLarge(persist->Large);
        persist->Commit = null;
        persist->Large = null;
    }

    private CommitInfo InfoOf(RegionPersist* persist)
        => new() { Epoch = new Epoch(persist->Number), RealtimeNanoseconds = clock.RealtimeNanoseconds };
}
