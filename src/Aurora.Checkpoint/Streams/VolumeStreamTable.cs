// The streams there are: one that goes out and one that comes in, so that a volume can be sent and received within the machine. More
// would wait for each other in a circle. An entry is taken when a stream is asked for, with memory for what is under way, and is free
// again when the fiber has come to its end and who asked has been told, or has ended. Nothing here is saved. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Which volumes are on their way.</summary>
public sealed unsafe class VolumeStreamTable
{
    private const int Directions = 2;
    private const int RingPages = VolumeStream.RingBytes / PageSize.Bytes;

    private readonly ObjectTracker _host;
    private readonly ThreadScheduler _scheduler;
    private readonly PageAllocator _pages;
    private readonly FiberScheduler _fibers;
    private readonly VolumeStream* _streams;

    public VolumeStreamTable(ObjectTracker host, ThreadScheduler scheduler, PageAllocator pages, FiberScheduler fibers)
    {
        _host = host;
        _scheduler = scheduler;
        _pages = pages;
        _fibers = fibers;
        _streams = (VolumeStream*)pages.Allocate(1);
        Panic.Unless(_streams != null && Directions * sizeof(VolumeStream) <= PageSize.Bytes, "groups: no memory for streams"u8);
        _streams[1].IsIncoming = true;
    }

    /// <summary>The stream of a direction, or the place for one.</summary>
    internal VolumeStream* Of(bool isIncoming) => &_streams[isIncoming ? 1 : 0];

    /// <summary>The one with a number that a process has; null for none.</summary>
    internal VolumeStream* Find(ulong number, ObjectId asker)
    {
        for (VolumeStream* stream = _streams; stream < _streams + Directions; stream++)
            if (stream->HasAsker && stream->Number == number && stream->Asker == asker.Value)
                return stream;
        return null;
    }

    /// <summary>
    /// Takes the place of a direction for what an order asks for. EBUSY: there is a stream. ECANCELED: who asked has ended meanwhile. The
    /// caller fills it and lets it begin.
    /// </summary>
    internal Errno Take(bool isIncoming, ulong number, ulong asker, out VolumeStream* stream)
    {
        stream = Of(isIncoming);
        if (stream->Phase != StreamPhase.None)
            return Errno.EBUSY;
        var process = (Process*)_host.Find(new ObjectId(asker), ObjectKind.Process);
        if (process == null || process->State != ProcessState.Alive)
            return Errno.ECANCELED;
        byte* ring = (byte*)_pages.Allocate(RingPages);
        if (ring == null)
            return Errno.ENOMEM;
        FiberQueue waiting = stream->Moved;
        *stream = new VolumeStream
        {
            Phase = StreamPhase.Taken, IsIncoming = isIncoming, HasAsker = true, Number = number, Asker = asker, Ring = ring,
            Moved = waiting,
        };
        return Errno.Ok;
    }

    /// <summary>Gives back a place that nothing came of.</summary>
    internal void Discard(VolumeStream* stream)
    {
        stream->Phase = StreamPhase.Done;
        stream->HasAsker = false;
        _scheduler.WakeAll(&stream->Changed);
        FreeIfUnused(stream);
    }

    /// <summary>The fiber begins with a stream that has been filled.</summary>
    internal void Begin(VolumeStream* stream)
    {
        stream->Phase = StreamPhase.Asked;
        _fibers.WakeAll(&stream->Moved);
    }

    /// <summary>The fiber has come to the end of a stream.</summary>
    internal void Finish(VolumeStream* stream, Errno error, ulong made)
    {
        stream->Phase = StreamPhase.Done;
        stream->Error = error;
        stream->Made = made;
        _scheduler.WakeAll(&stream->Changed);
        FreeIfUnused(stream);
    }

    /// <summary>Who asked has been told everything, or is not there any more.</summary>
    internal void Dismiss(VolumeStream* stream)
    {
        stream->HasAsker = false;
        _scheduler.WakeAll(&stream->Changed);
        _fibers.WakeAll(&stream->Moved);
        FreeIfUnused(stream);
    }

    /// <summary>A process has ended: what it has asked for is broken off.</summary>
    public void NoteEnd(Process* process)
    {
        if (process->Header.Group != _host.Index)
            return;
        for (VolumeStream* stream = _streams; stream < _streams + Directions; stream++)
            if (stream->HasAsker && stream->Asker == process->Header.Id.Value)
                Dismiss(stream);
    }

    // Who waits has been woken: threads are on no queue, and the fiber looks again.
    private void FreeIfUnused(VolumeStream* stream)
    {
        if (stream->HasAsker || stream->Phase != StreamPhase.Done)
            return;
        _pages.Free(stream->Ring, RingPages);
        FiberQueue waiting = stream->Moved;
        *stream = new VolumeStream { IsIncoming = stream->IsIncoming, Moved = waiting };
    }
}
