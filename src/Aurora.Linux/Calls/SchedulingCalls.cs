// Scheduling policies and processors. All threads are scheduled as one class on one processor: a policy is checked, kept and told, no more.
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class SchedulingCalls
{
    private const ulong MaskBytes = 8;
    private const int Deadline = 6;
    private const int ResetOnFork = 0x40000000;
    private const int SamePolicy = -1;
    private const ulong RoundRobinNanoseconds = 100_000_000;

    public static void Register(SystemCallTable table)
    {
        table.Register(24, &Yield);
        table.Register(142, &SetParameter);
        table.Register(143, &GetParameter);
        table.Register(144, &SetScheduler);
        table.Register(145, &GetScheduler);
        table.Register(146, &HighestPriority);
        table.Register(147, &LowestPriority);
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
        => Choose(kernel, thread, arguments->Int0, SamePolicy, arguments->Arg1);

    private static SystemCallResult SetScheduler(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => arguments->Int1 < 0 ? Errno.EINVAL : Choose(kernel, thread, arguments->Int0, arguments->Int1, arguments->Arg2);

    private static SystemCallResult Choose(LinuxKernel kernel, Thread* thread, int id, int policy, ulong parameter)
    {
        if (parameter == 0 || id < 0)
            return Errno.EINVAL;
        if (!kernel.Read(thread, parameter, out int priority, out SystemCallResult failure))
            return failure;
        Thread* target = Find(kernel, thread, id);
        if (target == null)
            return Errno.ESRCH;
        SchedulingChoice wanted = target->Schedule;
        if (policy != SamePolicy)
        {
            wanted.ResetsOnFork = (policy & ResetOnFork) != 0;
            policy &= ~ResetOnFork;
            if (policy > (int)SchedulingPolicy.Idle)
                return Errno.EINVAL;
            wanted.Policy = (SchedulingPolicy)policy;
        }
        if (priority is < 0 or > SchedulingChoice.MaxPriority)
            return Errno.EINVAL;
        wanted.Priority = (byte)priority;
        if (!wanted.IsValid)
            return Errno.EINVAL;
        if (NeedsPrivilege(thread, target, in wanted) && !thread->Process->Credentials.Has(Capability.SysNice))
            return Errno.EPERM;
        Apply(kernel, target, in wanted);
        return 0;
    }

    /// <summary>Gives a thread its choice.</summary>
    internal static void Apply(LinuxKernel kernel, Thread* target, in SchedulingChoice wanted)
    {
        target->Schedule = wanted;
        // Who must be on time is given no slack.
        if (wanted.IsRealTime)
            target->TimerSlackNanoseconds = 0;
        else if (target->TimerSlackNanoseconds == 0)
            target->TimerSlackNanoseconds = target->DefaultTimerSlackNanoseconds;
        kernel.Tracked.MarkChanged(&target->Header);
    }

    /// <summary>True when only who may set priorities may give a thread this choice.</summary>
    internal static bool NeedsPrivilege(Thread* thread, Thread* target, in SchedulingChoice wanted)
    {
        SchedulingChoice now = target->Schedule;
        if (wanted.IsRealTime)
        {
            ulong limit = target->Process->Limits.Soft(Resource.RealTimePriority);
            if ((wanted.Policy != now.Policy && limit == 0) || (wanted.Priority > now.Priority && wanted.Priority > limit))
                return true;
        }
        bool leavesIdle = now.Policy == SchedulingPolicy.Idle && wanted.Policy != SchedulingPolicy.Idle;
        return (leavesIdle && !PriorityCalls.IsWithinLimit(target->Process, target->Process->Nice))
            || (now.ResetsOnFork && !wanted.ResetsOnFork) || !ProcessAccess.MaySchedule(thread->Process, target->Process);
    }

    private static SystemCallResult GetParameter(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 < 0 || arguments->Arg1 == 0)
            return Errno.EINVAL;
        Thread* target = Find(kernel, thread, arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        int priority = target->Schedule.Priority;
        return kernel.Write(thread, arguments->Arg1, in priority, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult GetScheduler(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 < 0)
            return Errno.EINVAL;
        Thread* target = Find(kernel, thread, arguments->Int0);
        return target == null ? Errno.ESRCH : (int)target->Schedule.Policy | (target->Schedule.ResetsOnFork ? ResetOnFork : 0);
    }

    private static SystemCallResult HighestPriority(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => PriorityBound(arguments->Int0, SchedulingChoice.MaxPriority);

    private static SystemCallResult LowestPriority(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => PriorityBound(arguments->Int0, 1);

    private static SystemCallResult PriorityBound(int policy, int ofRealTime) => policy switch
    {
        (int)SchedulingPolicy.Fifo or (int)SchedulingPolicy.RoundRobin => ofRealTime,
        (int)SchedulingPolicy.Other or (int)SchedulingPolicy.Batch or (int)SchedulingPolicy.Idle or Deadline => 0,
        _ => Errno.EINVAL,
    };

    private static SystemCallResult RoundRobinInterval(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 < 0)
            return Errno.EINVAL;
        Thread* target = Find(kernel, thread, arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        Timespec slice = Timespec.From(target->Schedule.Policy switch
        {
            SchedulingPolicy.Fifo => 0,
            SchedulingPolicy.RoundRobin => RoundRobinNanoseconds,
            _ => ThreadScheduler.SliceNanoseconds,
        });
        return kernel.Write(thread, arguments->Arg1, in slice, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult SetAffinity(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        byte first = 0;
        if (arguments->UInt1 != 0 && !kernel.Read(thread, arguments->Arg2, out first, out SystemCallResult failure))
            return failure;
        Thread* target = Find(kernel, thread, arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        if (!ProcessAccess.MaySchedule(thread->Process, target->Process))
            return Errno.EPERM;
        return (first & 1) != 0 ? 0 : Errno.EINVAL;
    }

    private static SystemCallResult GetAffinity(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt1 == 0 || arguments->UInt1 % MaskBytes != 0)
            return Errno.EINVAL;
        if (Find(kernel, thread, arguments->Int0) == null)
            return Errno.ESRCH;
        ulong mask = 1;
        return kernel.Write(thread, arguments->Arg2, in mask, out SystemCallResult failure) ? (long)MaskBytes : failure;
    }

    private static SystemCallResult GetProcessor(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint zero = 0;
        return kernel.WriteIfWanted(thread, arguments->Arg0, in zero, out SystemCallResult failure)
            && kernel.WriteIfWanted(thread, arguments->Arg1, in zero, out failure) ? 0 : failure;
    }

    internal static Thread* Find(LinuxKernel kernel, Thread* thread, int id)
        => id == 0 ? thread : kernel.Processes.Of(thread).FindThread(id);
}
