// Brings groups into memory and takes them out of it. A group in memory has an index and with it an entry in every table of what belongs
// to a group, a tree of files, and a place among those that are checkpointed. It is stopped while it comes in. When it goes, its processes
// end as if they had been killed, nothing of which is captured; then everything else that it has goes, a piece at a time, and that nothing
// is left is checked. All of it blocks, and is for fibers.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Groups coming into memory, and going.</summary>
internal sealed unsafe class GroupMemory(
    GroupSession session, GroupProcesses processes, GroupPrograms programs, GroupExecTable execs, FiberScheduler fibers)
{
    private readonly CheckpointLife _life = session.Engine.Life;

    /// <summary>
    /// Gives a group with a volume a place in memory; false when there is not enough, and nothing has happened. Of an ephemeral one nothing
    /// is captured, so nothing of its output is held.
    /// </summary>
    public bool Begin(GroupEntry* entry)
    {
        int index = session.Tracked.FreeIndex();
        ObjectTracker group = index < 0 ? default : session.Tracked.Add((ushort)index, new ObjectId(1));
        if (!group.Exists)
            return false;
        if (entry->IsEphemeral)
            group.BeEphemeral();
        session.Files.Attach(group);
        entry->Index = group.Index;
        session.OutputHold.Of(group).BeginLog();
        session.OutputHold.Of(group).PassThrough(entry->IsEphemeral);
        _life.Begin(group, entry->StoredId);
        return true;
    }

    /// <summary>
    /// The state that a group with a place begins with: what others that begin with it have read of it need not be read again.
    /// </summary>
    public void BeginWith(GroupEntry* entry, in StoredState state)
        => session.Memory.Bases.Begin(session.Tracked.OfGroup(entry->Index), NameOf(in state));

    /// <summary>A state by the name under which pages of it are kept in memory.</summary>
    public static BaseName NameOf(in StoredState state) => state.IsNone ? default : new BaseName(state.Volume.Value, state.Sequence);

    /// <summary>
    /// Restores a group that has a place. When that fails what has been restored cannot be taken apart, and stays, unless there is nothing
    /// (<see cref="RestoreResult.IsUntouched"/>): then the group can be ended.
    /// </summary>
    public RestoreResult Load(GroupEntry* entry, RestoreScope scope, in Continuation how)
    {
        ObjectTracker group = session.Tracked.OfGroup(entry->Index);
        RestoreResult result = session.Restorer.Restore(
            group, entry->StoredId, scope, endUnreferenced: true, asksForRoom: true, how.IsCopy);
        if (!result.IsOk)
        {
            session.Files.Closing.Forget(group);
            session.Ipc.Forget(group);
            session.Scheduler.ForgetPosted(group);
            processes.Table.ForgetSending(group);
            return result;
        }
        GroupObject* about = session.Group.Of(group);
        GroupObject* host = session.Group.Of(session.Tracker);
        if (about->Machine.Xcr0 != 0 && !about->Machine.IsSatisfiedBy(host->Machine, out _, out _))
            result.Fault = new RestoreFault { Status = RestoreStatus.OtherMachine, Kind = ObjectKind.Group, Id = about->Header.Id };
        about->Machine = host->Machine;
        about->MemoryMebibytes = host->MemoryMebibytes;
        if (result.IsOk)
            result.Store = _life.ContinueFrom(group, about->Epoch, in how);
        return result;
    }

    /// <summary>A restored group is about to go on: what was detached ends first.</summary>
    public void EndDetached(GroupEntry* entry)
        => processes.EndDetached(session.Tracked.OfGroup(entry->Index), new ReadOnlySpan<byte>(entry->Name, entry->NameLength));

    /// <summary>A group of which nothing more can be captured stays as it is, without anybody outside.</summary>
    public void GiveUp(ObjectTracker group)
    {
        _life.GiveUp(group);
        execs.Leave(group);
    }

    /// <summary>
    /// What a group is in memory, which nothing more is captured of, is its past from here on: it stays, stopped, until
    /// <see cref="EndLeft"/>, and the group has no place in memory: its index is the host's, whose entry comes first wherever one is looked
    /// for by its index. What its threads have not persisted of regions is given up. Blocks.
    /// </summary>
    public void Leave(GroupEntry* entry)
    {
        Panic.Unless(!session.Past.IsThere && entry->Index != 0, "groups: two pasts at once"u8);
        PidNamespace space = processes.Table.Of(session.Tracked.OfGroup(entry->Index));
        for (Process* process = space.NextProcess(1); process != null; process = space.NextProcess(process->Id + 1))
            session.Regions.GiveUp(process);
        _life.SetAside(session.Tracked.OfGroup(entry->Index));
        session.Past.Index = entry->Index;
        entry->Index = 0;
    }

    /// <summary>Takes out of memory what a group has left there.</summary>
    public void EndLeft()
    {
        if (!session.Past.IsThere)
            return;
        var left = new GroupEntry { Index = session.Past.Index };
        session.Past.Index = 0;
        End(&left);
    }

    /// <summary>Takes a group out of memory that is not captured any more.</summary>
    public void End(GroupEntry* entry)
    {
        ObjectTracker group = session.Tracked.OfGroup(entry->Index);
        _life.Abandon(group);
        execs.Leave(group);
        EndProcesses(group);
        AwaitLeftovers(group);
        while (!session.Ipc.EndStep(group))
            fibers.Yield();
        while (!session.Files.TreeEnd.Step(group))
            fibers.Yield();
        AwaitLeftovers(group);
        programs.Forget(group);
        processes.Terminals.Life.EndConsole(group);
        session.OutputHold.End(group);
        session.Settings.End(group);
        _life.End(group);
        session.Group.End(group);
        processes.Table.Of(group).Ids.Clear();
        Panic.Unless(!session.Memory.Epochs.HasChanges(group), "groups: one that ended has changed pages"u8);
        session.Tracked.Remove(group);
        entry->Index = 0;
    }

    /// <summary>Ends the processes of a group; returns when none is left.</summary>
    public void EndProcesses(ObjectTracker group)
    {
        PidNamespace space = processes.Table.Of(group);
        if (space.Init != null && !space.Init->IsEnding)
            processes.Life.BeginEnd(space.Init, WaitStatus.Killed((int)Posix.Signals.Signal.SIGKILL));
        while (space.ProcessCount != 0)
            fibers.Yield();
    }

    /// <summary>True while a group has processes.</summary>
    public bool HasProcesses(ObjectTracker group) => processes.Table.Of(group).ProcessCount != 0;

    /// <summary>Tells the kernel's log what is wrong with a group.</summary>
    public static void Report(GroupEntry* entry, ReadOnlySpan<byte> why)
        => GroupReport.Line(new ReadOnlySpan<byte>(entry->Name, entry->NameLength), why);

    /// <summary>Returns when nothing of a group's names is being read.</summary>
    public void AwaitReads(ObjectTracker group)
    {
        while (session.Files.Requests.IsWaitingFor(group))
            fibers.Yield();
    }

    // What ends in steps that the main loop takes.
    private void AwaitLeftovers(ObjectTracker group)
    {
        while (session.Memory.Spaces.IsEndingOf(group) || session.Files.Closing.HasWorkOf(group)
            || session.Files.Requests.IsWaitingFor(group))
            fibers.Yield();
    }
}
