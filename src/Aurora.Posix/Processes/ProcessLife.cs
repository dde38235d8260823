// Beginning and end of processes and threads. Threads have no kernel stack, so any thread can be ended at any time by whoever runs: it
// leaves its queues and is gone. The end of a process is therefore one step, and so is execve's "other threads go away".
// Order at the end of a process: threads, memory, files, terminal, children to init, SIGCHLD to the parent. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Processes;

/// <summary>Starts and ends processes and threads.</summary>
public sealed unsafe partial class ProcessLife
{
    private readonly ProcessTable _table;
    private readonly ThreadScheduler _scheduler;
    private readonly SignalService _signals;
    private readonly MemoryManager _memory;
    private readonly ProcessFiles _files;
    private readonly TimerService _timers;
    private readonly ExtendedStateUnit _extended;
    private readonly MachineControl _machine;

    public ProcessLife(ProcessTable table, ThreadScheduler scheduler, SignalService signals, MemoryManager memory, ProcessFiles files,
        TimerService timers, ExtendedStateUnit extended, MachineControl machine)
    {
        _table = table;
        _scheduler = scheduler;
        _signals = signals;
        _memory = memory;
        _files = files;
        _timers = timers;
        _extended = extended;
        _machine = machine;
    }

    /// <summary>Ends one thread; with the last one its process ends with this wait status. The thread must not be used afterwards.</summary>
    public void EndThread(Thread* thread, int waitStatus)
    {
        Process* process = thread->Process;
        if (process->ThreadCount == 1)
        {
            EndProcess(process, waitStatus);
            return;
        }
        Retire(thread);
        _table.Tracker.MarkChanged(&process->Header);
    }

    /// <summary>Ends all threads of a process but one (execve).</summary>
    public void EndOtherThreads(Thread* survivor)
    {
        Process* process = survivor->Process;
        Thread* thread = process->FirstThread;
        while (thread != null)
        {
            Thread* next = thread->NextOfProcess;
            if (thread != survivor)
                Retire(thread);
            thread = next;
        }
    }

    /// <summary>Ends a process: exit_group, the last thread's exit, or a fatal signal.</summary>
    public void EndProcess(Process* process, int waitStatus)
    {
        Panic.Unless(process->State == ProcessState.Alive, "processes: ended twice"u8);
        while (process->FirstThread != null)
            Retire(process->FirstThread);
        process->State = ProcessState.Zombie;
        process->ExitStatus = waitStatus;
        process->IsStopped = false;
        process->StopReport = 0;
        process->ContinueReport = false;
        ReleaseMemory(process);
        _files.Release(process);
        _timers.EndAll(process);
        _signals.Discard(&process->Pending);
        LeaveTerminal(process);
        if (process == _table.Init)
        {
            EndSession(process, waitStatus);
            return;
        }
        AbandonChildren(process);
        CheckOrphanedGroup(process);
        _table.ReleaseSessionLeadership(process);
        NotifyEnd(process, waitStatus);
    }

    /// <summary>Frees a zombie and adds what it used to its parent's account; wait4 has reported it.</summary>
    public void Reap(Process* zombie)
    {
        Process* parent = zombie->Parent;
        if (parent != null)
        {
            parent->ChildUserNanoseconds += zombie->UserNanoseconds + zombie->ChildUserNanoseconds;
            parent->ChildSystemNanoseconds += zombie->SystemNanoseconds + zombie->ChildSystemNanoseconds;
            parent->ChildMinorFaults += zombie->MinorFaults + zombie->ChildMinorFaults;
            parent->ChildMajorFaults += zombie->MajorFaults + zombie->ChildMajorFaults;
            _table.Tracker.MarkChanged(&parent->Header);
        }
        _table.ReleaseActions(zombie->Actions);
        zombie->Actions = null;
        _table.FreeProcess(zombie);
    }

    /// <summary>A vfork child has its own memory now, or none: its parent goes on.</summary>
    public void ReturnMemory(Process* process)
    {
        if (!process->BorrowsMemory)
            return;
        process->BorrowsMemory = false;
        _table.Tracker.MarkChanged(&process->Header);
        _scheduler.WakeAll(&process->MemoryReturned);
    }

