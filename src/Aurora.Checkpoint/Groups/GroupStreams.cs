// Groups as streams; regions go through the same fibers (RegionStreams). What is asked for (sls_manage) is looked up, and has its
// checkpoint, before who asked is told its number; the stream itself is a fiber's work, one for each direction, beside what else is done
// with groups. What comes in becomes a saved volume: it has a name among the groups, nobody runs it, and groups are made of it. Until all
// of it is durable it is Partial, and a machine that starts drops it.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Sends checkpoints of groups, and receives them.</summary>
internal sealed unsafe class GroupStreams(
    GroupSession session, GroupDirectory directory, GroupVolumes volumes, StreamSink sink, GroupDumps dumps,
    FiberScheduler fibers)
{
    private readonly VolumeStreamTable _table = session.Streams;
    private readonly StreamSource _source = new(session.Streams, session.Scheduler, fibers);

    /// <summary>
    /// Lets a checkpoint of a group go out, or what differs from another; the number of the stream, or a negated errno. Blocks.
    /// </summary>
    public long Send(GroupEntry* entry, GroupOrder* order)
    {
        if (entry->Phase == GroupPhase.Moving)
            return -(long)Errno.EIO;
        Errno error = FindSent(entry, Text(order->Request.Checkpoint), out CheckpointInfo sent);
        CheckpointInfo known = default;
        ReadOnlySpan<byte> since = Text(order->Request.Target);
        if (error == Errno.Ok && !since.IsEmpty)
            error = volumes.FindTarget(entry->VolumeId, since, out known);
        if (error == Errno.Ok && known.Sequence >= sent.Sequence)
            error = Errno.EINVAL;
        VolumeStream* stream = null;
        if (error == Errno.Ok)
            error = _table.Take(isIncoming: false, order->Ticket, order->Process, out stream);
        if (error != Errno.Ok)
            return -(long)error;
        stream->Volume = entry->Volume;
        stream->Sequence = sent.Sequence;
        stream->BaseSequence = known.Sequence;
        _table.Begin(stream);
        return (long)order->Ticket;
    }

    /// <summary>Lets a stream come in that becomes a saved volume; as above.</summary>
    public long Receive(GroupOrder* order)
    {
        ReadOnlySpan<byte> name = Text(order->Request.Target);
        Errno error = !GroupDirectory.IsAllowed(name) ? Errno.EINVAL : directory.Find(name) != null ? Errno.EEXIST : Errno.Ok;
        VolumeStream* stream = null;
        if (error == Errno.Ok)
            error = _table.Take(isIncoming: true, order->Ticket, order->Process, out stream);
        if (error != Errno.Ok)
            return -(long)error;
        name.CopyTo(new Span<byte>(stream->Name, VolumeStream.NameBytes));
        stream->NameLength = name.Length;
        _table.Begin(stream);
        return (long)order->Ticket;
    }

    /// <summary>Sends, dumps or receives what has been asked for; returns when there is nothing more. Blocks.</summary>
    public void Serve(bool isIncoming)
    {
        VolumeStream* stream = _table.Of(isIncoming);
        while (stream->Phase == StreamPhase.Asked)
        {
            stream->Phase = StreamPhase.Running;
            ulong made = 0;
            Errno error = isIncoming ? ReceiveAny(stream, out made) : SendAny(stream);
            _table.Finish(stream, error, made);
        }
    }

    /// <summary>Sleeps until something may have been asked for. Blocks.</summary>
    public void Wait(bool isIncoming) => fibers.Block(&_table.Of(isIncoming)->Moved);

    private Errno SendAny(VolumeStream* stream)
    {
        if (stream->IsOfRegion)
            return session.Regions.Send(stream, sink);
        return stream->ProcessId != 0 ? dumps.Write(stream) : volumes.Send(stream, sink);
    }

    private Errno ReceiveAny(VolumeStream* stream, out ulong made)
        => stream->IsOfRegion ? session.Regions.Receive(stream, _source, out made) : Receive(stream, out made);

    private static ReadOnlySpan<byte> Text(byte* field) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(field);

    // Without a checkpoint what there is now, which becomes one first in a group that runs.
    private Errno FindSent(GroupEntry* entry, ReadOnlySpan<byte> checkpoint, out CheckpointInfo sent)
    {
        sent = default;
        if (!checkpoint.IsEmpty)
            return volumes.FindTarget(entry->VolumeId, checkpoint, out sent);
        Errno error = Errno.Ok;
        if (entry->Phase == GroupPhase.Present)
            error = session.Engine.Life.Settle(session.Tracked.OfGroup(entry->Index));
        return error == Errno.Ok ? volumes.FindNewest(entry->VolumeId, out sent) : error;
    }

    // Somebody may have taken the name, or the memory, meanwhile.
    private Errno Receive(VolumeStream* stream, out ulong made)
    {
        made = 0;
        var name = new ReadOnlySpan<byte>(stream->Name, stream->NameLength);
        Errno error = volumes.Receive(name, _source, out VolumeId volume);
        if (error != Errno.Ok)
            return error;
        GroupEntry* entry = directory.Find(name) == null ? directory.Add(name, volume) : null;
        if (entry == null)
        {
            error = directory.Find(name) == null ? Errno.ENOMEM : Errno.EEXIST;
            volumes.DropUnfinished(volume);
            return error;
        }
        entry->Phase = GroupPhase.Saved;
        made = entry->Number;
        return Errno.Ok;
    }
}
