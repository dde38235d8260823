// Interval timers, alarms and POSIX timers. Those that count processor time are in TimerService.Processor. Each keeps its expiry on its own
// clock and one node in the deadline heap, which runs on session-monotonic time; a real-time expiry is converted when it is armed, when
// real time is set and when it is restored. A timer for real time that was set relatively counts monotonic time, as on Linux.
//
// As on Linux, a timer that has expired stands still until its signal is taken, and so does ITIMER_REAL until somebody takes SIGALRM.
// What would have passed meanwhile counts as overruns, and the timer goes on in step. So an interval of one nanosecond costs its program
// time and nobody else. An ignored signal stops the timer until it has a handler (ITIMER_REAL until the next SIGALRM). Protected by the
// kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Time;

/// <summary>Arms timers and sends their signals.</summary>
public sealed unsafe partial class TimerService
{
    public const int MaxTimers = 4096;
    public const int MaxTimersPerProcess = 256;

    // When a signal that found no room is tried again, unless its process takes one before: on multiples of this, all at once.
    private const ulong RetryNanoseconds = 100_000_000;

    private readonly Slab<Timer> _timers;
    private readonly ThreadScheduler _scheduler;
    private readonly SignalService _signals;
    private readonly GroupClocks _clocks;
    private readonly TrackedObjects _tracked;

    public TimerService(PageAllocator pages, ThreadScheduler scheduler, SignalService signals, GroupClocks clocks, TrackedObjects tracked)
    {
        _timers = new Slab<Timer>(pages, MaxTimers, ChargeKind.Timer);
        _scheduler = scheduler;
        _signals = signals;
        _clocks = clocks;
        _tracked = tracked;
    }

    /// <summary>A new, disarmed timer with the lowest free id; null at a limit.</summary>
    public Timer* Create(Process* process)
    {
        int id = 0;
        int count = 0;
        for (Timer* other = process->FirstTimer; other != null; other = other->Next, count++)
            if (other->Id >= id)
                id = other->Id + 1;
        bool hasRoom = count < MaxTimersPerProcess && _signals.Queue.HasRoom(process);
        Timer* timer = hasRoom ? _timers.Allocate() : null;
        if (timer == null)
            return null;
        if (!Account(process))
        {
            _timers.Free(timer);
            return null;
        }
        timer->Id = id;
        Link(process, timer);
        _tracked.Of(&process->Header).Register(&timer->Header, ObjectKind.Timer);
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
        StopCounting(timer);
        DropSignal(timer);
        Timer** link = &timer->Process->FirstTimer;
        while (*link != timer)
            link = &(*link)->Next;
        *link = timer->Next;
        _signals.Queue.Users.Release(timer->Process->Credentials.RealUid, 1);
        _tracked.Remove(&timer->Header);
        _timers.Free(timer);
    }

    /// <summary>Ends all timers of a process (execve keeps the interval timers: <paramref name="process"/>'s alarm stays then).</summary>
    public void EndTimers(Process* process)
    {
        while (process->FirstTimer != null)
            End(process->FirstTimer);
    }

    /// <summary>Ends all timers and the alarm of a process, and nobody counts its time any more.</summary>
    public void EndAll(Process* process)
    {
        EndTimers(process);
        ForgetCounting(process);
        _scheduler.Disarm(&process->Alarm);
        process->AlarmExpiredNanoseconds = 0;
    }

    /// <summary>Sets the expiry: a moment on the timer's clock, or a while from now. Zero disarms.</summary>
    public void Set(Timer* timer, ulong expiryNanoseconds, ulong intervalNanoseconds, bool isRelative = false)
    {
        DropSignal(timer);
        timer->IsRelative = isRelative && timer->IsRealtime;
        timer->ExpiryNanoseconds = isRelative && expiryNanoseconds != 0 ? Now(timer) + expiryNanoseconds : expiryNanoseconds;
        timer->IntervalNanoseconds = intervalNanoseconds;
        timer->Phase = TimerPhase.Running;
        timer->Overruns = 0;
        Rearm(timer);
        _tracked.MarkChanged(&timer->Header);
        if (timer->IsCounting && Now(timer) >= timer->ExpiryNanoseconds)
            Announce(timer);
    }

    /// <summary>The time on the clock the timer counts.</summary>
    private ulong Now(Timer* timer)
        => timer->Processor != ProcessorClock.None ? ProcessorTimeOf(timer) : CountsRealtime(timer)
            ? _clocks.Of(&timer->Header).RealtimeNanoseconds
            : _clocks.Of(&timer->Header).MonotonicNanoseconds;

    /// <summary>Sets ITIMER_REAL: absolute monotonic expiry, zero for none.</summary>
    public void SetAlarm(Process* process, ulong deadlineNanoseconds, ulong intervalNanoseconds)
    {
        process->AlarmIntervalNanoseconds = deadlineNanoseconds == 0 ? 0 : intervalNanoseconds;
        process->AlarmExpiredNanoseconds = 0;
        if (deadlineNanoseconds == 0)
            _scheduler.Disarm(&process->Alarm);
        else
            _scheduler.Arm(&process->Alarm, DeadlineKind.ProcessAlarm, &process->Header, deadlineNanoseconds);
        _tracked.MarkChanged(&process->Header);
    }