    private void Retire(Thread* thread)
    {
        Process* process = thread->Process;
        process->UserNanoseconds += thread->UserNanoseconds;
        process->SystemNanoseconds += thread->SystemNanoseconds;
        process->MinorFaults += thread->MinorFaults;
        process->MajorFaults += thread->MajorFaults;
        process->VoluntarySwitches += thread->VoluntarySwitches;
        process->InvoluntarySwitches += thread->InvoluntarySwitches;
        _scheduler.Suspend(thread, ThreadState.Dead);
        _scheduler.ForgetRan(thread);
        _files.ThreadEnded(thread);
        _signals.Discard(&thread->Pending);
        _extended.Forget(thread->Context);
        _table.FreeThread(thread);
    }

    private void ReleaseMemory(Process* process)
    {
        if (process->AddressSpace != null)
            _memory.Release(process->AddressSpace);
        process->AddressSpace = null;
        ReturnMemory(process);
    }

    private void AbandonChildren(Process* process)
    {
        while (process->FirstChild != null)
        {
            Process* child = process->FirstChild;
            Process* heir = FindHeir(process);
            _table.SetParent(child, heir);
            child->ExitSignal = (int)Signal.SIGCHLD;
            _table.Tracker.MarkChanged(&child->Header);
            NotifyParentDeath(child);
            ProcessGroup* group = child->ProcessGroup;
            if (group != process->ProcessGroup && group->Session == process->ProcessGroup->Session)
                HangUpIfOrphaned(group, null);
            if (child->State == ProcessState.Zombie)
                NotifyEnd(child, child->ExitStatus);
        }
    }

    private Process* FindHeir(Process* process)
    {
        for (Process* ancestor = process->Parent; ancestor != null; ancestor = ancestor->Parent)
            if (ancestor->IsChildSubreaper && ancestor->State == ProcessState.Alive)
                return ancestor;
        return _table.Init;
    }

    private void NotifyParentDeath(Process* child)
    {
        Thread* next;
        for (Thread* thread = child->FirstThread; thread != null; thread = next)
        {
            next = thread->NextOfProcess;
            if (thread->ParentDeathSignal != 0)
                _signals.Send(child, new SignalInfo { Number = thread->ParentDeathSignal, Pid = child->Parent == null ? 0 : child->Parent->Id });
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
        _table.Tracker.MarkChanged(&process->Header);
        _signals.ReportToParent(process, code, status);
        if (IsAutomaticallyReaped(process))
            Reap(process);
    }

    private static bool IsAutomaticallyReaped(Process* process)
    {
        if (process->Parent == null)
            return true;
        if (process->ExitSignal != (int)Signal.SIGCHLD)
            return false;
        SignalAction* action = SignalActions.Of(process->Parent->Actions, Signal.SIGCHLD);
        return action->Handler == SignalAction.Ignore || (action->Flags & SignalAction.NoChildWait) != 0;
    }

    // Init ended: nothing of the session may stay. Without a parent each process is freed as it ends.
    private void EndSession(Process* init, int waitStatus)
    {
        _table.Init = null;
        while (init->FirstChild != null)
            _table.SetParent(init->FirstChild, null);
        Process* process = _table.NextProcess(1);
        while (process != null)
        {
            int next = process->Id + 1;
            if (process != init && process->State == ProcessState.Alive)
                EndProcess(process, WaitStatus.Killed((int)Signal.SIGKILL));
            else if (process != init)
                Reap(process);
            process = _table.NextProcess(next);
        }
        // Nobody waits for init: what stays must be a group without processes, so that the next session can begin with process 1.
        Reap(init);
        _machine.SessionEnded(waitStatus);
    }

    private void LeaveTerminal(Process* process)
    {
        Session* session = process->ProcessGroup == null ? null : process->ProcessGroup->Session;
        if (session == null || session->Leader != process || session->Terminal == null)
            return;
        Terminal* terminal = (Terminal*)session->Terminal;
        _signals.SendToGroup(_table.FindGroup(terminal->ForegroundGroup), Signal.SIGHUP);
        _signals.SendToGroup(_table.FindGroup(terminal->ForegroundGroup), Signal.SIGCONT);
        terminal->Session = null;
        terminal->ForegroundGroup = 0;
        session->Terminal = null;
        _table.Tracker.MarkChanged(&terminal->Header);
        _table.Tracker.MarkChanged(&session->Header);
        _scheduler.WakeAll(&terminal->Readers);
    }
}
