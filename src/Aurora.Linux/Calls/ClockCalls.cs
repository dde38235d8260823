// Clocks and sleeping. A sleep keeps its absolute deadline in the call's continuation, so that it ends on time after any number of wake-ups,
// signals without handlers, or a restore.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Calls;

public static unsafe class ClockCalls
{
    private const int Realtime = 0;
    private const int Monotonic = 1;
    private const int ThreadTime = 3;
    private const int MonotonicRaw = 4;
    private const int RealtimeCoarse = 5;
    private const int MonotonicCoarse = 6;
    private const int BootTime = 7;
    private const int RealtimeAlarm = 8;
    private const int BootTimeAlarm = 9;
    private const int AtomicTime = 11;
    private const int Absolute = 1;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public static void Register(SystemCallTable table)
    {
        table.Register(35, &Nanosleep);
        table.Register(96, &Gettimeofday);
        table.Register(164, &Settimeofday);
        table.Register(201, &Time);
        table.Register(227, &Settime);
        table.Register(228, &Gettime);
        table.Register(229, &Getres);
        table.Register(230, &ClockNanosleep);
    }

    private static SystemCallResult Gettime(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Now(kernel, thread, arguments->Int0, out ulong now))
            return Errno.EINVAL;
        Timespec time = Timespec.From(now);
        return kernel.Write(thread, arguments->Arg1, in time, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult Getres(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Now(kernel, thread, arguments->Int0, out _))
            return Errno.EINVAL;
        Timespec resolution = Timespec.From(ProcessorClocks.ResolutionOf(arguments->Int0));
        return kernel.WriteIfWanted(thread, arguments->Arg1, in resolution, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult Settime(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 != Realtime)
            return CheckSettime(kernel, thread, arguments);
        if (RealtimeSetting.IsSet(thread))
            return RealtimeSetting.GoOn(kernel, thread);
        return kernel.Read(thread, arguments->Arg1, out Timespec time, out SystemCallResult failure)
            ? RealtimeSetting.Set(kernel, thread, in time) : failure;
    }

    // Somebody's processor time, named by an id, exists or does not; nobody sets it.
    private static SystemCallResult CheckSettime(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 >= 0)
            return Errno.EINVAL;
        if (!kernel.Read(thread, arguments->Arg1, out Timespec time, out SystemCallResult failure))
            return failure;
        return time.IsValid && ProcessorClocks.Find(kernel, thread, arguments->Int0, out _) != null ? Errno.EPERM : Errno.EINVAL;
    }

    // The time zone is checked and told to nobody, as no program asks the kernel for it.
    private static SystemCallResult Settimeofday(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (RealtimeSetting.IsSet(thread))
            return RealtimeSetting.GoOn(kernel, thread);
        Timeval time = default;
        ulong zone = 0;
        if (arguments->Arg0 != 0 && !kernel.Read(thread, arguments->Arg0, out time, out SystemCallResult failure))
            return failure;
        if (!time.IsValid)
            return Errno.EINVAL;
        if (arguments->Arg1 != 0 && !kernel.Read(thread, arguments->Arg1, out zone, out failure))
            return failure;
        if (!thread->Process->Credentials.Has(Capability.SysTime))
            return Errno.EPERM;
        if ((int)zone is < -15 * 60 or > 15 * 60)
            return Errno.EINVAL;
        return arguments->Arg0 == 0 ? 0
            : RealtimeSetting.Set(kernel, thread, new Timespec { Seconds = time.Seconds, Nanoseconds = time.Microseconds * 1000 });
    }
    private static SystemCallResult Gettimeofday(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Timeval time = Timeval.From(kernel.ClockOf(thread).RealtimeNanoseconds);
        ulong zone = 0;
        return kernel.WriteIfWanted(thread, arguments->Arg0, in time, out SystemCallResult failure)
            && kernel.WriteIfWanted(thread, arguments->Arg1, in zone, out failure) ? 0 : failure;
    }

    private static SystemCallResult Time(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        long seconds = (long)(kernel.ClockOf(thread).RealtimeNanoseconds / NanosecondsPerSecond);
        return kernel.WriteIfWanted(thread, arguments->Arg0, in seconds, out SystemCallResult failure) ? seconds : failure;
    }

