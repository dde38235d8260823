// Sending signals, and finding the next one a thread must act on. A signal that would be ignored is dropped at once, so a deliverable signal
// (pending, not blocked) always has an effect and may interrupt a wait. Acting on it (handlers, frames) is the executive's business; stopping,
// continuing and ending processes is ProcessLife's. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Signals;

/// <summary>Sends signals to threads, processes and groups.</summary>
public sealed unsafe partial class SignalService
{
    private readonly SignalQueue _queue;
    private readonly ThreadScheduler _scheduler;
    private readonly TrackedObjects _tracked;
    private readonly ProcessTable _processes;

    public SignalService(PageAllocator pages, ThreadScheduler scheduler, TrackedObjects tracked, ProcessTable processes)
    {
        _processes = processes;
        _queue = new SignalQueue(pages, tracked);
        _scheduler = scheduler;
        _tracked = tracked;
    }

    internal SignalQueue Queue => _queue;

    /// <summary>Sends a signal to a process; any thread that does not block it may take it.</summary>
    public Errno Send(Process* process, in SignalInfo info)
    {
        KeepOrder(process, info.Signal);
        return Send(process, null, in info);
    }

    /// <summary>Sends a signal to one thread (tgkill, faults).</summary>
    public Errno Send(Thread* thread, in SignalInfo info)
    {
        KeepOrder(thread->Process, info.Signal);
        return Send(thread->Process, thread, in info);
    }

    /// <summary>
    /// Raises what a fault in the program demands: it cannot be blocked or ignored, since the program could not go on. A blocked or
    /// ignored one becomes the default action, and init is not guarded against that, whatever else waits under the number.
    /// </summary>
    public void Force(Thread* thread, in SignalInfo info)
    {
        SignalAction* action = SignalActions.Of(thread->Process->Actions, info.Signal);
        bool isBlocked = thread->BlockedSignals.Contains(info.Signal);
        if (isBlocked || action->Handler == SignalAction.Ignore)
        {
            action->Handler = SignalAction.Default;
            _tracked.MarkChanged(&thread->Process->Actions->Header);
            thread->BlockedSignals = thread->BlockedSignals.Without(info.Signal);
        }
        if (action->Handler == SignalAction.Default && IsGuarded(thread->Process))
        {
            thread->Process->IsUnguarded = true;
            _tracked.MarkChanged(&thread->Process->Header);
        }
        _queue.Add(thread->Process, thread, in info);
        _tracked.MarkChanged(&thread->Header);
    }

    /// <summary>True when a signal waits that the thread must act on before it goes on in user mode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasDeliverable(Thread* thread)
        => !thread->Pending.Set.Or(thread->Process->Pending.Set).Except(thread->BlockedSignals).IsEmpty;

    /// <summary>True when the thread is about to be killed: no wait outlives that.</summary>
    public static bool IsKilled(Thread* thread)
        => thread->Pending.Set.Or(thread->Process->Pending.Set).Contains(Signal.SIGKILL);

    /// <summary>The next signal among those not in <paramref name="blocked"/>, left pending; false when there is none.</summary>
    public static bool Peek(Thread* thread, SignalSet blocked, out SignalInfo info)
    {
        SignalSet own = thread->Pending.Set.Except(blocked);
        if (!own.IsEmpty)
        {
            info = SignalQueue.Peek(&thread->Pending, Choose(own));
            return true;
        }
        SignalSet shared = thread->Process->Pending.Set.Except(blocked);
        if (!shared.IsEmpty)
        {
            info = SignalQueue.Peek(&thread->Process->Pending, Choose(shared));
            return true;
        }
        info = default;
        return false;
    }

    /// <summary>Removes what <see cref="Peek"/> just returned.</summary>
    public void Take(Thread* thread, SignalSet blocked)
    {
        SignalSet own = thread->Pending.Set.Except(blocked);
        if (!own.IsEmpty)
        {
            _queue.Take(thread->Process, thread, Choose(own));
            _tracked.MarkChanged(&thread->Header);
            return;
        }
        _queue.Take(thread->Process, null, Choose(thread->Process->Pending.Set.Except(blocked)));
        _tracked.MarkChanged(&thread->Process->Header);
    }

    /// <summary>Drops everything pending for an ending thread, or for the process when that is null.</summary>
    public void Discard(Process* process, Thread* thread) => _queue.Flush(process, thread, new SignalSet(ulong.MaxValue));

    /// <summary>How many signals and timers count against the limit of a process.</summary>
    public int CountOf(Process* process) => _queue.Users.CountOf(process->Credentials.RealUid);

    /// <summary>A process is about to get another real user id: false when there is no memory to account for what waits for it.</summary>
    public bool ChangeUser(Process* process, uint user) => _queue.ChangeUser(process, user);

