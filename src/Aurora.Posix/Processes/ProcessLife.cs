// Beginning and end of processes and threads. Threads have no kernel stack, so any thread can be ended at any time by whoever runs: it
// leaves its queues and is gone. How a process ends is in ProcessLife.End. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Ipc;
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
    private readonly IpcServices _ipc;
    private readonly ThreadScheduler _scheduler;
    private readonly SignalService _signals;
    private readonly MemoryManager _memory;
    private readonly ProcessFiles _files;
    private readonly TimerService _timers;
    private readonly ExtendedStateUnit _extended;
    private readonly MachineControl _machine;

    public ProcessLife(ProcessTable table, ThreadScheduler scheduler, SignalService signals, MemoryManager memory, ProcessFiles files,
        TimerService timers, ExtendedStateUnit extended, MachineControl machine, IpcServices ipc)
    {
        _ipc = ipc;
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
        _table.MarkChanged(&process->Header);
    }

    /// <summary>Ends a thread other than the last of its process.</summary>
    public void EndOtherThread(Thread* thread)
    {
        Panic.Unless(thread->Process->ThreadCount > 1, "processes: the last thread ended as another one"u8);
        Retire(thread);
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
            _table.MarkChanged(&parent->Header);
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
        _table.MarkChanged(&process->Header);
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
        _signals.Discard(process, thread);
        _timers.ThreadEnded(thread);
        _ipc.ThreadEnded(thread);
        _memory.Regions.EndWriter(&thread->Regions);
        _extended.Forget(thread->Context);
        _table.FreeThread(thread);
    }
}
