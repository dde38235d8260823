// Timers and sleeps on processor time. A process has a list of the timers that count its time or that of one of its threads, and knows how
// much it may use until the first of them, or of those that sleep on it, is due: only then are they looked at. Threads share processors, so
// none of them can use more than the process does. Who ends is counted no more; a timer goes by object ids, which are never another's.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Time;

public sealed unsafe partial class TimerService
{
    /// <summary>False when the thread or process whose time the timer counts has ended, so that it will never expire.</summary>
    public bool HasTarget(Timer* timer)
        => timer->Processor == ProcessorClock.None || ThreadOf(timer) != null || ProcessOf(timer) != null;

    /// <summary>The processor time of a process.</summary>
    public static ulong ProcessorTimeOf(Process* process, ProcessorClock clock)
        => ProcessTimes.User(process) + (clock == ProcessorClock.User ? 0 : ProcessTimes.System(process));

    /// <summary>The processor time of a thread.</summary>
    public static ulong ProcessorTimeOf(Thread* thread, ProcessorClock clock)
        => thread->UserNanoseconds + (clock == ProcessorClock.User ? 0 : thread->SystemNanoseconds);

    /// <summary>Lets a thread sleep until a process has used so much more processor time, or something else wakes it.</summary>
    public void BlockUntilUsed(Thread* thread, Process* process, ulong nanoseconds)
    {
        _scheduler.BlockOn(thread, &process->ProcessorTimeUsed);
        LookAfter(process, nanoseconds);
    }

    /// <summary>False for a timer that counts the time of something that has none, or of another process's thread.</summary>
    internal bool MayCount(Timer* timer)
    {
        ObjectHeader* target = timer->Target.IsNone ? null : _tracked.Of(&timer->Header).Find(timer->Target);
        return target == null || target->Kind == ObjectKind.Process
            || (target->Kind == ObjectKind.Thread && ((Thread*)target)->Process == timer->Process);
    }

    private ulong ProcessorTimeOf(Timer* timer)
    {
        Thread* thread = ThreadOf(timer);
        if (thread != null)
            return ProcessorTimeOf(thread, timer->Processor);
        Process* process = ProcessOf(timer);
        return process == null ? 0 : ProcessorTimeOf(process, timer->Processor);
    }

    private Thread* ThreadOf(Timer* timer) => (Thread*)_tracked.Of(&timer->Header).Find(timer->Target, ObjectKind.Thread);

    private Process* ProcessOf(Timer* timer) => (Process*)_tracked.Of(&timer->Header).Find(timer->Target, ObjectKind.Process);

    // The process on whose list it is: a thread is one of the timer's own process.
    private Process* CountedProcess(Timer* timer)
    {
        Process* process = ProcessOf(timer);
        return process != null ? process : timer->Process;
    }

    private void StartCounting(Timer* timer)
    {
        Process* process = CountedProcess(timer);
        if (!HasTarget(timer) || process->State == ProcessState.Zombie)
            return;
        if (!timer->IsCounting)
        {
            timer->IsCounting = true;
            timer->NextCounting = process->FirstCounting;
            process->FirstCounting = timer;
        }
        ulong now = Now(timer);
        LookAfter(process, timer->ExpiryNanoseconds > now ? timer->ExpiryNanoseconds - now : 1);
    }

    private void StopCounting(Timer* timer)
    {
        if (!timer->IsCounting)
            return;
        Timer** link = &CountedProcess(timer)->FirstCounting;
        while (*link != timer)
            link = &(*link)->NextCounting;
        *link = timer->NextCounting;
        timer->NextCounting = null;
        timer->IsCounting = false;
    }

    /// <summary>Timers of a thread that ends count no more.</summary>
    internal void ThreadEnded(Thread* thread)
    {
        Timer* next;
        for (Timer* timer = thread->Process->FirstCounting; timer != null; timer = next)
        {
            next = timer->NextCounting;
            if (timer->Target == thread->Header.Id)
                StopCounting(timer);
        }
    }

    private void ForgetCounting(Process* process)
    {
        while (process->FirstCounting != null)
            StopCounting(process->FirstCounting);
        process->ProcessorTimeToLook = 0;
        _scheduler.WakeAll(&process->ProcessorTimeUsed);
    }

    private static void LookAfter(Process* process, ulong nanoseconds)
    {
        if (process->ProcessorTimeToLook == 0 || nanoseconds < process->ProcessorTimeToLook)
            process->ProcessorTimeToLook = System.Math.Max(nanoseconds, 1);
    }

    private void CountProcessorTime(Process* process, ulong used)
    {
        if (used < process->ProcessorTimeToLook)
        {
            process->ProcessorTimeToLook -= used;
            return;
        }
        process->ProcessorTimeToLook = 0;
        // Who sleeps on longer says so again.
        _scheduler.WakeAll(&process->ProcessorTimeUsed);
        ulong all = ProcessorTimeOf(process, ProcessorClock.All);
        ulong user = ProcessorTimeOf(process, ProcessorClock.User);
        Timer* next;
        for (Timer* timer = process->FirstCounting; timer != null; timer = next)
        {
            next = timer->NextCounting;
            Thread* thread = ThreadOf(timer);
            bool isGone = thread == null && timer->Target != process->Header.Id;
            ulong now = thread != null ? ProcessorTimeOf(thread, timer->Processor) : timer->Processor == ProcessorClock.User ? user : all;
            if (isGone)
                StopCounting(timer);
            else if (now >= timer->ExpiryNanoseconds)
                Announce(timer);
            else
                LookAfter(process, timer->ExpiryNanoseconds - now);
        }
    }
}
