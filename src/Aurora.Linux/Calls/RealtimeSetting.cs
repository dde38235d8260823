// Setting real time. Who waits for a moment of real time, in a timer or asleep, waits from then on for that moment by the new time.
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Calls;

internal static unsafe class RealtimeSetting
{
    private const uint ClockNanosleep = 230;

    // Linux's bound: thirty years before nanoseconds no longer fit 63 bits.
    private const long LatestSeconds = (long.MaxValue / 1_000_000_000) - (30L * 365 * 24 * 3600);

    public static SystemCallResult Set(LinuxKernel kernel, Thread* thread, in Timespec time)
    {
        if (!time.IsValid || time.Seconds >= LatestSeconds)
            return Errno.EINVAL;
        if (!thread->Process->Credentials.Has(Capability.SysTime))
            return Errno.EPERM;
        ulong target = time.ToNanoseconds();
        // The session began after 1970.
        if (target < kernel.Scheduler.NowNanoseconds)
            return Errno.EINVAL;
        long ahead = (long)(target - kernel.Clock.RealtimeNanoseconds);
        if (!kernel.Settings.SetRealtime(target))
            return Errno.ENOMEM;
        for (Process* process = kernel.Processes.NextProcess(1); process != null; process = kernel.Processes.NextProcess(process->Id + 1))
            Tell(kernel, process, ahead);
        return 0;
    }

    private static void Tell(LinuxKernel kernel, Process* process, long ahead)
    {
        for (Timer* timer = process->FirstTimer; timer != null; timer = timer->Next)
            if (timer->IsRealtime)
                kernel.Timers.RealtimeChanged(timer);
        for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
        {
            if (!each->Call.Active || each->State != ThreadState.Blocked)
                continue;
            // It looks at the clock again; a futex is not looked at again, so that nobody believes to have been woken.
            if (each->Call.Number == ClockNanosleep)
                kernel.Scheduler.Wake(each);
            else if (each->Call.DeadlineNanoseconds != 0 && FutexCalls.IsUntilRealtime(each))
                Postpone(kernel, each, ahead);
        }
    }

    private static void Postpone(LinuxKernel kernel, Thread* thread, long ahead)
    {
        long deadline = (long)Math.Min(thread->Call.DeadlineNanoseconds, long.MaxValue / 2) - ahead;
        thread->Call.DeadlineNanoseconds = (ulong)Math.Max(1, deadline);
        kernel.Tracker.MarkChanged(&thread->Header);
        kernel.Scheduler.Disarm(&thread->Deadline);
        kernel.Scheduler.BlockUntil(thread, thread->Call.DeadlineNanoseconds);
    }
}
