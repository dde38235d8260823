// The signals of POSIX timers. A timer has at most one on its way, which is queued for itself whatever else waits: the timer goes on when
// just this one is taken. Protected by the kernel lock.
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Signals;

public sealed unsafe partial class SignalService
{
    /// <summary>Sends a timer's signal to a thread, or to the process when that is null, and says what became of it.</summary>
    internal TimerPhase SendTimer(Process* process, Thread* thread, in SignalInfo info)
    {
        if (process->State == ProcessState.Zombie || process->IsEnding)
            return TimerPhase.Ignored;
        KeepOrder(process, info.Signal);
        PrepareJobControl(process, info.Signal);
        if (IsDropped(process, thread, in info))
            return TimerPhase.Ignored;
        return Enqueue(process, thread, in info) == Errno.Ok ? TimerPhase.Signalled : TimerPhase.Refused;
    }

    /// <summary>Drops a timer's signal, if it waits in the queue of a thread or, when that is null, of the process.</summary>
    internal void DropTimer(Process* process, Thread* thread, Signal signal, int id)
    {
        if (_queue.TakeTimer(thread != null ? &thread->Pending : &process->Pending, signal, id))
            _tracked.MarkChanged(thread != null ? &thread->Header : &process->Header);
    }

    // What was queued has been dropped for all: as if it had been ignored.
    private void MissTimers(Process* process, SignalSet signals)
    {
        for (Timer* timer = process->FirstTimer; timer != null; timer = timer->Next)
        {
            if (timer->Phase != TimerPhase.Signalled || !signals.Contains((Signal)timer->Signal))
                continue;
            timer->Phase = timer->IntervalNanoseconds == 0 ? TimerPhase.Running : TimerPhase.Ignored;
            _tracked.MarkChanged(&timer->Header);
        }
    }
}
