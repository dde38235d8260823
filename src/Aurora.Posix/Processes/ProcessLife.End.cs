// The end of a process, in steps: each changes little enough for an epoch to end between any two, and any of its threads can take the next
// one. A process that has begun to end (IsEnding, captured) never sees user mode again and takes no signals; to others it is alive until
// the last step makes it a zombie. The order: other threads (by the executive, since they leave things in memory), descriptors, terminal,
// children to init, then at once memory, timers, SIGCHLD to the parent. With init, whose end is the session's, every other process ends
// first.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>How far a step of the end of a process has come.</summary>
public enum EndProgress : byte
{
    Done,

    /// <summary>There is more to do, after others have had their chance.</summary>
    More,

    /// <summary>Others must end first: wait on the process's ChildChanged.</summary>
    AwaitsOthers,
}

public sealed unsafe partial class ProcessLife
{
    /// <summary>Things one step may end or hand over: descriptors, locks, threads, children.</summary>
    public const int UnitsPerStep = 256;

    // Processes or threads that are looked at in the time it takes to end or hand over one thing.
    private const int PassedPerUnit = 64;

    /// <summary>From here on the process is ending, with this wait status: one of its threads will take the steps.</summary>
    public void BeginEnd(Process* process, int waitStatus)
    {
        Panic.Unless(process->State == ProcessState.Alive && !process->IsEnding, "processes: ended twice"u8);
        process->IsEnding = true;
        process->ExitStatus = waitStatus;
        process->IsStopped = false;
        process->StopReport = 0;
        process->ContinueReport = false;
        _table.MarkChanged(&process->Header);
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            if (thread->State == ThreadState.Runnable)
                return;
        _scheduler.MakeRunnable(process->FirstThread);
    }

    /// <summary>
    /// One step of the end of a process that has only one thread left. Done: the process has ended, its thread is gone.
    /// </summary>
    public EndProgress ContinueEnd(Process* process, ref int left)
    {
        Panic.Unless(process->IsEnding && process->ThreadCount == 1, "processes: an end out of order"u8);
        if (process == _table.Of(process).Init)
        {
            EndProgress others = EndOthers(process, ref left);
            if (others != EndProgress.Done)
                return others;
        }
        _ipc.ThreadEnded(process->FirstThread);
        if (!_files.CloseSome(process, ref left))
            return EndProgress.More;
        LeaveTerminal(process);
        if (!AbandonChildren(process, ref left))
            return EndProgress.More;
        Complete(process);
        return EndProgress.Done;
    }

    /// <summary>Ends a process in one go, however much it has; init and with it every other process.</summary>
    public void EndProcess(Process* process, int waitStatus)
    {
        if (!process->IsEnding)
            BeginEnd(process, waitStatus);
        while (process->ThreadCount > 1)
            Retire(process->LastThread);
        PidNamespace space = _table.Of(process);
        for (Process* other = process == space.Init ? space.NextProcess(2) : null; other != null; other = space.NextProcess(2))
        {
            if (other->State == ProcessState.Alive)
                EndProcess(other, WaitStatus.Killed((int)Signal.SIGKILL));
            else
                Reap(other);
        }
        int left = int.MaxValue;
        EndProgress progress = ContinueEnd(process, ref left);
        Panic.Unless(progress == EndProgress.Done, "processes: an end without limits did not end"u8);
    }

    private void Complete(Process* process)
    {
        Retire(process->FirstThread);
        process->State = ProcessState.Zombie;
        process->IsEnding = false;
        if (process->Handle != null)
            _scheduler.WakeAll(&process->Handle->Ended);
        ReleaseMemory(process);
        _files.Release(process);
        _timers.EndAll(process);
        _signals.Discard(process, null);
        int waitStatus = process->ExitStatus;
        _machine.ProcessEnded(process, waitStatus);
        if (process == _table.Of(process).Init)
        {
            // Nobody waits for init: what stays is a group without processes, so that the next session can begin with process 1.
            ObjectTracker group = _table.Of(process).Group;
            _table.LeadNobody(process);
            Reap(process);
            _machine.SessionEnded(group, waitStatus);
            return;
        }
        CheckOrphanedGroup(process);
        _table.ReleaseSessionLeadership(process);
        NotifyEnd(process, waitStatus);
    }

    /// <summary>
    /// One step of the end of every other process of init's group. What is killed takes its own steps, and is reaped as it ends.
    /// AwaitsOthers: look again whenever a child has ended.
    /// </summary>
    public EndProgress EndOthers(Process* init, ref int left)
    {
        PidNamespace space = _table.Of(init);
        Process* process = space.NextProcess(2);
        if (process == null)
            return EndProgress.Done;
        for (; process != null; process = space.NextProcess(process->Id + 1))
        {
            if (process->IsEnding || (process->State == ProcessState.Zombie && process->Parent != init))
                continue;
            if (left-- <= 0)
                return EndProgress.More;
            if (process->State == ProcessState.Alive)
                BeginEnd(process, WaitStatus.Killed((int)Signal.SIGKILL));
        }
        for (Process* child = init->FirstChild; child != null; )
        {
            Process* next = child->NextSibling;
            if (child->State == ProcessState.Zombie)
            {
                if (left-- <= 0)
                    return EndProgress.More;
                Reap(child);
            }
            child = next;
        }
        return space.NextProcess(2) == null ? EndProgress.Done : EndProgress.AwaitsOthers;
    }

    private void ReleaseMemory(Process* process)
    {
        if (process->AddressSpace != null)
            _memory.Spaces.Release(process->AddressSpace, process->Id);
        process->AddressSpace = null;
        ReturnMemory(process);
    }

