// What a fiber does with groups, one thing after another. Everything here blocks.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Suspends, rewinds, ends, starts and removes groups, and has new ones made (<see cref="GroupMaker"/>).</summary>
internal sealed unsafe class GroupWork(
    GroupSession session, GroupDirectory directory, GroupMemory memory, GroupVolumes volumes, BaseVolumes bases, GroupMaker maker,
    ExecMaker execs, GroupStreams streams, GroupDumps dumps)
{
    private readonly CheckpointLife _life = session.Engine.Life;

    /// <summary>Does what an order asks; the number of the group concerned, or a negated errno.</summary>
    public long Do(GroupOrder* order)
    {
        GroupRequest* request = &order->Request;
        ReadOnlySpan<byte> name = Text(request->Group);
        GroupEntry* entry = directory.Find(name);
        if (!IsAskerThere(order->Asker, entry))
            return -(long)Errno.ECANCELED;
        switch (request->Verb)
        {
            case GroupVerb.Run:
                return maker.Run(order);
            case GroupVerb.Restore:
                return maker.Restore(entry, name, request);
            case GroupVerb.Receive:
                return streams.Receive(order);
        }
        if (entry == null)
            return -(long)Errno.ENOENT;
        // What it was is not known any more when it has gone.
        ulong number = entry->Number;
        if (request->Verb == GroupVerb.Fork)
            return entry->Phase == GroupPhase.Present ? maker.Fork(entry, request) : -(long)ErrorOf(entry);
        if (entry->IsEphemeral && request->Verb is GroupVerb.Send or GroupVerb.Dump)
            return -(long)Errno.EOPNOTSUPP;
        if (request->Verb == GroupVerb.Send)
            return streams.Send(entry, order);
        if (request->Verb == GroupVerb.Dump)
            return dumps.Begin(entry, order);
        if (request->Verb == GroupVerb.Exec)
            return Run(entry, order);
        Errno error = entry->IsHost ? Errno.EINVAL : Change(entry, request);
        return error == Errno.Ok ? (long)number : -(long)error;
    }

    /// <summary>Brings a group back when the machine starts.</summary>
    public void Start(GroupEntry* entry)
    {
        RestoreResult result = Load(entry, Continuation.OfStart);
        GoOn(entry, in result);
    }

    // A group asks for itself, by its name. By now it may have gone, and come back from another state, or another may have its name: what
    // is there did not ask, and its index is another.
    private bool IsAskerThere(ushort asker, GroupEntry* entry)
        => asker == session.Tracker.Index || (entry != null && entry->Phase == GroupPhase.Present && entry->Index == asker);

    // Why something cannot be done with a group that is not in memory.
    private static Errno ErrorOf(GroupEntry* entry) => entry->Phase == GroupPhase.Saved ? Errno.ENODEV : Errno.EIO;

    private ObjectTracker TrackerOf(GroupEntry* entry) => session.Tracked.OfGroup(entry->Index);

    private GroupObject* ObjectOf(GroupEntry* entry) => session.Group.Of(TrackerOf(entry));

    private static ReadOnlySpan<byte> Text(byte* field) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(field);

    // A further program in a group whose programs run; its number, or a negated errno.
    private long Run(GroupEntry* entry, GroupOrder* order)
    {
        // Who is in it starts programs himself.
        if (entry->IsHost && !order->IsOfLauncher)
            return -(long)Errno.EINVAL;
        if (entry->Phase != GroupPhase.Present || _life.HasFailed(TrackerOf(entry)))
            return -(long)ErrorOf(entry);
        GroupFlags flags = ObjectOf(entry)->Flags;
        if ((flags & GroupFlags.HasEnded) != 0)
            return -(long)Errno.ESRCH;
        return (flags & GroupFlags.IsSuspended) != 0 ? -(long)Errno.EBUSY : execs.Run(TrackerOf(entry), order);
    }

    private Errno Change(GroupEntry* entry, GroupRequest* request)
    {
        if (request->Verb == GroupVerb.Remove)
            return Remove(entry);
        if (entry->Phase != GroupPhase.Present)
            return ErrorOf(entry);
        return request->Verb switch
        {
            GroupVerb.Suspend => SetSuspended(entry, true),
            GroupVerb.Resume => SetSuspended(entry, false),
            GroupVerb.Kill => Kill(entry),
            GroupVerb.Rewind => Rewind(entry, Text(request->Checkpoint)),
            _ => Errno.EINVAL,
        };
    }

    // A group that was restored goes on, unless that failed.
    private bool GoOn(GroupEntry* entry, in RestoreResult result)
    {
        if (!result.IsOk)
        {
            entry->Phase = GroupPhase.Broken;
            if (!result.IsUntouched)
                _life.SetAside(TrackerOf(entry));
            GroupMemory.Report(entry, RestoreMessages.Describe(result, stackalloc byte[200]));
            return false;
        }
        memory.EndDetached(entry);
        _life.Enable(TrackerOf(entry));
        entry->Phase = GroupPhase.Present;
        _life.SetStopped(TrackerOf(entry), (ObjectOf(entry)->Flags & GroupFlags.IsSuspended) != 0);
        return true;
    }

    // Refused with ENOSPC it has been done all the same, and is not durable.
    private Errno SetSuspended(GroupEntry* entry, bool isSuspended)
    {
        GroupObject* about = ObjectOf(entry);
        about->Flags = isSuspended ? about->Flags | GroupFlags.IsSuspended : about->Flags & ~GroupFlags.IsSuspended;
        TrackerOf(entry).MarkChanged(&about->Header);
        _life.SetStopped(TrackerOf(entry), isSuspended);
        return _life.Keep(TrackerOf(entry));
    }

    private Errno Kill(GroupEntry* entry)
    {
        ObjectTracker group = TrackerOf(entry);
        if (_life.HasFailed(group))
            return Errno.EIO;
        GroupObject* about = ObjectOf(entry);
        about->Flags &= ~GroupFlags.IsSuspended;
        _life.SetEnding(group, true);
        memory.EndProcesses(group);
        _life.SetEnding(group, false);
        // One that had no processes has ended by being told so.
        about->Flags |= GroupFlags.HasEnded;
        group.MarkChanged(&about->Header);
        return _life.Keep(group);
    }

    private Errno Rewind(GroupEntry* entry, ReadOnlySpan<byte> target)
    {
        if (entry->IsEphemeral)
            return Errno.EOPNOTSUPP;
        Errno error = volumes.FindTarget(entry->VolumeId, target, out CheckpointInfo info);
        if (error != Errno.Ok)
            return error;
        ulong generation = ObjectOf(entry)->Generation;
        entry->Phase = GroupPhase.Moving;
        error = _life.Quiesce(TrackerOf(entry));
        if (error == Errno.Ok)
            memory.AwaitReads(TrackerOf(entry));
        ulong commit = 0;
        Epoch rollback = default;
        if (error == Errno.Ok)
            error = _life.RollBack(TrackerOf(entry), in info, out commit, out rollback);
        if (error != Errno.Ok)
        {
            Return(entry);
            return error;
        }
        RestoreResult result = ComeBack(entry, Continuation.OfRewind(generation, rollback));
        // Whoever continues from here after a power cut does the same: what the volume has become is all that must be durable.
        bool goesOn = GoOn(entry, in result);
        if (session.Reclaimer.IsShort)
            memory.EndLeft();
        error = _life.AwaitCommit(commit);
        return goesOn ? error : result.Errno;
    }

    // What the group was goes when it runs again, and before that unless there is plenty of room for both (RestoreRoom).
    private RestoreResult ComeBack(GroupEntry* entry, in Continuation how)
    {
        memory.Leave(entry);
        RestoreResult result = Load(entry, in how);
        if (result.IsOk || !result.IsUntouched)
            return result;
        memory.EndLeft();
        return Load(entry, in how);
    }

    // When there was no room for it nothing of it stays but its volume.
    private RestoreResult Load(GroupEntry* entry, in Continuation how)
    {
        if (!memory.Begin(entry))
            return new RestoreResult { Fault = new RestoreFault { Status = RestoreStatus.OutOfMemory }, IsUntouched = true };
        RestoreResult result = memory.Load(entry, RestoreScope.Whole, in how);
        if (!result.IsOk && result.IsUntouched)
            memory.End(entry);
        return result;
    }

    // A group that was to leave memory stays.
    private void Return(GroupEntry* entry)
    {
        _life.EndQuiesce(TrackerOf(entry));
        _life.SetStopped(TrackerOf(entry), (ObjectOf(entry)->Flags & GroupFlags.IsSuspended) != 0);
        entry->Phase = GroupPhase.Present;
    }

    // A group that is there must have ended; what could not be brought back, or is only saved, may go with its volume. So may one that
    // nothing more can be written of, while the store is well: its processes cannot end, since what has been captured of them never goes.
    private Errno Remove(GroupEntry* entry)
    {
        if (entry->Phase is GroupPhase.Broken or GroupPhase.Saved)
            return Forget(entry);
        if (_life.HasFailed(TrackerOf(entry)) && session.Store.Health == StoreStatus.Ok)
        {
            memory.GiveUp(TrackerOf(entry));
            entry->Phase = GroupPhase.Broken;
            return Forget(entry);
        }
        if (memory.HasProcesses(TrackerOf(entry)))
            return Errno.EBUSY;
        entry->Phase = GroupPhase.Moving;
        Errno error = _life.Quiesce(TrackerOf(entry));
        if (error != Errno.Ok)
        {
            Return(entry);
            return error;
        }
        memory.End(entry);
        return Forget(entry);
    }

    private Errno Forget(GroupEntry* entry)
    {
        VolumeId volume = entry->VolumeId;
        if (entry->IsEphemeral)
        {
            bases.Leave(entry);
            directory.Remove(entry);
            return Errno.Ok;
        }
        // What one without commits of its own holds is known by another's name. Where that cannot be found nothing is staged of it.
        if (volumes.FindState(volume, out StoredState state) != Errno.Ok)
            state = default;
        Errno error = volumes.Forget(entry);
        if (error == Errno.Ok)
            session.Staged.Drop(volume, in state);
        return error;
    }
}
