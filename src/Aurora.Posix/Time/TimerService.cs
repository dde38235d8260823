// Interval timers, alarms and POSIX timers. Each keeps its expiry on its own clock and one node in the deadline heap, which runs on
// session-monotonic time; a real-time expiry is converted when it is armed and again when it is restored. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Time;

/// <summary>Arms timers and sends their signals.</summary>
public sealed unsafe class TimerService
{
    public const int MaxTimers = 4096;
    public const int MaxTimersPerProcess = 256;

    private readonly Slab<Timer> _timers;
    private readonly ThreadScheduler _scheduler;
    private readonly SignalService _signals;
    private readonly Clock _clock;
    private readonly ObjectTracker _tracker;

    public TimerService(PageAllocator pages, ThreadScheduler scheduler, SignalService signals, Clock clock, ObjectTracker tracker)
    {
        _timers = new Slab<Timer>(pages, MaxTimers);
        _scheduler = scheduler;
        _signals = signals;
        _clock = clock;
        _tracker = tracker;
        scheduler.SetHandler(DeadlineKind.ProcessAlarm, new AlarmHandler(this));
        scheduler.SetHandler(DeadlineKind.Timer, new TimerHandler(this));
    }

    /// <summary>A new, disarmed timer with the lowest free id; null at a limit.</summary>
    public Timer* Create(Process* process)
    {
        int id = 0;
        int count = 0;
        for (Timer* other = process->FirstTimer; other != null; other = other->Next, count++)
            if (other->Id >= id)
                id = other->Id + 1;
        Timer* timer = count < MaxTimersPerProcess ? _timers.Allocate() : null;
        if (timer == null)
            return null;
        timer->Id = id;
        Link(process, timer);
        _tracker.Register(&timer->Header, ObjectKind.Timer);
        return timer;
    }

    public static Timer* Find(Process* process, int id)
    {
        Timer* timer = process->FirstTimer;
        while (timer != null && timer->Id != id)
            timer = timer->Next;
        return timer;
    }

    public void End(Timer* timer)
    {
        _scheduler.Disarm(&timer->Deadline);
        Timer** link = &timer->Process->FirstTimer;
        while (*link != timer)
            link = &(*link)->Next;
        *link = timer->Next;
        _tracker.Remove(&timer->Header);
        _timers.Free(timer);
    }

    /// <summary>Ends all timers of a process (execve keeps the interval timers: <paramref name="process"/>'s alarm stays then).</summary>
    public void EndTimers(Process* process)
    {
        while (process->FirstTimer != null)
            End(process->FirstTimer);
    }

    /// <summary>Ends all timers and the alarm of a process.</summary>
    public void EndAll(Process* process)
    {
        EndTimers(process);
        _scheduler.Disarm(&process->Alarm);
    }

    /// <summary>Sets the expiry on the timer's own clock; zero disarms.</summary>
    public void Set(Timer* timer, ulong expiryNanoseconds, ulong intervalNanoseconds)
    {
        timer->ExpiryNanoseconds = expiryNanoseconds;
        timer->IntervalNanoseconds = intervalNanoseconds;
        timer->Overruns = timer->LastOverruns = 0;
        Rearm(timer);
        _tracker.MarkChanged(&timer->Header);
    }

    /// <summary>The time on the timer's clock.</summary>
    public ulong Now(Timer* timer) => timer->IsRealtime ? _clock.RealtimeNanoseconds : _clock.MonotonicNanoseconds;

    /// <summary>Sets ITIMER_REAL: absolute monotonic expiry, zero for none.</summary>
    public void SetAlarm(Process* process, ulong deadlineNanoseconds, ulong intervalNanoseconds)
    {
        process->AlarmIntervalNanoseconds = intervalNanoseconds;
        if (deadlineNanoseconds == 0)
            _scheduler.Disarm(&process->Alarm);
        else
            _scheduler.Arm(&process->Alarm, DeadlineKind.ProcessAlarm, process, deadlineNanoseconds);
        _tracker.MarkChanged(&process->Header);
    }

    /// <summary>Advances ITIMER_VIRTUAL and ITIMER_PROF by what a thread has just used, and enforces the limit on processor time.</summary>
    public void ChargeProcessorTime(Process* process, ulong userNanoseconds, ulong systemNanoseconds)
    {
        if (process->Limits.Soft(Resource.CpuSeconds) != ResourceLimit.Infinity)
            EnforceProcessorLimit(process);
        if (process->VirtualTimerNanoseconds != 0)
            Count(process, ref process->VirtualTimerNanoseconds, process->VirtualTimerIntervalNanoseconds, userNanoseconds, Signal.SIGVTALRM);
        if (process->ProfileTimerNanoseconds != 0)
        {
            Count(process, ref process->ProfileTimerNanoseconds, process->ProfileTimerIntervalNanoseconds,
                userNanoseconds + systemNanoseconds, Signal.SIGPROF);
        }
    }

    // SIGXCPU at the soft limit and once a second from then on, as that limit goes up by one each time; SIGKILL at the hard one.
    private void EnforceProcessorLimit(Process* process)
    {
        const ulong nanosecondsPerSecond = 1_000_000_000;
        ResourceLimit limit = process->Limits[Resource.CpuSeconds];
        ulong seconds = (ProcessTimes.User(process) + ProcessTimes.System(process)) / nanosecondsPerSecond;
        if (seconds >= limit.Hard)
        {
            _signals.Send(process, SignalInfo.FromKernel(Signal.SIGKILL));
            return;
        }
        if (seconds < limit.Soft)
            return;
        process->Limits[Resource.CpuSeconds] = new ResourceLimit(limit.Soft + 1, limit.Hard);
        _tracker.MarkChanged(&process->Header);
        _signals.Send(process, SignalInfo.FromKernel(Signal.SIGXCPU));
    }