    private bool AbandonChildren(Process* process, ref int left)
    {
        Process* heir = process->FirstChild == null ? null : FindHeir(process);
        for (; process->FirstChild != null; left--)
        {
            if (left <= 0)
                return false;
            Process* child = process->FirstChild;
            _table.SetParent(child, heir);
            child->ExitSignal = (int)Signal.SIGCHLD;
            _table.MarkChanged(&child->Header);
            NotifyParentDeath(child);
            ProcessGroup* group = child->ProcessGroup;
            if (group != process->ProcessGroup && group->Session == process->ProcessGroup->Session)
            {
                left -= group->MemberCount / PassedPerUnit;
                HangUpIfOrphaned(group, null);
            }
            if (child->State == ProcessState.Zombie)
                NotifyEnd(child, child->ExitStatus);
        }
        return true;
    }

    private Process* FindHeir(Process* process)
    {
        for (Process* ancestor = process->Parent; ancestor != null; ancestor = ancestor->Parent)
            if (ancestor->IsChildSubreaper && ancestor->State == ProcessState.Alive && !ancestor->IsEnding)
                return ancestor;
        return _table.Of(process).Init;
    }

    // Each thread may have asked for a signal, but the process gets no more of them than can wait.
    private void NotifyParentDeath(Process* child)
    {
        int left = SignalQueue.Limit;
        SignalSet sent = default;
        Thread* next;
        for (Thread* thread = child->FirstThread; thread != null && left > 0; thread = next)
        {
            next = thread->NextOfProcess;
            var signal = (Signal)thread->ParentDeathSignal;
            if (signal == Signal.None || (signal < Signal.FirstRealTime && sent.Contains(signal)))
                continue;
            sent = sent.With(signal);
            left--;
            _signals.Send(child,
                SignalInfo.FromKernel(signal, SignalCode.User) with { Pid = child->Parent == null ? 0 : child->Parent->Id });
        }
    }

    // Without its last link to the session a group's stopped processes could never be continued: they get SIGHUP and SIGCONT.
    private void CheckOrphanedGroup(Process* process)
    {
        Process* parent = process->Parent;
        ProcessGroup* group = process->ProcessGroup;
        if (parent != null && parent->ProcessGroup != group && parent->ProcessGroup->Session == group->Session)
            HangUpIfOrphaned(group, process);
    }

    private void HangUpIfOrphaned(ProcessGroup* group, Process* ignored)
    {
        if (!ProcessTable.HasStoppedMember(group) || !ProcessTable.IsOrphaned(group, ignored))
            return;
        _signals.SendToGroup(group, Signal.SIGHUP);
        _signals.SendToGroup(group, Signal.SIGCONT);
    }

    private void NotifyEnd(Process* process, int waitStatus)
    {
        int code = WaitStatus.IsExit(waitStatus) ? SignalCode.ChildExited : SignalCode.ChildKilled;
        int status = WaitStatus.IsExit(waitStatus) ? WaitStatus.ExitCode(waitStatus) : WaitStatus.SignalOf(waitStatus);
        _table.MarkChanged(&process->Header);
        _signals.ReportToParent(process, code, status);
        // Nobody waits for it but an init that ends, and ends it.
        Process* init = _table.Of(process).Init;
        if (process->Parent == null && init != null)
            _scheduler.WakeAll(&init->ChildChanged);
        if (IsAutomaticallyReaped(process))
            Reap(process);
    }

    private bool IsAutomaticallyReaped(Process* process)
    {
        // Nobody waits any more in a session whose init is ending. What another parent leaves goes to its heir as a zombie.
        if (process->Parent == null || (process->Parent == _table.Of(process).Init && process->Parent->IsEnding))
            return true;
        if (process->ExitSignal != (int)Signal.SIGCHLD)
            return false;
        SignalAction* action = SignalActions.Of(process->Parent->Actions, Signal.SIGCHLD);
        return action->Handler == SignalAction.Ignore || (action->Flags & SignalAction.NoChildWait) != 0;
    }

    private void LeaveTerminal(Process* process)
    {
        Session* session = process->ProcessGroup == null ? null : process->ProcessGroup->Session;
        if (session == null || session->Leader != process)
            return;
        if (session->Terminal == null)
        {
            TellOfHangUp(session);
            return;
        }
        Terminal* terminal = (Terminal*)session->Terminal;
        ProcessGroup* foreground = _table.Of(&terminal->Header).FindGroup(terminal->ForegroundGroup);
        _signals.SendToGroup(foreground, Signal.SIGHUP);
        if (!terminal->IsPseudo)
            _signals.SendToGroup(foreground, Signal.SIGCONT);
        terminal->Session = null;
        terminal->ForegroundGroup = 0;
        session->Terminal = null;
        _table.MarkChanged(&terminal->Header);
        _table.MarkChanged(&session->Header);
        _scheduler.WakeAll(&terminal->Readers);
    }

    // The terminal was hung up before. The group may have ended, and its number may be another's.
    private void TellOfHangUp(Session* session)
    {
        ProcessGroup* group = session->FormerForeground == 0 ? null : _table.Of(&session->Header).FindGroup(session->FormerForeground);
        session->FormerForeground = 0;
        _table.MarkChanged(&session->Header);
        if (group == null || group->Session != session)
            return;
        _signals.SendToGroup(group, Signal.SIGHUP);
        _signals.SendToGroup(group, Signal.SIGCONT);
    }
}
