// Programs that are run in groups from outside, a few at a time. Nothing here is saved. The outer ends of their streams are open files
// of the group that no descriptor leads to; a restore, which counts references anew, closes such files. So after a power cut, and in a
// copy of the group, the program finds its input at the end and nobody who reads its output.
// An entry goes when who asked has been told everything or has ended, and its strings are not needed any more. Protected by the kernel
// lock.
using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Which programs are run in groups from outside.</summary>
public sealed unsafe class GroupExecTable
{
    /// <summary>So many at once.</summary>
    public const int Capacity = 32;

    private readonly GroupSession _session;
    private readonly PageAllocator _pages;
    private readonly GroupExec* _execs;

    public GroupExecTable(GroupSession session, PageAllocator pages)
    {
        _session = session;
        _pages = pages;
        _execs = (GroupExec*)pages.Allocate((int)PageSize.PagesFor((ulong)(Capacity * sizeof(GroupExec))));
        Panic.Unless(_execs != null, "groups: no memory for the list of their further programs"u8);
    }

    /// <summary>An entry for what an order asks for, with its strings; null when there are too many.</summary>
    internal GroupExec* Add(ObjectTracker group, GroupOrder* order)
    {
        GroupExec* exec = FindFree();
        if (exec == null)
            return null;
        exec->Phase = ExecPhase.Starting;
        exec->Group = group.Index;
        exec->Number = order->Ticket;
        exec->HasAsker = true;
        exec->Asker = order->Process;
        exec->IsDetached = (order->Request.Flags & GroupRequest.IsDetached) != 0;
        exec->Text = order->Text;
        exec->TextBytes = order->TextBytes;
        exec->ArgumentCount = order->ArgumentCount;
        exec->EnvironmentCount = order->EnvironmentCount;
        order->Text = null;
        return exec;
    }

    // Of those whom nobody waits for some may have been kept for a group that has failed since.
    private GroupExec* FindFree()
    {
        for (GroupExec* exec = _execs; exec < _execs + Capacity; exec++)
        {
            if (exec->Phase != ExecPhase.None)
                FreeIfUnused(exec);
            if (exec->Phase == ExecPhase.None)
                return exec;
        }
        return null;
    }

    /// <summary>The entry with a number that a process has; null for none.</summary>
    internal GroupExec* Find(ulong number, ObjectId asker)
    {
        for (GroupExec* exec = _execs; exec < _execs + Capacity; exec++)
            if (exec->Phase != ExecPhase.None && exec->HasAsker && exec->Number == number && exec->Asker == asker.Value)
                return exec;
        return null;
    }

    /// <summary>The entry of a process that has not ended; null for none.</summary>
    internal GroupExec* Of(Process* process)
    {
        for (GroupExec* exec = _execs; exec < _execs + Capacity; exec++)
            if (exec->Phase is ExecPhase.Starting or ExecPhase.Running && IsProcess(exec, process))
                return exec;
        return null;
    }

    /// <summary>A process has ended: one that is run from outside, or one that asked for others.</summary>
    public void NoteEnd(Process* process, int waitStatus)
    {
        GroupExec* own = Of(process);
        if (own != null)
        {
            own->WaitStatus = waitStatus;
            Become(own, ExecPhase.Ended);
        }
        if (process->Header.Group != _session.Tracker.Index)
            return;
        for (GroupExec* exec = _execs; exec < _execs + Capacity; exec++)
            if (exec->Phase != ExecPhase.None && exec->HasAsker && exec->Asker == process->Header.Id.Value)
                Dismiss(exec);
    }

    /// <summary>A group leaves memory, with what is run in it.</summary>
    internal void Leave(ObjectTracker group)
    {
        for (GroupExec* exec = _execs; exec < _execs + Capacity; exec++)
        {
            if (exec->Phase is ExecPhase.None or ExecPhase.Gone || exec->Group != group.Index)
                continue;
            Close(exec);
            Become(exec, ExecPhase.Gone);
        }
    }

    /// <summary>The next phase of a program; its strings are not needed any more.</summary>
    internal void Become(GroupExec* exec, ExecPhase phase)
    {
        exec->Phase = phase;
        ForgetText(exec);
        _session.Scheduler.WakeAll(&exec->Changed);
        FreeIfUnused(exec);
    }

    /// <summary>Nobody is to be told anything any more: the outer ends are closed.</summary>
    internal void Dismiss(GroupExec* exec)
    {
        Close(exec);
        exec->HasAsker = false;
        _session.Scheduler.WakeAll(&exec->Changed);
        FreeIfUnused(exec);
    }

    /// <summary>Its standard input has ended.</summary>
    internal void CloseInput(GroupExec* exec) => Close(ref exec->Input);

    private static bool IsProcess(GroupExec* exec, Process* process)
        => exec->Group == process->Header.Group && exec->Process == process->Header.Id.Value;

    private void Close(GroupExec* exec)
    {
        Close(ref exec->Input);
        Close(ref exec->Output.File);
        Close(ref exec->Errors.File);
    }

    private void Close(ref OpenFile* file)
    {
        if (file != null)
            _session.Files.OpenFiles.Release(file);
        file = null;
    }

    // A program that has not begun still needs its strings, unless its group stands still for good.
    private void FreeIfUnused(GroupExec* exec)
    {
        if (exec->HasAsker || (exec->Phase == ExecPhase.Starting && !HasFailed(exec->Group)))
            return;
        Close(exec);
        ForgetText(exec);
        // Who waits has been woken, and is on no queue.
        *exec = default;
    }

    /// <summary>A program whose process could not be made.</summary>
    internal void Discard(GroupExec* exec)
    {
        Close(exec);
        exec->HasAsker = false;
        Become(exec, ExecPhase.Gone);
    }

    private bool HasFailed(ushort group) => _session.Engine.Life.HasFailed(_session.Tracked.OfGroup(group));

    private void ForgetText(GroupExec* exec)
    {
        if (exec->Text != null)
            _pages.Free(exec->Text, (int)PageSize.PagesFor((ulong)exec->TextBytes));
        exec->Text = null;
    }
}
