// What has to be read from the store or written there for a region, beside what is persisted, or takes long: it is opened, made, cloned,
// resized, deleted, goes back, its changes are given up, its history is told, or all are listed. One fiber does what threads have asked
// for, one thing at a time, and takes regions out of memory that nothing shows.
//
// A thread that has asked has a ticket, and fetches its answer with it; an answer is nobody else's, and goes when the thread has gone or is
// in another call. Tickets begin at the time of the boot, so that one of an earlier boot is not known: then whoever has it asks again, or
// hears that it may have been done. What was asked for is what was said then, whatever has become of the caller's memory since.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Keeps what is asked for with regions, and has it done.</summary>
internal sealed unsafe class RegionOrders(
    RegionTable table, RegionMemory opened, RegionWork work, TrackedObjects tracked, MemoryManager memory, ThreadScheduler scheduler,
    FiberScheduler fibers, Clock clock)
{
    /// <summary>Asks for something; ENOMEM when too much has been asked for.</summary>
    public Errno Ask(Thread* thread, in RegionRequest request, out ulong ticket)
    {
        ForgetEnded();
        ticket = 0;
        RegionOrder* order = table.Orders.Allocate();
        if (order == null)
            return Errno.ENOMEM;
        ticket = table.LastTicket = Math.Max(table.LastTicket, clock.RealtimeNanoseconds) + 1;
        order->Ticket = ticket;
        order->Group = thread->Header.Group;
        order->Thread = thread->Header.Id;
        order->Request = request;
        RegionOrder** link = table.OrderLink;
        while (*link != null)
            link = &(*link)->Next;
        *link = order;
        fibers.WakeOne(memory.Regions.Work);
        return Errno.Ok;
    }

    /// <summary>
    /// What has become of what a thread has asked for: EAGAIN while it is not done; then it is forgotten. ESRCH: nobody knows of it. The
    /// region that was opened, which stays until the caller waits; null otherwise. The states that were asked for.
    /// </summary>
    public Errno Answer(Thread* thread, ulong ticket, out RegionEntry* entry, Span<RegionEpoch> epochs, out int count)
    {
        entry = null;
        count = 0;
        RegionOrder** link = table.OrderLink;
        while (*link != null && !IsOf(*link, thread, ticket))
            link = &(*link)->Next;
        RegionOrder* order = *link;
        if (order == null)
            return Errno.ESRCH;
        // Whoever showed the region since has gone again, and left what was not persisted.
        if (order->IsDone && order->Entry != null && opened.HasLeftovers(order->Entry))
            Redo(order);
        if (!order->IsDone)
            return Errno.EAGAIN;
        Errno result = order->Result;
        entry = order->Entry;
        count = Math.Min(order->EpochCount, epochs.Length);
        order->Epochs[..count].CopyTo(epochs);
        Forget(link);
        return result;
    }

    /// <summary>The body of the fiber; never returns.</summary>
    public void Run()
    {
        for (;;)
        {
            ForgetEnded();
            opened.CloseUnused();
            RegionOrder* order = NextOrder();
            if (order == null)
            {
                fibers.Block(memory.Regions.Work);
                continue;
            }
            Errno result = work.Do(order, out RegionEntry* entry);
            if (entry != null)
                entry->Users++;
            order->Entry = entry;
            order->Result = result;
            order->IsDone = true;
            scheduler.WakeAll(table.Answered);
        }
    }

    private static bool IsOf(RegionOrder* order, Thread* thread, ulong ticket)
        => order->Ticket == ticket && order->Thread == thread->Header.Id && order->Group == thread->Header.Group;

    private RegionOrder* NextOrder()
    {
        RegionOrder* order = *table.OrderLink;
        while (order != null && order->IsDone)
            order = order->Next;
        return order;
    }

    private void Redo(RegionOrder* order)
    {
        order->Entry->Users--;
        order->Entry = null;
        // It is there by now, because of this order.
        order->Request.IsExclusive = false;
        order->IsDone = false;
        fibers.WakeOne(memory.Regions.Work);
    }

    // Answers that nobody will ask for. One that is being done stays.
    private void ForgetEnded()
    {
        for (RegionOrder** link = table.OrderLink; *link != null;)
        {
            RegionOrder* order = *link;
            ObjectTracker group = tracked.OfGroup(order->Group);
            var thread = group.Exists ? (Thread*)group.Find(order->Thread, ObjectKind.Thread) : null;
            bool isWaiting = thread != null && thread->Call.Active && thread->Call.Progress == order->Ticket;
            if (order->IsDone && !isWaiting)
                Forget(link);
            else
                link = &order->Next;
        }
    }

    private void Forget(RegionOrder** link)
    {
        RegionOrder* order = *link;
        *link = order->Next;
        if (order->Entry != null)
            order->Entry->Users--;
        table.Orders.Free(order);
        fibers.WakeOne(memory.Regions.Work);
    }
}
