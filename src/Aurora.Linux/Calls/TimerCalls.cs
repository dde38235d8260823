// alarm, interval timers and POSIX timers.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Calls;

public static unsafe class TimerCalls
{
    private const int Real = 0;
    private const int Virtual = 1;
    private const int Profile = 2;
    private const int Absolute = 1;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>struct sigevent.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Event
    {
        public ulong Value;
        public int Signal;
        public int Notify;
        public int ThreadId;
        private fixed int _padding[11];
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(36, &Getitimer);
        table.Register(37, &Alarm);
        table.Register(38, &Setitimer);
        table.Register(222, &Create);
        table.Register(223, &Settime);
        table.Register(224, &Gettime);
        table.Register(225, &Getoverrun);
        table.Register(226, &Delete);
    }

    private static SystemCallResult Alarm(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong now = kernel.Now(thread);
        ulong left = LeftOfAlarm(thread->Process, now);
        ulong seconds = arguments->UInt0;
        kernel.Timers.SetAlarm(thread->Process, seconds == 0 ? 0 : now + (seconds * NanosecondsPerSecond), 0);
        // Rounded, but never to zero while one was running.
        ulong reported = (left + (NanosecondsPerSecond / 2)) / NanosecondsPerSecond;
        return (long)(left != 0 && reported == 0 ? 1 : reported);
    }

    private static ulong LeftOfAlarm(Process* process, ulong now)
        => process->Alarm.IsArmed && process->Alarm.Nanoseconds > now ? process->Alarm.Nanoseconds - now : 0;

    private static SystemCallResult Getitimer(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt0 > Profile)
            return Errno.EINVAL;
        IntervalTimeval value = Current(kernel, thread->Process, arguments->Int0);
        return kernel.Write(thread, arguments->Arg1, in value, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult Setitimer(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt0 > Profile)
            return Errno.EINVAL;
        IntervalTimeval value = default;
        if (arguments->Arg1 != 0 && !kernel.Read(thread, arguments->Arg1, out value, out SystemCallResult failure))
            return failure;
        if (!value.Value.IsValid || !value.Interval.IsValid)
            return Errno.EINVAL;
        IntervalTimeval old = Current(kernel, thread->Process, arguments->Int0);
        if (!kernel.WriteIfWanted(thread, arguments->Arg2, in old, out failure))
            return failure;
        Set(kernel, thread->Process, arguments->Int0, value.Value.ToNanoseconds(), value.Interval.ToNanoseconds());
        return 0;
    }

    private static IntervalTimeval Current(LinuxKernel kernel, Process* process, int which) => which switch
    {
        Real => Make(LeftOfAlarm(process, kernel.Now(process->FirstThread)), process->AlarmIntervalNanoseconds),
        Virtual => Make(process->VirtualTimerNanoseconds, process->VirtualTimerIntervalNanoseconds),
        _ => Make(process->ProfileTimerNanoseconds, process->ProfileTimerIntervalNanoseconds),
    };

    private static IntervalTimeval Make(ulong value, ulong interval)
        => new() { Value = Timeval.From(value), Interval = Timeval.From(interval) };

