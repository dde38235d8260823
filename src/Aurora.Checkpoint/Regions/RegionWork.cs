// Doing what was asked for with regions, for the fiber of orders: one thing at a time. Everything blocks.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Does what is asked for with regions.</summary>
internal sealed unsafe class RegionWork(
    RegionTable table, RegionCatalog catalog, RegionHistory history, RegionMaker maker, RegionMemory opened, RegionStreams streams,
    TrackedObjects tracked, MemoryManager memory, FiberScheduler fibers)
{
    /// <summary>Does what an order says; the region that it has opened, or null.</summary>
    public Errno Do(RegionOrder* order, out RegionEntry* entry)
    {
        entry = null;
        RegionRequest request = order->Request;
        Errno error = catalog.Load();
        if (error != Errno.Ok || request.Kind == RegionRequestKind.List)
            return error;
        catalog.EndUnfinished();
        error = DoListed(order, out entry);
        // Who only wants to have it opens what has been received under that name meanwhile.
        bool isThereNow = error == Errno.EEXIST && request.Kind == RegionRequestKind.Open && !request.IsExclusive;
        return isThereNow ? DoListed(order, out entry) : error;
    }

    private Errno DoListed(RegionOrder* order, out RegionEntry* entry)
    {
        entry = null;
        RegionRequest request = order->Request;
        if (request.Kind == RegionRequestKind.Receive)
            return streams.BeginReceive(order);
        RegionEntry* about = request.Number != 0 ? table.Find(request.Number) : table.Find(request.NameBytes);
        if (about != null && request.Number == 0 && !about->BelongsTo(request.User, request.IsPrivileged))
            return Errno.EACCES;
        if (request.Kind == RegionRequestKind.Open)
            return Open(about, in request, out entry);
        if (about == null)
            return Errno.ENOENT;
        return request.Kind switch
        {
            RegionRequestKind.Delete => Delete(about),
            RegionRequestKind.Resize => Resize(about, request.Pages),
            RegionRequestKind.Abort => Abort(about, order),
            RegionRequestKind.Send => streams.BeginSend(about, order),
            RegionRequestKind.Rollback => GoBack(about, request.Epoch),
            RegionRequestKind.History => history.ReadEpochs(about, request.Epoch, order->Epochs, out order->EpochCount),
            _ => Clone(about, in request),
        };
    }

    private Errno Open(RegionEntry* entry, in RegionRequest request, out RegionEntry* found)
    {
        found = null;
        RegionRequest about = request;
        Errno error = Errno.Ok;
        if (entry != null && request.IsExclusive)
            error = Errno.EEXIST;
        else if (entry == null && !request.MayCreate)
            error = Errno.ENOENT;
        else if (entry == null && !request.IsAdministrator)
            error = Errno.EPERM;
        else if (entry == null)
            error = maker.Create(about.NameBytes, request.Pages, request.User, out entry);
        if (error != Errno.Ok)
            return error;
        error = opened.Open(entry->Volume, out entry);
        found = error == Errno.Ok ? entry : null;
        return error;
    }

    private Errno Delete(RegionEntry* entry)
    {
        if (entry->IsUnread)
            return Errno.EIO;
        if (!TakeOut(entry))
            return Errno.EBUSY;
        Errno error = catalog.Delete(entry);
        if (error != Errno.Ok)
            opened.Release(entry);
        else
            fibers.WakeAll(table.Settled);
        return error;
    }

    // Whoever shows it would see its past in his present.
    private Errno GoBack(RegionEntry* entry, ulong epoch)
    {
        if (entry->IsDamaged)
            return Errno.EIO;
        if (!TakeOut(entry))
            return Errno.EBUSY;
        Errno error = history.GoBack(entry, epoch);
        opened.Release(entry);
        return error;
    }

    // It is not in memory, and does not come there before it is released; false when somebody shows it.
    private bool TakeOut(RegionEntry* entry)
    {
        while ((entry->IsBusy || entry->Persists != 0) && !(entry->IsOpen && entry->Memory.IsMapped))
            fibers.Block(table.Settled);
        if (entry->IsOpen && RegionMemory.IsUnused(entry))
            opened.Close(entry);
        if (entry->IsOpen || entry->IsBusy || entry->Users != 0)
            return false;
        entry->IsBusy = true;
        return true;
    }

    private Errno Clone(RegionEntry* source, in RegionRequest request)
    {
        RegionRequest about = request;
        if (table.Find(about.TargetBytes) != null)
            return Errno.EEXIST;
        return source->IsDamaged ? Errno.EIO : maker.Clone(source, request.Epoch, about.TargetBytes, request.User);
    }

    // Nothing is persisted meanwhile: what is behind the new end must not come back.
    private Errno Resize(RegionEntry* entry, ulong pages)
    {
        if (pages > entry->Record.SpanPages)
            return Errno.ENOMEM;
        Errno error = opened.Open(entry->Volume, out entry);
        if (error != Errno.Ok || pages == entry->Record.SizePages)
            return error;
        while (entry->IsBusy)
            fibers.Block(table.Settled);
        opened.Hold(entry);
        ulong number = RegionNumbers.Next(entry);
        error = catalog.Resize(entry, pages, number);
        if (error == Errno.Ok)
        {
            memory.Regions.Resize(&entry->Memory, pages);
            memory.Regions.NoteTaken(&entry->Memory, number);
            RegionNumbers.NoteDurable(entry, number);
        }
        else
        {
            RegionNumbers.Refuse(entry, number, number, error);
        }
        opened.Release(entry);
        return error;
    }

    // A thread that has ended leaves the rest as one does that ends with it.
    private Errno Abort(RegionEntry* entry, RegionOrder* order)
    {
        if (!entry->IsOpen)
            return Errno.Ok;
        while (entry->IsBusy)
            fibers.Block(table.Settled);
        opened.Hold(entry);
        bool isOfAll = order->Request.IsOfAll;
        // Whoever goes on storing would keep it from coming to an end.
        entry->Memory.IsStill = isOfAll;
        bool isDone = false;
        while (!isDone)
        {
            ObjectTracker group = tracked.OfGroup(order->Group);
            var thread = group.Exists ? (Thread*)group.Find(order->Thread, ObjectKind.Thread) : null;
            isDone = (thread == null && !isOfAll) || memory.Regions.AbortSome(&entry->Memory, isOfAll ? null : &thread->Regions);
            fibers.GiveWay();
        }
        memory.Regions.EndStillness(&entry->Memory);
        opened.Release(entry);
        return Errno.Ok;
    }
}