    /// <summary>True when something waits for the process to use processor time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CountsTimeOf(Process* process)
        => (process->ProcessorTimeToLook | process->VirtualTimerNanoseconds | process->ProfileTimerNanoseconds
            | ~process->Limits.Soft(Resource.CpuSeconds)) != 0;

    /// <summary>
    /// Advances ITIMER_VIRTUAL and ITIMER_PROF by what a thread has just used, and enforces the limit on processor time: where
    /// <see cref="CountsTimeOf"/>.
    /// </summary>
    public void ChargeProcessorTime(Process* process, ulong userNanoseconds, ulong systemNanoseconds)
    {
        if (process->ProcessorTimeToLook != 0)
            CountProcessorTime(process, userNanoseconds + systemNanoseconds);
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
        _tracked.MarkChanged(&process->Header);
        _signals.Send(process, SignalInfo.FromKernel(Signal.SIGXCPU));
    }

    /// <summary>Puts a timer's overruns into the details of its signal, which is about to be taken.</summary>
    public void Complete(Process* process, ref SignalInfo info)
    {
        Timer* timer = FindSignalled(process, in info);
        if (timer != null)
            info.Overruns = (int)System.Math.Min(Missed(timer), int.MaxValue);
    }

    /// <summary>
    /// Takes the signal that was found for a thread and completed. The timer that sent it goes on, and so does ITIMER_REAL after SIGALRM.
    /// </summary>
    public void TakeSignal(Thread* thread, SignalSet blocked, in SignalInfo info)
    {
        Process* process = thread->Process;
        _signals.Take(thread, blocked);
        if (info.Signal == Signal.SIGALRM && process->AlarmExpiredNanoseconds != 0)
            GoOn(process);
        Timer* timer = FindSignalled(process, in info);
        if (timer != null)
            GoOn(timer, info.Overruns);
        Retry(process, TimerPhase.Refused, Signal.None);
    }

    /// <summary>A signal has got a new disposition: timers of which it was ignored send it again.</summary>
    public void DispositionChanged(Process* process, Signal signal)
    {
        if (!SignalService.IsIgnored(process, signal))
            Retry(process, TimerPhase.Ignored, signal);
    }

    /// <summary>
    /// The time until the timer's next expiry; zero when it is disarmed. One whose time has come but has not been handled shows one
    /// nanosecond; one that stands still shows what is left of the interval, as if it did not.
    /// </summary>
    public ulong Left(Timer* timer)
    {
        ulong now = Now(timer);
        ulong expiry = timer->ExpiryNanoseconds;
        if (expiry == 0 || now < expiry)
            return expiry == 0 ? 0 : expiry - now;
        bool isStill = timer->Phase != TimerPhase.Running || timer->Notify == TimerNotify.None;
        if (isStill && timer->IntervalNanoseconds != 0 && (timer->Processor == ProcessorClock.None || timer->Phase != TimerPhase.Running))
            return timer->IntervalNanoseconds - ((now - expiry) % timer->IntervalNanoseconds);
        return timer->Notify == TimerNotify.None ? 0UL : 1;
    }

    internal Timer* Allocate() => _timers.Allocate();

    /// <summary>A timer counts as the signal it may have on its way; false when there is no memory.</summary>
    internal bool Account(Process* process) => _signals.Queue.Users.Charge(process->Credentials.RealUid, 1);

    internal static void Link(Process* process, Timer* timer)
    {
        timer->Process = process;
        timer->Next = process->FirstTimer;
        process->FirstTimer = timer;
    }

    /// <summary>Puts the timer's expiry into the heap, or takes it out.</summary>
    internal void Rearm(Timer* timer)
    {
        bool isRunning = timer->Phase == TimerPhase.Running && timer->Notify != TimerNotify.None;
        if (timer->Phase == TimerPhase.Refused)
        {
            ulong next = (_clocks.Of(&timer->Header).MonotonicNanoseconds / RetryNanoseconds) + 1;
            _scheduler.Arm(&timer->Deadline, DeadlineKind.Timer, &timer->Header, next * RetryNanoseconds);
        }
        else if (timer->Processor != ProcessorClock.None)
        {
            _scheduler.Disarm(&timer->Deadline);
            if (isRunning && timer->ExpiryNanoseconds != 0)
                StartCounting(timer);
            else
                StopCounting(timer);
        }
        else if (isRunning && timer->ExpiryNanoseconds != 0)
        {
            _scheduler.Arm(&timer->Deadline, DeadlineKind.Timer, &timer->Header, ToMonotonic(timer));
        }
        else
        {
            _scheduler.Disarm(&timer->Deadline);
        }
    }

    /// <summary>Real time has been set: the timer, if it counts that, is due at another moment.</summary>
    public void RealtimeChanged(Timer* timer)
    {
        if (timer->Deadline.IsArmed && CountsRealtime(timer))
            Rearm(timer);
    }

    private static bool CountsRealtime(Timer* timer) => timer->IsRealtime && !timer->IsRelative;