    private static Signal Choose(SignalSet signals)
    {
        if (signals.Contains(Signal.SIGKILL))
            return Signal.SIGKILL;
        SignalSet synchronous = signals.And(SignalSet.Synchronous);
        return synchronous.IsEmpty ? signals.Lowest : synchronous.Lowest;
    }

    private Errno Send(Process* process, Thread* thread, in SignalInfo info)
    {
        if (process->State == ProcessState.Zombie || process->IsEnding)
            return Errno.Ok;
        PrepareJobControl(process, info.Signal);
        return IsDropped(process, thread, in info) ? Errno.Ok : Enqueue(process, thread, in info);
    }

    private Errno Enqueue(Process* process, Thread* thread, in SignalInfo info)
    {
        Errno error = _queue.Add(process, thread, in info);
        if (error != Errno.Ok)
            return error;
        _tracked.MarkChanged(thread != null ? &thread->Header : &process->Header);
        Notify(process, thread, info.Signal);
        return Errno.Ok;
    }

    // A stop and a continue cancel each other while pending, whatever their dispositions.
    private void PrepareJobControl(Process* process, Signal signal)
    {
        if (SignalSet.Stopping.Contains(signal))
        {
            FlushEverywhere(process, SignalSet.Of(Signal.SIGCONT));
            return;
        }
        if (signal is not (Signal.SIGCONT or Signal.SIGKILL))
            return;
        if (signal == Signal.SIGCONT)
            FlushEverywhere(process, SignalSet.Stopping);
        if (process->IsStopped)
            Continue(process, signal == Signal.SIGCONT);
    }

    private void FlushEverywhere(Process* process, SignalSet signals)
    {
        if (_queue.Flush(process, null, signals))
            _tracked.MarkChanged(&process->Header);
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            if (_queue.Flush(process, thread, signals))
                _tracked.MarkChanged(&thread->Header);
        MissTimers(process, signals);
    }

    // Blocked signals are kept even if ignored now: the disposition may change before they are unblocked, and sigtimedwait may want them.
    private static bool IsDropped(Process* process, Thread* thread, in SignalInfo info)
    {
        Signal signal = info.Signal;
        if (!IsIgnored(process, signal) && !IsRefusedByInit(process, in info))
            return false;
        if (thread != null)
            return !thread->BlockedSignals.Contains(signal);
        for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
            if (each->BlockedSignals.Contains(signal))
                return false;
        return true;
    }

    /// <summary>
    /// True for the default action of a signal to init that another process has sent: that may not end or stop it. Init can end itself,
    /// though not by SIGKILL, and the kernel, the terminal and its own timers can.
    /// </summary>
    public static bool IsRefusedByInit(Process* process, in SignalInfo info)
        => IsGuarded(process) && SignalActions.Of(process->Actions, info.Signal)->Handler == SignalAction.Default
            && (info.Origin == SignalOrigin.Another || (info.Origin == SignalOrigin.Itself && info.Signal == Signal.SIGKILL));

    private static bool IsGuarded(Process* process) => process->Id == 1 && !process->IsUnguarded;

    /// <summary>True when the signal would have no effect: ignored by choice or by default.</summary>
    public static bool IsIgnored(Process* process, Signal signal)
    {
        SignalAction* action = SignalActions.Of(process->Actions, signal);
        if (action->Handler == SignalAction.Ignore)
            return true;
        return action->Handler == SignalAction.Default
            && SignalDefaults.Of(signal) is DefaultAction.Ignore or DefaultAction.Continue;
    }

    private void Notify(Process* process, Thread* thread, Signal signal)
    {
        _scheduler.WakeAll(&process->SignalArrived);
        _scheduler.Wake(_processes.Of(_tracked.Of(&process->Header)).SignalArrived);
        if (signal == Signal.SIGKILL)
        {
            for (Thread* t = process->FirstThread; t != null; t = t->NextOfProcess)
                _scheduler.Wake(t);
            return;
        }
        Thread* taker = thread != null ? thread : ChooseTaker(process, signal);
        if (taker != null && taker->State == ThreadState.Blocked && !taker->BlockedSignals.Contains(signal))
            _scheduler.Wake(taker);
    }

    // A thread that runs anyway will see the signal on its way to user mode; otherwise one that sleeps is woken for it.
    private static Thread* ChooseTaker(Process* process, Signal signal)
    {
        Thread* sleeper = null;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
        {
            if (thread->BlockedSignals.Contains(signal))
                continue;
            if (thread->State == ThreadState.Runnable)
                return thread;
            if (sleeper == null && thread->State == ThreadState.Blocked)
                sleeper = thread;
        }
        return sleeper;
    }
}
