// Regions as streams (sls regions send, sls regions recv), in the form and through the fibers of those of groups (GroupStreams). What is
// asked for is looked up by the fiber of orders; the stream is the work of the fiber of its direction. What goes out is a state of the
// region's volume, as of a persist: nothing that is dirty, and whoever uses the region goes on. What comes in is a volume that is Partial,
// and so goes when the machine starts again, until it is listed as a region, whole and under its name, in one step.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Sends and receives regions. Everything blocks.</summary>
internal sealed unsafe class RegionStreams(
    ObjectStore store, RegionTable table, RegionCatalog catalog, RegionHistory history, RegionMaker maker, RegionMemory opened,
    TrackedObjects tracked, VolumeStreamTable streams, RandomSource random, FiberScheduler fibers)
{
    // So often what was persisted last is looked up again: it leaves the history when much is persisted, here or in other volumes, and at a
    // cut, before the stream has got hold of it.
    private const int Attempts = 16;

    private readonly StreamedRegions _copies = new(random, streams);

    /// <summary>Lets a state of a region go out, or what differs from another one that was before.</summary>
    public Errno BeginSend(RegionEntry* entry, RegionOrder* order)
    {
        if (entry->IsDamaged)
            return Errno.EIO;
        // The place comes first: finding the state may hold the region for a moment, and commit.
        Errno error = Take(order, isIncoming: false, out VolumeStream* stream);
        if (error != Errno.Ok)
            return error;
        stream->Volume = entry->Volume;
        stream->IsNewest = order->Request.Epoch == 0;
        error = FindBounds(entry->VolumeId, order, stream);
        if (error == Errno.Ok)
            streams.Begin(stream);
        else
            streams.Discard(stream);
        return error;
    }

    // Which state goes out, and which one the receiver has.
    private Errno FindBounds(VolumeId volume, RegionOrder* order, VolumeStream* stream)
    {
        Errno error = order->Request.Epoch == 0 ? FindNewest(stream)
            : RegionCatalog.ErrnoOf(history.Find(volume, order->Request.Epoch, out stream->Sequence));
        if (error == Errno.Ok && order->Request.Since != 0)
            error = RegionCatalog.ErrnoOf(history.Find(volume, order->Request.Since, out stream->BaseSequence));
        return error == Errno.Ok && stream->BaseSequence >= stream->Sequence ? Errno.EINVAL : error;
    }

    /// <summary>Lets a stream come in that becomes a region.</summary>
    public Errno BeginReceive(RegionOrder* order)
    {
        ReadOnlySpan<byte> name = order->Request.TargetBytes;
        VolumeStream* stream = null;
        Errno error = table.Find(name) != null ? Errno.EEXIST : Take(order, isIncoming: true, out stream);
        if (error != Errno.Ok)
            return error;
        name.CopyTo(new Span<byte>(stream->Name, VolumeStream.NameBytes));
        stream->NameLength = name.Length;
        stream->User = order->Request.User;
        streams.Begin(stream);
        return Errno.Ok;
    }

    /// <summary>Sends what a stream is to hold; how it ended.</summary>
    public Errno Send(VolumeStream* stream, VolumeSink sink)
    {
        for (int attempt = 1;; attempt++)
        {
            StoreStatus status = store.SendVolume(new VolumeId(stream->Volume), stream->Sequence, stream->BaseSequence, sink);
            bool isTooOld = status == StoreStatus.NotFound && stream->IsNewest && stream->Written == 0 && attempt < Attempts;
            if (!isTooOld)
                return StreamErrors.Of(store, status);
            Errno error = FindNewest(stream);
            if (error != Errno.Ok)
                return error;
        }
    }

    /// <summary>Makes a region of a stream. Errors as of a group (GroupVolumes.Receive); EPROTOTYPE: it is of a group.</summary>
    public Errno Receive(VolumeStream* stream, VolumeSource source, out ulong made)
    {
        made = 0;
        var name = new ReadOnlySpan<byte>(stream->Name, stream->NameLength);
        var kinds = new ReceivedKinds { Region = _copies };
        StoreStatus status = store.ReceiveVolume(source, name, catalog.Now(0), in kinds, out VolumeId volume);
        if (status != StoreStatus.Ok)
            return StreamErrors.Of(store, status);
        Errno error = maker.TakeUp(volume, name, out RegionEntry* entry);
        made = error == Errno.Ok ? entry->Volume : 0;
        return error;
    }

    // The last persist is sent also when the store does not offer its state by itself any more: then it is made the newest once more, and
    // nothing is persisted for a moment.
    private Errno FindNewest(VolumeStream* stream)
    {
        Errno error = FindOffered(new VolumeId(stream->Volume), out stream->Sequence);
        if (error != Errno.ENOENT)
            return error;
        RegionEntry* entry;
        while ((entry = table.Find(stream->Volume)) != null && entry->IsBusy)
            fibers.Block(table.Settled);
        if (entry == null)
            return Errno.ENOENT;
        opened.Hold(entry);
        error = catalog.Repeat(entry);
        opened.Release(entry);
        return error == Errno.Ok ? FindOffered(new VolumeId(stream->Volume), out stream->Sequence) : error;
    }

    // The newest state as one that can be sent; ENOENT when it is so old that the store does not offer it by itself.
    private Errno FindOffered(VolumeId volume, out ulong sequence)
    {
        sequence = 0;
        StoreStatus status = store.FindVolume(volume, out VolumeInfo info);
        CheckpointInfo newest = default;
        if (status == StoreStatus.Ok)
            status = info.LastSequence == 0 ? StoreStatus.NotFound : store.NextCheckpoint(volume, info.LastSequence - 1, out newest);
        if (status == StoreStatus.Ok && newest.Sequence != info.LastSequence)
            status = StoreStatus.NotFound;
        sequence = newest.Sequence;
        return RegionCatalog.ErrnoOf(status);
    }

    // The stream is known by the order's ticket to the process that has asked.
    private Errno Take(RegionOrder* order, bool isIncoming, out VolumeStream* stream)
    {
        stream = null;
        ObjectTracker group = tracked.OfGroup(order->Group);
        var thread = group.Exists ? (Thread*)group.Find(order->Thread, ObjectKind.Thread) : null;
        if (thread == null)
            return Errno.ECANCELED;
        Errno error = streams.Take(isIncoming, order->Ticket, thread->Process->Header.Id.Value, out stream);
        if (error == Errno.Ok)
            stream->IsOfRegion = true;
        return error;
    }
}
