// The program's side of streams of volumes. The fiber of a direction is woken whenever the program has moved; the program when there is
// half a ring to take or to fill, or the stream is done: it would only take it in small pieces.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Volumes on their way, as system calls see them.</summary>
public sealed unsafe class VolumeStreams(GroupSession session, FiberScheduler fibers) : StreamService
{
    private readonly VolumeStreamTable _table = session.Streams;

    /// <inheritdoc/>
    public override Errno Look(ulong number, ObjectId asker, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        VolumeStream* stream = _table.Find(number, asker);
        if (stream == null || stream->IsIncoming)
            return Errno.ECANCELED;
        // What is in the ring of one that failed is of no use to anybody.
        if (stream->Phase == StreamPhase.Done && (stream->Error != Errno.Ok || stream->Used == 0))
        {
            Errno error = stream->Error;
            _table.Dismiss(stream);
            return error;
        }
        bytes = stream->Bytes;
        return bytes.IsEmpty ? Errno.EAGAIN : Errno.Ok;
    }

    /// <inheritdoc/>
    public override void Taken(ulong number, ObjectId asker, int bytes)
    {
        VolumeStream* stream = _table.Find(number, asker);
        stream->Taken += (ulong)bytes;
        fibers.WakeAll(&stream->Moved);
    }

    /// <inheritdoc/>
    public override Errno Room(ulong number, ObjectId asker, out Span<byte> room)
    {
        room = default;
        VolumeStream* stream = _table.Find(number, asker);
        if (stream == null || !stream->IsIncoming)
            return Errno.ECANCELED;
        if (stream->Phase == StreamPhase.Done || stream->HasEnded)
            return Errno.EPIPE;
        room = stream->Room;
        return room.IsEmpty ? Errno.EAGAIN : Errno.Ok;
    }

    /// <inheritdoc/>
    public override void Put(ulong number, ObjectId asker, int bytes)
    {
        VolumeStream* stream = _table.Find(number, asker);
        stream->Written += (ulong)bytes;
        fibers.WakeAll(&stream->Moved);
    }

    /// <inheritdoc/>
    public override Errno End(ulong number, ObjectId asker, out ulong made)
    {
        made = 0;
        VolumeStream* stream = _table.Find(number, asker);
        if (stream == null || !stream->IsIncoming)
            return Errno.ECANCELED;
        stream->HasEnded = true;
        fibers.WakeAll(&stream->Moved);
        if (stream->Phase != StreamPhase.Done)
            return Errno.EAGAIN;
        made = stream->Made;
        Errno error = stream->Error;
        _table.Dismiss(stream);
        return error;
    }

    /// <inheritdoc/>
    public override void Await(Thread* thread, ulong number, ObjectId asker)
        => session.Scheduler.BlockOn(thread, &_table.Find(number, asker)->Changed);
}
