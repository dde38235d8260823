// Setting real time. Who waits for a moment of real time, in a timer or asleep, waits from then on for that moment by the new time.
//   Phase 0: checks, and sets the clock.
//   Phase 1: the clock is set; those who wait are told in steps, in the order of ids (Progress is the last one), and then timerfds. Each
//   keeps the moment on its own clock, so telling changes no record, and who begins to wait meanwhile may be told as well.
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Calls;

internal static unsafe class RealtimeSetting
{
    private const uint ClockNanosleep = 230;

    // Later moments count as "for ever" where programs name them.
    private const long LatestSeconds = (long)(Timespec.Forever / 1_000_000_000);

    public static SystemCallResult Set(LinuxKernel kernel, Thread* thread, in Timespec time)
    {
        if (!time.IsValid || time.Seconds >= LatestSeconds)
            return Errno.EINVAL;
        if (!thread->Process->Credentials.Has(Capability.SysTime))
            return Errno.EPERM;
        ulong target = time.ToNanoseconds();
        // The session began after 1970.
        if (target < kernel.Now(thread))
            return Errno.EINVAL;
        if (!kernel.Settings.SetRealtime(kernel.GroupOf(thread), target))
            return Errno.ENOMEM;
        kernel.Files.TimerFiles.RealtimeChanged(kernel.GroupOf(thread));
        thread->Call.Phase = 1;
        return GoOn(kernel, thread);
    }

    /// <summary>True when the call has set the clock.</summary>
    public static bool IsSet(Thread* thread) => thread->Call.Phase != 0;

    /// <summary>Tells some more of those who wait.</summary>
    public static SystemCallResult GoOn(LinuxKernel kernel, Thread* thread)
    {
        int left = ProcessLife.UnitsPerStep;
        PidNamespace space = kernel.Processes.Of(thread);
        IdTable ids = space.Ids;
        for (int id = ids.NextPossible((int)thread->Call.Progress + 1); id < IdTable.Limit; id = ids.NextPossible(id + 1))
        {
            if (left <= 0)
                return SystemCallResult.Again;
            Process* process = space.FindProcess(id);
            if (process != null)
                TellTimers(kernel, process, ref left);
            Thread* waiter = space.FindThread(id);
            if (waiter != null)
                Tell(kernel, waiter, ref left);
            thread->Call.Progress = (ulong)id;
        }
        return kernel.Files.TimerFiles.TellSome(kernel.GroupOf(thread), ref left) ? 0 : SystemCallResult.Again;
    }

    private static void TellTimers(LinuxKernel kernel, Process* process, ref int left)
    {
        for (Timer* timer = process->FirstTimer; timer != null; timer = timer->Next, left--)
            kernel.Timers.RealtimeChanged(timer);
    }

    private static void Tell(LinuxKernel kernel, Thread* thread, ref int left)
    {
        left--;
        // It looks at the clock again; a futex is not looked at again, so that nobody believes to have been woken.
        bool sleeps = thread->Call.Active && thread->Call.Number == ClockNanosleep && thread->State == ThreadState.Blocked;
        if (sleeps || (thread->IpcWait != null && thread->IpcWait->IsNamed))
            kernel.Scheduler.Wake(thread);
        else
            kernel.Futexes.RealtimeChanged(thread);
    }
}