    private static void Set(LinuxKernel kernel, Process* process, int which, ulong value, ulong interval)
    {
        if (which == Real)
        {
            kernel.Timers.SetAlarm(process, value == 0 ? 0 : kernel.Now(process->FirstThread) + value, interval);
            return;
        }
        if (which == Virtual)
        {
            process->VirtualTimerNanoseconds = value;
            process->VirtualTimerIntervalNanoseconds = interval;
        }
        else
        {
            process->ProfileTimerNanoseconds = value;
            process->ProfileTimerIntervalNanoseconds = interval;
        }
        kernel.Tracked.MarkChanged(&process->Header);
    }

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Event request = default;
        request.Signal = (int)Signal.SIGALRM;
        bool hasRequest = arguments->Arg1 != 0;
        if (hasRequest && !kernel.Read(thread, arguments->Arg1, out request, out SystemCallResult failure))
            return failure;
        int clock = arguments->Int0;
        if (clock is 4 or 5 or 6 || ProcessorClocks.IsDevice(clock))
            return Errno.EOPNOTSUPP;
        bool isRealtime = clock is 0 or 8 or 11;
        bool isProcessor = ProcessorClocks.IsProcessorClock(clock);
        Errno error = isRealtime || isProcessor || clock is 1 or 7 or 9 ? Check(thread, in request) : Errno.EINVAL;
        if (error != Errno.Ok)
            return error;
        Timer* timer = kernel.Timers.Create(thread->Process);
        if (timer == null)
            return Errno.EAGAIN;
        timer->IsRealtime = isRealtime;
        timer->Notify = (TimerNotify)request.Notify;
        timer->Signal = request.Signal;
        timer->ThreadId = request.ThreadId;
        timer->Value = hasRequest ? request.Value : (ulong)timer->Id;
        bool isWritten = kernel.Write(thread, arguments->Arg2, in timer->Id, out failure);
        bool mayWake = clock is not (8 or 9) || ClockCalls.MayWakeMachine(thread);
        if (isWritten && mayWake && (!isProcessor || Aim(kernel, thread, timer, clock)))
            return 0;
        kernel.Timers.End(timer);
        return !isWritten ? failure : mayWake ? Errno.EINVAL : Errno.EPERM;
    }

    private static bool Aim(LinuxKernel kernel, Thread* thread, Timer* timer, int clock)
    {
        ObjectHeader* target = ProcessorClocks.Find(kernel, thread, clock, out timer->Processor);
        timer->Target = target == null ? default : target->Id;
        return target != null;
    }

    private static Errno Check(Thread* thread, in Event request)
    {
        if (request.Notify is not ((int)TimerNotify.Signal or (int)TimerNotify.None or (int)TimerNotify.LibraryThread
            or (int)TimerNotify.ThreadSignal))
            return Errno.EINVAL;
        if (request.Notify != (int)TimerNotify.None && request.Signal is < 1 or > (int)Signal.Last)
            return Errno.EINVAL;
        if (request.Notify != (int)TimerNotify.ThreadSignal)
            return Errno.Ok;
        for (Thread* each = thread->Process->FirstThread; each != null; each = each->NextOfProcess)
            if (each->Id == request.ThreadId)
                return Errno.Ok;
        return Errno.EINVAL;
    }

    private static SystemCallResult Settime(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg2 == 0)
            return Errno.EINVAL;
        if (!kernel.Read(thread, arguments->Arg2, out IntervalTimespec request, out SystemCallResult failure))
            return failure;
        Timer* timer = TimerService.Find(thread->Process, arguments->Int0);
        if (!request.IsValid || timer == null)
            return Errno.EINVAL;
        if (!kernel.Timers.HasTarget(timer))
            return Errno.ESRCH;
        IntervalTimespec old = Describe(kernel, timer);
        if (!kernel.WriteIfWanted(thread, arguments->Arg3, in old, out failure))
            return failure;
        bool isRelative = (arguments->Int1 & Absolute) == 0;
        kernel.Timers.Set(timer, request.Value.ToNanoseconds(), request.Interval.ToNanoseconds(), isRelative);
        return 0;
    }

    private static SystemCallResult Gettime(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Timer* timer = TimerService.Find(thread->Process, arguments->Int0);
        if (timer == null)
            return Errno.EINVAL;
        IntervalTimespec value = Describe(kernel, timer);
        return kernel.Write(thread, arguments->Arg1, in value, out SystemCallResult failure) ? 0 : failure;
    }

    private static IntervalTimespec Describe(LinuxKernel kernel, Timer* timer) => new()
    {
        Value = Timespec.From(kernel.Timers.HasTarget(timer) ? kernel.Timers.Left(timer) : 0),
        Interval = Timespec.From(kernel.Timers.HasTarget(timer) ? timer->IntervalNanoseconds : 0),
    };

    private static SystemCallResult Getoverrun(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Timer* timer = TimerService.Find(thread->Process, arguments->Int0);
        return timer == null ? Errno.EINVAL : timer->Overruns;
    }

    private static SystemCallResult Delete(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Timer* timer = TimerService.Find(thread->Process, arguments->Int0);
        if (timer == null)
            return Errno.EINVAL;
        kernel.Timers.End(timer);
        return 0;
    }
}
