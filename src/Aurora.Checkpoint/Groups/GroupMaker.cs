// New groups. The volume of one is a clone that nobody runs (Partial); behind the group's first checkpoint the store has in its order that
// it becomes one that a machine starts (Group). So a power cut leaves a whole group or none. The log is durable from its beginning up to
// some commit: so of all the commits that make a group only the last one is waited for, and what is done in memory goes on while they are
// written. An ephemeral group has no volume of its own (BaseVolumes), and nothing of it is ever written. Everything here blocks.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Makes groups: with the files of the host, as copies of running ones, and of checkpoints.</summary>
internal sealed unsafe class GroupMaker(
    GroupSession session, GroupDirectory directory, GroupMemory memory, GroupVolumes volumes, BaseVolumes bases, GroupPrograms programs,
    GroupStarter starter, FiberScheduler fibers)
{
    private readonly CheckpointLife _life = session.Engine.Life;

    /// <summary>Starts a program in a group with the files of the host; the number of the group, or a negated errno.</summary>
    public long Run(GroupOrder* order)
    {
        if (order->ArgumentCount == 0)
            return -(long)Errno.EINVAL;
        GroupEntry* host = directory.At(0);
        Errno error = CheckName(Text(order->Request.Target));
        if (error == Errno.Ok)
            error = _life.Submit(TrackerOf(host), out _);
        GroupEntry* entry = null;
        if (error == Errno.Ok)
            error = Make(host->VolumeId, 0, &order->Request, out entry);
        if (error != Errno.Ok)
            return -(long)error;
        RestoreResult result = memory.Load(entry, RestoreScope.Files, Continuation.OfStart);
        return result.IsOk ? Finish(entry, Populate(entry, order)) : GiveUp(entry, in result);
    }

    /// <summary>Copies a group as it is now; as above.</summary>
    public long Fork(GroupEntry* source, GroupRequest* request)
    {
        Errno error = CheckName(Text(request->Target));
        if (error == Errno.Ok)
            error = _life.Submit(TrackerOf(source), out _);
        return error == Errno.Ok
            ? Copy(source->VolumeId, 0, request, session.Clocks.Of(TrackerOf(source)).MonotonicNanoseconds) : -(long)error;
    }

    /// <summary>
    /// Makes a group of a checkpoint of another, which may be broken, or of a volume that is no group; without a checkpoint, of the newest
    /// state. As above.
    /// </summary>
    public long Restore(GroupEntry* source, ReadOnlySpan<byte> sourceName, GroupRequest* request)
    {
        ReadOnlySpan<byte> target = Text(request->Checkpoint);
        VolumeId volume = source != null ? source->VolumeId : default;
        Errno error = CheckName(Text(request->Target));
        // There is nothing of it to restore.
        if (error == Errno.Ok && source != null && source->IsEphemeral)
            error = Errno.EOPNOTSUPP;
        if (error == Errno.Ok && source == null)
            error = volumes.FindSaved(sourceName, out volume);
        if (error == Errno.Ok && source != null && source->Phase == GroupPhase.Moving)
            error = Errno.EIO;
        CheckpointInfo info = default;
        if (error == Errno.Ok && !target.IsEmpty)
            error = volumes.FindTarget(volume, target, out info);
        return error == Errno.Ok ? Copy(volume, info.Sequence, request, 0) : -(long)error;
    }

    private ObjectTracker TrackerOf(GroupEntry* entry) => session.Tracked.OfGroup(entry->Index);

    private GroupObject* ObjectOf(GroupEntry* entry) => session.Group.Of(TrackerOf(entry));

    private static ReadOnlySpan<byte> Text(byte* field) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(field);

    private Errno CheckName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return Errno.Ok;
        if (!GroupDirectory.IsAllowed(name))
            return Errno.EINVAL;
        return directory.Find(name) == null ? Errno.Ok : Errno.EEXIST;
    }

    // The clock of a copy goes on from where the checkpoint has it, or from where its source is by now.
    private long Copy(VolumeId source, ulong sequence, GroupRequest* request, ulong nowNanoseconds)
    {
        Errno error = Make(source, sequence, request, out GroupEntry* entry);
        if (error != Errno.Ok)
            return -(long)error;
        session.Clocks.Of(TrackerOf(entry)).ContinueBehind(nowNanoseconds);
        RestoreResult result = memory.Load(entry, RestoreScope.Whole, Continuation.OfCopy);
        if (!result.IsOk)
            return GiveUp(entry, in result);
        memory.EndDetached(entry);
        return Finish(entry, Errno.Ok);
    }

    // A new entry with a volume, a clone of what another has now (sequence 0) or had at a checkpoint, and a place in memory.
    private Errno Make(VolumeId source, ulong sequence, GroupRequest* request, out GroupEntry* entry)
    {
        entry = null;
        bool isEphemeral = (request->Flags & GroupRequest.IsEphemeral) != 0;
        scoped ReadOnlySpan<byte> name = Text(request->Target);
        Span<byte> invented = stackalloc byte[GroupEntry.MaxNameBytes];
        if (name.IsEmpty)
            name = invented[..directory.NameNew(invented)];
        VolumeId number = default;
        VolumeId stored = default;
        StoredState state = default;
        Errno error = isEphemeral ? volumes.TakeNumber(out number) : volumes.Clone(source, sequence, name, out stored);
        if (error == Errno.Ok && isEphemeral)
            error = bases.Take(source, sequence, name, out stored, out state);
        if (error != Errno.Ok)
            return error;
        if (!isEphemeral)
            state = FindCopied(stored);
        var made = new GroupEntry { Volume = isEphemeral ? number.Value : stored.Value, Stored = stored.Value, IsEphemeral = isEphemeral };
        // What is received meanwhile may have taken the name.
        bool isTaken = directory.Find(name) != null;
        entry = isTaken ? null : directory.Add(name, in made);
        if (entry != null && memory.Begin(entry))
        {
            memory.BeginWith(entry, in state);
            return Errno.Ok;
        }
        if (entry != null)
            directory.Remove(entry);
        entry = null;
        bases.Leave(&made);
        return isTaken ? Errno.EEXIST : Errno.ENOMEM;
    }

    // What a clone that was just made has, if a copy was made of that before: then more are expected, and its pages are kept for them. None
    // otherwise: nothing of it need be kept.
    private StoredState FindCopied(VolumeId clone)
        => volumes.FindState(clone, out StoredState state) == Errno.Ok && session.Staged.Has(in state) ? state : default;

    // With the files of the host, a process 1 that has begun with its program.
    private Errno Populate(GroupEntry* entry, GroupOrder* order)
    {
        ObjectTracker group = TrackerOf(entry);
        GroupObject* about = ObjectOf(entry);
        about->Flags = GroupFlags.None;
        about->WaitStatus = 0;
        about->Generation = 0;
        about->Left = default;
        programs.Set(group, order);
        bool hasTerminal = (order->Request.Flags & GroupRequest.HasTerminal) != 0;
        Errno error = starter.Start(group, Text(order->Request.Root), hasTerminal);
        if (error != Errno.Ok)
            return error;
        _life.SetStopped(group, false);
        while (!starter.HasStarted(group) && programs.FailureOf(group) == Errno.Ok && (about->Flags & GroupFlags.HasEnded) == 0)
            fibers.Yield();
        error = programs.FailureOf(group);
        programs.Forget(group);
        return error;
    }

    // The group's first checkpoint, unless it is ephemeral; from then on a machine that starts starts it, and its threads run.
    private long Finish(GroupEntry* entry, Errno error)
    {
        if (error == Errno.Ok && !entry->IsEphemeral)
            error = Keep(entry);
        if (error != Errno.Ok)
            return Undo(entry, error);
        entry->Phase = GroupPhase.Present;
        _life.SetStopped(TrackerOf(entry), (ObjectOf(entry)->Flags & GroupFlags.IsSuspended) != 0);
        return (long)entry->Number;
    }

    private Errno Keep(GroupEntry* entry)
    {
        _life.Enable(TrackerOf(entry));
        Errno error = _life.Submit(TrackerOf(entry), out Epoch first);
        if (error == Errno.Ok)
            error = volumes.SetRunning(entry);
        return error == Errno.Ok ? _life.Await(TrackerOf(entry), first) : error;
    }

    // Nothing of a group that could not be made stays, unless it cannot be taken apart.
    private long Undo(GroupEntry* entry, Errno error)
    {
        if (_life.Quiesce(TrackerOf(entry)) != Errno.Ok)
        {
            _life.SetAside(TrackerOf(entry));
            entry->Phase = GroupPhase.Broken;
            return -(long)error;
        }
        memory.End(entry);
        bases.Leave(entry);
        directory.Remove(entry);
        return -(long)error;
    }

    // What has been restored in part cannot be taken apart: that stays in memory, held. Its volume and its name go like those of any other
    // group that could not be made.
    private long GiveUp(GroupEntry* entry, in RestoreResult result)
    {
        if (result.IsUntouched)
            return Undo(entry, result.Errno);
        GroupMemory.Report(entry, RestoreMessages.Describe(result, stackalloc byte[200]));
        _life.SetAside(TrackerOf(entry));
        bases.Leave(entry);
        directory.Remove(entry);
        return -(long)result.Errno;
    }
}
