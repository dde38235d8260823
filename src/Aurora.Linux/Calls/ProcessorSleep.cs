// clock_nanosleep on the processor time of a process: the caller's, which others of its threads use up, or another's. The call remembers
// the process by its object id, which is never another's, and the time at which it wakes.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Calls;

internal static unsafe class ProcessorSleep
{
    private const int Absolute = 1;
    private const ulong UserBit = 1UL << 63;

    public static SystemCallResult Sleep(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ref CallContinuation call = ref thread->Call;
        bool isAbsolute = (arguments->Int1 & Absolute) != 0;
        if (call.Phase == 0 && !Begin(kernel, thread, arguments, isAbsolute, out SystemCallResult failure))
            return failure;
        var process = (Process*)kernel.GroupOf(thread).Find(new ObjectId(call.Extra1 & ~UserBit), ObjectKind.Process);
        ProcessorClock which = (call.Extra1 & UserBit) != 0 ? ProcessorClock.User : ProcessorClock.All;
        ulong used = process != null ? TimerService.ProcessorTimeOf(process, which) : call.DeadlineNanoseconds;
        if (used >= call.Extra0)
            return 0;
        if (SignalService.HasDeliverable(thread))
        {
            Timespec left = Timespec.From(call.Extra0 - used);
            if (isAbsolute)
                return Errno.ERESTARTNOHAND;
            return kernel.WriteIfWanted(thread, arguments->Arg3, in left, out failure) ? Errno.ERESTARTBLOCK : failure;
        }
        // Whoever has ended uses no more: then only a signal ends the sleep. What had been used is remembered beyond the zombie.
        if (process != null && process->State == ProcessState.Zombie)
            call.DeadlineNanoseconds = used;
        else if (process != null)
            kernel.Timers.BlockUntilUsed(thread, process, call.Extra0 - used);
        return SystemCallResult.BlockedOr(isAbsolute ? Errno.ERESTARTNOHAND : Errno.ERESTARTBLOCK);
    }

    private static bool Begin(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, bool isAbsolute,
        out SystemCallResult failure)
    {
        if (!kernel.Read(thread, arguments->Arg2, out Timespec time, out failure))
            return false;
        failure = Errno.EINVAL;
        ObjectHeader* target = ProcessorClocks.Find(kernel, thread, arguments->Int0, out ProcessorClock which);
        // A thread can never wait for its own time to pass, and a clock of another thread of the process is none for sleeping either.
        if (!time.IsValid || target == null || target->Kind != ObjectKind.Process)
            return false;
        ulong used = TimerService.ProcessorTimeOf((Process*)target, which);
        thread->Call.Extra0 = time.ToNanoseconds() + (isAbsolute ? 0 : used);
        thread->Call.Extra1 = target->Id.Value | (which == ProcessorClock.User ? UserBit : 0);
        thread->Call.Phase = 1;
        return true;
    }
}