    private static SystemCallResult Nanosleep(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => SleepFor(kernel, thread, arguments->Arg0, arguments->Arg1);

    private static SystemCallResult ClockNanosleep(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        int clock = arguments->Int0;
        if (clock is ThreadTime or MonotonicRaw or RealtimeCoarse or MonotonicCoarse || ProcessorClocks.IsDevice(clock))
            return Errno.EOPNOTSUPP;
        if (ProcessorClocks.IsProcessorClock(clock))
            return ProcessorSleep.Sleep(kernel, thread, arguments);
        bool isRealtime = clock is Realtime or AtomicTime or RealtimeAlarm;
        if (!isRealtime && clock is not (Monotonic or BootTime or BootTimeAlarm))
            return Errno.EINVAL;
        if (clock is RealtimeAlarm or BootTimeAlarm && thread->Call.Phase == 0 && !MayWakeMachine(thread))
            return kernel.Read(thread, arguments->Arg2, out Timespec time, out SystemCallResult failure)
                ? time.IsValid ? Errno.EPERM : Errno.EINVAL : failure;
        return (arguments->Int1 & Absolute) != 0
            ? SleepUntil(kernel, thread, arguments->Arg2, isRealtime)
            : SleepFor(kernel, thread, arguments->Arg2, arguments->Arg3);
    }

    internal static bool MayWakeMachine(Thread* thread) => thread->Process->Credentials.Has(Capability.WakeAlarm);

    private static SystemCallResult SleepFor(LinuxKernel kernel, Thread* thread, ulong request, ulong remaining)
    {
        ulong now = kernel.Now(thread);
        if (thread->Call.Phase == 0)
        {
            if (!kernel.Read(thread, request, out Timespec time, out SystemCallResult failure))
                return failure;
            if (!time.IsValid)
                return Errno.EINVAL;
            thread->Call.DeadlineNanoseconds = now + time.ToNanoseconds();
            thread->Call.Phase = 1;
        }
        ulong deadline = thread->Call.DeadlineNanoseconds;
        if (now >= deadline)
            return 0;
        if (SignalService.HasDeliverable(thread))
        {
            Timespec left = Timespec.From(deadline - now);
            return kernel.WriteIfWanted(thread, remaining, in left, out SystemCallResult failure) ? Errno.ERESTARTBLOCK : failure;
        }
        kernel.Scheduler.BlockUntil(thread, deadline);
        return SystemCallResult.BlockedOr(Errno.ERESTARTBLOCK);
    }

    // The target is kept on its own clock: real time may jump while the thread sleeps, at a restore above all.
    private static SystemCallResult SleepUntil(LinuxKernel kernel, Thread* thread, ulong request, bool isRealtime)
    {
        if (thread->Call.Phase == 0)
        {
            if (!kernel.Read(thread, request, out Timespec time, out SystemCallResult failure))
                return failure;
            if (!time.IsValid)
                return Errno.EINVAL;
            thread->Call.Extra0 = time.ToNanoseconds();
            thread->Call.Phase = 1;
        }
        ulong now = isRealtime ? kernel.ClockOf(thread).RealtimeNanoseconds : kernel.Now(thread);
        if (now >= thread->Call.Extra0)
            return 0;
        kernel.Scheduler.BlockUntil(thread, kernel.Now(thread) + (thread->Call.Extra0 - now));
        return SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);
    }

    private static bool Now(LinuxKernel kernel, Thread* thread, int clock, out ulong nanoseconds)
    {
        nanoseconds = 0;
        switch (clock)
        {
            case Realtime or RealtimeCoarse or RealtimeAlarm or AtomicTime:
                nanoseconds = kernel.ClockOf(thread).RealtimeNanoseconds;
                return true;
            case Monotonic or MonotonicRaw or MonotonicCoarse or BootTime or BootTimeAlarm:
                nanoseconds = kernel.Now(thread);
                return true;
            default:
                ObjectHeader* target = ProcessorClocks.Find(kernel, thread, clock, out ProcessorClock which);
                nanoseconds = target == null ? 0 : ProcessorClocks.TimeOf(target, which);
                return target != null;
        }
    }
}
