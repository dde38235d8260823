// The fibers that persist. Each takes the oldest persist of a region that has none on its way into the log and submits it; one that finds
// nothing to submit waits for the oldest that has been submitted, and lets it land. So persists of one region have their order, those of
// several go at a time, a persist alone is the matter of one fiber, and the store makes one FLUSH do for many. Persists of several regions
// that are one go through all of this together.
//
// Small persists never wait for those of other regions, but for what is one with one of theirs (RegionQueue): those that keep a fiber while
// they are written are only some at a time, and so are fibers that wait for what has been submitted.
//
// A persist that the store refuses takes with it those that are one with it, and those of its region that were taken after it: nothing of a
// region is durable that comes after something that is not. Their pages are dirty again where they were. What is one with a later one is
// refused when its turn comes (RefusedWith): it may stand behind others of its region.
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
    RegionTable table, RegionCatalog catalog, RegionCommits commits, MemoryManager memory, ThreadScheduler scheduler, FiberScheduler fibers)
{
    private ulong _lastTogether;

    /// <summary>
    /// Takes a thread's dirty pages of regions, or with null everybody's, to the store, as one, and has somebody begin with that at once if
    /// it is waited for; false: out of memory, and nothing has happened.
    /// </summary>
    public bool Begin(RegionEntry** entries, int count, RegionWriter* writer, bool isWaitedFor)
    {
        RegionPersist* reserved = null;
        for (int i = 0; i < count; i++)
        {
            RegionPersist* persist = table.Persists.Allocate();
            if (persist == null)
            {
                Free(reserved);
                return false;
            }
            persist->Next = reserved;
            reserved = persist;
        }
        ulong together = count == 1 ? 0 : ++_lastTogether;
        for (int i = 0; i < count; i++)
        {
            RegionPersist* persist = reserved;
            reserved = persist->Next;
            persist->Together = together;
            Enqueue(persist, entries[i], writer);
        }
        if (isWaitedFor)
            fibers.WakeOne(table.PersistWork);
        else
            fibers.WakeSoon(table.PersistWork);
        return true;
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
                if (table.Queue.MayAwait || table.Queue.HasMoreThan(persist))
                    fibers.WakeOne(table.PersistWork);
                bool isSlow = persist->IsSlow;
                int count = persist->Joined;
                table.Queue.NoteTaken(persist, Submit(persist), isSlow, count);
                continue;
            }
            persist = table.Queue.TakeSubmitted();
            if (persist == null)
            {
                fibers.Block(table.PersistWork);
                continue;
            }
            int landing = persist->Joined;
            AwaitDurable(persist);
            table.Queue.NoteLanded(landing);
        }
    }

    private void Enqueue(RegionPersist* persist, RegionEntry* entry, RegionWriter* writer)
    {
        persist->Entry = entry;
        persist->Number = RegionNumbers.Next(entry);
        memory.Regions.Take(&entry->Memory, writer, persist->Number, &persist->Flight);
        entry->Persists++;
        table.Queue.Enqueue(persist);
    }

    private void Free(RegionPersist* reserved)
    {
        for (RegionPersist* next; reserved != null; reserved = next)
        {
            next = reserved->Next;
            table.Persists.Free(reserved);
        }
    }

    // Whether it, and all that are one with it, are on their way; otherwise they have ended.
    private bool Submit(RegionPersist* first)
    {
        for (RegionPersist* persist = first; persist != null; persist = persist->NextJoined)
            persist->Entry->IsSubmitting = true;
        if (first->IsOpening)
        {
            RegionEntry* entry = first->Entry;
            Open(entry);
            End(first);
            entry->IsSubmitting = false;
            return false;
        }
        StoreStatus status = commits.Submit(first);
        for (RegionPersist* persist = first; persist != null && status != StoreStatus.Ok; persist = persist->NextJoined)
            RegionQueue.Doom(persist, status);
        for (RegionPersist* persist = first, next; persist != null; persist = next)
        {
            next = persist->NextJoined;
            RegionEntry* entry = persist->Entry;
            if (status == StoreStatus.Ok)
            {
                entry->Submitted = persist->Number;
                if (table.Queue.Seeded.Has(SeededRegionFaults.EarlyPromise))
                    RegionNumbers.NoteDurable(entry, persist->Number);
                entry->Record.Sound = Math.Max(entry->Record.Sound, entry->RefusedThrough);
            }
            else
            {
                Refuse(persist, status);
            }
            entry->IsSubmitting = false;
        }
        return status == StoreStatus.Ok;
    }

    private void AwaitDurable(RegionPersist* first)
    {
        StoreStatus status = commits.AwaitDurable(first);
        for (RegionPersist* persist = first; persist != null && status == StoreStatus.Ok; persist = persist->NextJoined)
        {
            RegionNumbers.NoteDurable(persist->Entry, persist->Number);
            scheduler.WakeAll(&persist->Entry->Memory.Changed);
        }
        for (RegionPersist* persist = first, next; persist != null; persist = next)
        {
            next = persist->NextJoined;
            if (status == StoreStatus.Ok)
            {
                Land(persist);
                continue;
            }
            // The store has failed, for all.
            persist->Entry->Submitted = persist->Entry->Durable;
            Refuse(persist, status);
        }
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
        bool isAlone = table.Queue.Seeded.Has(SeededRegionFaults.LostRefusal);
        for (RegionPersist* next; !isAlone && (next = table.Queue.TakeOf(entry, status)) != null;)
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
        entry->Doomed -= persist->RefusedWith == StoreStatus.Ok ? 0 : 1;
        table.Persists.Free(persist);
        scheduler.WakeAll(&entry->Memory.Changed);
        if (entry->Persists != 0)
            return;
        fibers.WakeAll(table.Settled);
        if (!entry->Memory.IsMapped)
            fibers.WakeAll(memory.Regions.Work);
    }
}