    private ulong ToMonotonic(Timer* timer)
    {
        if (!CountsRealtime(timer))
            return timer->ExpiryNanoseconds;
        GroupClock clock = _clocks.Of(&timer->Header);
        ulong realtime = clock.RealtimeNanoseconds;
        ulong ahead = timer->ExpiryNanoseconds > realtime ? timer->ExpiryNanoseconds - realtime : 0;
        return clock.MonotonicNanoseconds + ahead;
    }

    private void Count(Process* process, ref ulong remaining, ulong interval, ulong used, Signal signal)
    {
        _tracked.MarkChanged(&process->Header);
        if (remaining > used)
        {
            remaining -= used;
            return;
        }
        remaining = interval;
        _signals.Send(process, SignalInfo.FromKernel(signal));
    }

    internal void AlarmExpired(Process* process, ulong deadline)
    {
        process->AlarmExpiredNanoseconds = process->AlarmIntervalNanoseconds == 0 ? 0 : deadline;
        _tracked.MarkChanged(&process->Header);
        _signals.Send(process, SignalInfo.FromKernel(Signal.SIGALRM));
    }

    private void GoOn(Process* process)
    {
        ulong expired = process->AlarmExpiredNanoseconds;
        ulong next = expired + ((Missed(expired, process->AlarmIntervalNanoseconds, _clocks.Of(&process->Header).MonotonicNanoseconds) + 1)
            * process->AlarmIntervalNanoseconds);
        process->AlarmExpiredNanoseconds = 0;
        _scheduler.Arm(&process->Alarm, DeadlineKind.ProcessAlarm, &process->Header, next);
        _tracked.MarkChanged(&process->Header);
    }

    internal void TimerExpired(Timer* timer)
    {
        // Real time may have been set back, or the timer was armed while the clocks of a restored session were not yet right.
        if (timer->Phase == TimerPhase.Refused || Now(timer) >= timer->ExpiryNanoseconds)
            Announce(timer);
        else
            Rearm(timer);
    }

    private void Announce(Timer* timer)
    {
        Thread* thread = FindThread(timer);
        SignalInfo info = SignalInfo.FromTimer(timer->Signal, timer->Id, timer->Value);
        bool isLost = thread == null && timer->Notify == TimerNotify.ThreadSignal;
        timer->Phase = isLost ? TimerPhase.Ignored : _signals.SendTimer(timer->Process, thread, in info);
        bool isOver = timer->IntervalNanoseconds == 0 && timer->Phase != TimerPhase.Refused;
        if (isOver)
            timer->ExpiryNanoseconds = 0;
        if (isOver && timer->Phase == TimerPhase.Ignored)
            timer->Phase = TimerPhase.Running;
        Rearm(timer);
        _tracked.MarkChanged(&timer->Header);
    }

    // Sends the signals again of timers in a phase; of one signal, or of all.
    private void Retry(Process* process, TimerPhase phase, Signal signal)
    {
        for (Timer* timer = process->FirstTimer; timer != null; timer = timer->Next)
        {
            if (timer->Phase != phase || (signal != Signal.None && timer->Signal != (int)signal))
                continue;
            Announce(timer);
            if (timer->Phase == TimerPhase.Refused)
                return;
        }
    }

    // Those that were counted are left out. What has passed since expires at once, so that none is lost.
    private void GoOn(Timer* timer, int overruns)
    {
        ulong missed = overruns == int.MaxValue ? Missed(timer) : (ulong)overruns;
        timer->Overruns = overruns;
        if (timer->IntervalNanoseconds != 0)
            timer->ExpiryNanoseconds += (missed + 1) * timer->IntervalNanoseconds;
        timer->Phase = TimerPhase.Running;
        Rearm(timer);
        _tracked.MarkChanged(&timer->Header);
    }

    private ulong Missed(Timer* timer) => Missed(timer->ExpiryNanoseconds, timer->IntervalNanoseconds, Now(timer));

    private static ulong Missed(ulong expired, ulong interval, ulong now)
        => interval == 0 || now < expired ? 0 : (now - expired) / interval;

    private static Timer* FindSignalled(Process* process, in SignalInfo info)
    {
        Timer* timer = info.IsTimers ? Find(process, info.TimerId) : null;
        return timer != null && timer->Phase == TimerPhase.Signalled ? timer : null;
    }

    private void DropSignal(Timer* timer)
    {
        Thread* thread = FindThread(timer);
        bool isQueued = timer->Phase == TimerPhase.Signalled && (thread != null || timer->Notify != TimerNotify.ThreadSignal);
        if (isQueued)
            _signals.DropTimer(timer->Process, thread, (Signal)timer->Signal, timer->Id);
    }

    // The thread that gets the timer's signal; null when that is the process, or the thread has ended.
    private static Thread* FindThread(Timer* timer)
    {
        Thread* thread = timer->Notify == TimerNotify.ThreadSignal ? timer->Process->FirstThread : null;
        while (thread != null && thread->Id != timer->ThreadId)
            thread = thread->NextOfProcess;
        return thread;
    }
}
