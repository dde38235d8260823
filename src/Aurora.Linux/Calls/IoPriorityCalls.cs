// ioprio_get and ioprio_set. The disk serves everybody alike: priorities are kept, checked and told, no more.
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class IoPriorityCalls
{
    private const int OfThread = 1;
    private const int OfGroup = 2;
    private const int OfUser = 3;
    private const int ClassShift = 13;
    private const int ClassNone = 0;
    private const int ClassRealTime = 1;
    private const int ClassIdle = 3;
    private const int LevelMask = 0x1FFF;
    private const int Levels = 8;
    private const int BestEffortDefault = (2 << ClassShift) | 4;

    public static void Register(SystemCallTable table)
    {
        table.Register(251, &Set);
        table.Register(252, &Get);
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        int priority = arguments->Int2;
        int level = priority & LevelMask;
        switch (priority >> ClassShift)
        {
            case ClassNone when level != 0:
                return Errno.EINVAL;
            case ClassNone or ClassIdle:
                break;
            case ClassRealTime when !MayBeRealTime(thread):
                return Errno.EPERM;
            case ClassRealTime or 2 when level < Levels:
                break;
            default:
                return Errno.EINVAL;
        }
        if (arguments->Int0 is < OfThread or > OfUser)
            return Errno.EINVAL;
        SystemCallResult result = Errno.ESRCH;
        for (Thread* each = First(kernel, thread, arguments); each != null; each = Next(kernel, thread, arguments, each))
        {
            if (!ProcessAccess.MaySchedule(thread->Process, each->Process))
                return Errno.EPERM;
            each->Schedule.IoPriority = (ushort)priority;
            kernel.Tracker.MarkChanged(&each->Header);
            result = 0;
        }
        return result;
    }

    private static bool MayBeRealTime(Thread* thread)
        => thread->Process->Credentials.Has(Capability.SysAdmin) || thread->Process->Credentials.Has(Capability.SysNice);

    // The highest of all: a lower number is a higher priority; none counts as what the nice value makes of it.
    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 is < OfThread or > OfUser)
            return Errno.EINVAL;
        int best = -1;
        for (Thread* each = First(kernel, thread, arguments); each != null; each = Next(kernel, thread, arguments, each))
        {
            int priority = each->Schedule.IoPriority;
            if (arguments->Int0 == OfThread)
                return priority;
            int counts = priority >> ClassShift == ClassNone ? BestEffortDefault : priority;
            best = best < 0 ? counts : Math.Min(best, counts);
        }
        return best < 0 ? Errno.ESRCH : best;
    }

    private static Thread* First(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 == OfThread)
            return arguments->Int1 == 0 ? thread : kernel.Processes.FindThread(arguments->Int1);
        return FirstFrom(kernel, thread, arguments, 1);
    }

    private static Thread* Next(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, Thread* last)
    {
        if (arguments->Int0 == OfThread)
            return null;
        return last->NextOfProcess != null ? last->NextOfProcess : FirstFrom(kernel, thread, arguments, last->Process->Id + 1);
    }

    private static Thread* FirstFrom(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, int id)
    {
        int who = arguments->Int1;
        Process* self = thread->Process;
        ProcessGroup* group = arguments->Int0 == OfUser ? null : who == 0 ? self->ProcessGroup : kernel.Processes.FindGroup(who);
        uint user = who == 0 ? self->Credentials.RealUid : (uint)who;
        for (Process* process = kernel.Processes.NextProcess(id); process != null; process = kernel.Processes.NextProcess(process->Id + 1))
        {
            bool isMeant = arguments->Int0 == OfUser
                ? process->Credentials.RealUid == user : group != null && process->ProcessGroup == group;
            if (isMeant && process->FirstThread != null)
                return process->FirstThread;
        }
        return null;
    }
}