    /// <summary>Notes the delivery of a timer's signal: what expired meanwhile is what timer_getoverrun reports.</summary>
    public void NoteDelivery(Process* process, ref SignalInfo info)
    {
        Timer* timer = info.Code == SignalCode.Timer ? Find(process, info.Pid) : null;
        if (timer == null)
            return;
        timer->LastOverruns = timer->Overruns;
        timer->Overruns = 0;
        info.Status = timer->LastOverruns;
        _tracker.MarkChanged(&timer->Header);
    }

    internal Timer* Allocate() => _timers.Allocate();

    internal static void Link(Process* process, Timer* timer)
    {
        timer->Process = process;
        timer->Next = process->FirstTimer;
        process->FirstTimer = timer;
    }

    /// <summary>Puts the timer's expiry into the heap, or takes it out.</summary>
    internal void Rearm(Timer* timer)
    {
        if (timer->ExpiryNanoseconds == 0)
        {
            _scheduler.Disarm(&timer->Deadline);
            return;
        }
        _scheduler.Arm(&timer->Deadline, DeadlineKind.Timer, timer, ToMonotonic(timer));
    }

    /// <summary>Real time has been set: a timer that counts it is due at another moment.</summary>
    public void RealtimeChanged(Timer* timer)
    {
        if (timer->Deadline.IsArmed)
            Rearm(timer);
    }

    private ulong ToMonotonic(Timer* timer)
    {
        if (!timer->IsRealtime)
            return timer->ExpiryNanoseconds;
        ulong realtime = _clock.RealtimeNanoseconds;
        ulong ahead = timer->ExpiryNanoseconds > realtime ? timer->ExpiryNanoseconds - realtime : 0;
        return _clock.MonotonicNanoseconds + ahead;
    }

    private void Count(Process* process, ref ulong remaining, ulong interval, ulong used, Signal signal)
    {
        _tracker.MarkChanged(&process->Header);
        if (remaining > used)
        {
            remaining -= used;
            return;
        }
        remaining = interval;
        _signals.Send(process, SignalInfo.FromKernel(signal));
    }

    private void AlarmExpired(Process* process, ulong deadline, ulong now)
    {
        ulong interval = process->AlarmIntervalNanoseconds;
        if (interval != 0)
            _scheduler.Arm(&process->Alarm, DeadlineKind.ProcessAlarm, process, NextExpiry(deadline, interval, now, out _));
        _tracker.MarkChanged(&process->Header);
        _signals.Send(process, SignalInfo.FromKernel(Signal.SIGALRM));
    }

    private void TimerExpired(Timer* timer)
    {
        ulong now = Now(timer);
        if (now < timer->ExpiryNanoseconds)
        {
            // Real time has been set back, or the timer was armed while the clocks of a restored session were not yet right.
            Rearm(timer);
            return;
        }
        ulong missed = 0;
        timer->ExpiryNanoseconds = timer->IntervalNanoseconds == 0
            ? 0 : NextExpiry(timer->ExpiryNanoseconds, timer->IntervalNanoseconds, now, out missed);
        Rearm(timer);
        _tracker.MarkChanged(&timer->Header);
        Announce(timer, missed);
    }

    private void Announce(Timer* timer, ulong missed)
    {
        if (timer->Notify == TimerNotify.None)
            return;
        Thread* thread = timer->Notify == TimerNotify.ThreadSignal ? FindThread(timer) : null;
        if (timer->Notify == TimerNotify.ThreadSignal && thread == null)
            return;
        PendingSignals* pending = thread != null ? &thread->Pending : &timer->Process->Pending;
        ulong overruns = missed + (IsQueued(pending, timer) ? (ulong)timer->Overruns + 1 : 0);
        timer->Overruns = (int)System.Math.Min(overruns, int.MaxValue);
        if (IsQueued(pending, timer))
            return;
        var info = new SignalInfo { Number = timer->Signal, Code = SignalCode.Timer, Pid = timer->Id, Value = timer->Value };
        if (thread != null)
            _signals.Send(thread, in info);
        else
            _signals.Send(timer->Process, in info);
    }

    private static Thread* FindThread(Timer* timer)
    {
        Thread* thread = timer->Process->FirstThread;
        while (thread != null && thread->Id != timer->ThreadId)
            thread = thread->NextOfProcess;
        return thread;
    }

    private static bool IsQueued(PendingSignals* pending, Timer* timer)
    {
        for (QueuedSignal* entry = pending->First; entry != null; entry = entry->Next)
            if (entry->Info.Code == SignalCode.Timer && entry->Info.Pid == timer->Id)
                return true;
        return false;
    }

    // After a long sleep of the machine many expiries may have been missed: they count as overruns and are not fired one by one.
    private static ulong NextExpiry(ulong expiry, ulong interval, ulong now, out ulong missed)
    {
        missed = now > expiry ? (now - expiry) / interval : 0;
        return expiry + ((missed + 1) * interval);
    }

    private sealed class AlarmHandler(TimerService timers) : DeadlineHandler
    {
        public override void Expired(DeadlineNode* node, ulong nowNanoseconds)
            => timers.AlarmExpired((Process*)node->Owner, node->Nanoseconds, nowNanoseconds);
    }

    private sealed class TimerHandler(TimerService timers) : DeadlineHandler
    {
        public override void Expired(DeadlineNode* node, ulong nowNanoseconds) => timers.TimerExpired((Timer*)node->Owner);
    }
}
