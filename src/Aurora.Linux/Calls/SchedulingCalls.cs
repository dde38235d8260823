// One scheduling class (SCHED_OTHER) on one processor: these calls say so.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class SchedulingCalls
{
    private const ulong MaskBytes = 8;

    public static void Register(SystemCallTable table)
    {
        table.Register(24, &Yield);
        table.Register(142, &SetParameter);
        table.Register(143, &GetParameter);
        table.Register(144, &SetScheduler);
        table.Register(145, &GetScheduler);
        table.Register(146, &PriorityBound);
        table.Register(147, &PriorityBound);
        table.Register(148, &RoundRobinInterval);
        table.Register(203, &SetAffinity);
        table.Register(204, &GetAffinity);
        table.Register(309, &GetProcessor);
    }

    private static SystemCallResult Yield(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        kernel.Scheduler.Yield(thread);
        return 0;
    }

    private static SystemCallResult SetParameter(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Exists(kernel, thread, arguments))
            return Errno.ESRCH;
        if (!kernel.Read(thread, arguments->Arg1, out int priority, out SystemCallResult failure))
            return failure;
        return priority == 0 ? 0 : Errno.EINVAL;
    }

    private static SystemCallResult GetParameter(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Exists(kernel, thread, arguments))
            return Errno.ESRCH;
        int priority = 0;
        return kernel.Write(thread, arguments->Arg1, in priority, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult SetScheduler(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Exists(kernel, thread, arguments))
            return Errno.ESRCH;
        if (!kernel.Read(thread, arguments->Arg2, out int priority, out SystemCallResult failure))
            return failure;
        // SCHED_OTHER, SCHED_BATCH and SCHED_IDLE are all the one class; real-time classes are refused.
        return arguments->Int1 is 0 or 3 or 5 && priority == 0 ? 0 : arguments->Int1 is 1 or 2 ? Errno.EPERM : Errno.EINVAL;
    }

    private static SystemCallResult GetScheduler(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Exists(kernel, thread, arguments) ? 0 : Errno.ESRCH;

    private static SystemCallResult PriorityBound(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => arguments->Int0 is 0 or 3 or 5 ? 0 : Errno.EINVAL;

    private static SystemCallResult RoundRobinInterval(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Timespec slice = Timespec.From(ThreadScheduler.SliceNanoseconds);
        if (!Exists(kernel, thread, arguments))
            return Errno.ESRCH;
        return kernel.Write(thread, arguments->Arg1, in slice, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult SetAffinity(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Exists(kernel, thread, arguments))
            return Errno.ESRCH;
        byte first = 0;
        if (arguments->Arg1 != 0 && !kernel.Read(thread, arguments->Arg2, out first, out SystemCallResult failure))
            return failure;
        return (first & 1) != 0 ? 0 : Errno.EINVAL;
    }

    private static SystemCallResult GetAffinity(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Exists(kernel, thread, arguments))
            return Errno.ESRCH;
        if (arguments->UInt1 < MaskBytes || arguments->UInt1 % MaskBytes != 0)
            return Errno.EINVAL;
        ulong mask = 1;
        return kernel.Write(thread, arguments->Arg2, in mask, out SystemCallResult failure) ? (long)MaskBytes : failure;
    }

    private static SystemCallResult GetProcessor(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint zero = 0;
        return kernel.WriteIfWanted(thread, arguments->Arg0, in zero, out SystemCallResult failure)
            && kernel.WriteIfWanted(thread, arguments->Arg1, in zero, out failure) ? 0 : failure;
    }

    private static bool Exists(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => arguments->Int0 == 0 || kernel.Processes.FindThread(arguments->Int0) != null;
}
