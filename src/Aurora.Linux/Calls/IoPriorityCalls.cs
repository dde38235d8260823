// ioprio_get and ioprio_set. The disk serves everybody alike: priorities are kept, checked and told, no more. Those of many threads are
// set in steps, in the order of their ids: the call's Progress is the last one, Extra0 the result so far.
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
        ref CallContinuation call = ref thread->Call;
        if (call.Progress == 0)
            call.Extra0 = (ulong)Errno.ESRCH;
        int left = ProcessLife.UnitsPerStep;
        int last = (int)call.Progress;
        for (Thread* each = Next(kernel, thread, arguments, last); each != null; each = Next(kernel, thread, arguments, each->Id))
        {
            if (left-- == 0)
                return SystemCallResult.Again;
            if (!ProcessAccess.MaySchedule(thread->Process, each->Process))
                return Errno.EPERM;
            each->Schedule.IoPriority = (ushort)priority;
            kernel.Tracked.MarkChanged(&each->Header);
            call.Progress = (ulong)each->Id;
            call.Extra0 = (ulong)Errno.Ok;
        }
        return (Errno)call.Extra0;
    }

    private static bool MayBeRealTime(Thread* thread)
        => thread->Process->Credentials.Has(Capability.SysAdmin) || thread->Process->Credentials.Has(Capability.SysNice);

    // The highest of all: a lower number is a higher priority; none counts as what the nice value makes of it.
    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 is < OfThread or > OfUser)
            return Errno.EINVAL;
        int best = -1;
        for (Thread* each = Next(kernel, thread, arguments, 0); each != null; each = Next(kernel, thread, arguments, each->Id))
        {
            int priority = each->Schedule.IoPriority;
            if (arguments->Int0 == OfThread)
                return priority;
            int counts = priority >> ClassShift == ClassNone ? BestEffortDefault : priority;
            best = best < 0 ? counts : Math.Min(best, counts);
        }
        return best < 0 ? Errno.ESRCH : best;
    }

    // The next thread the call is about, behind an id.
    private static Thread* Next(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, int last)
    {
        int who = arguments->Int1;
        if (arguments->Int0 == OfThread)
        {
            Thread* one = who == 0 ? thread : kernel.Processes.Of(thread).FindThread(who);
            return one != null && one->Id > last ? one : null;
        }
        Process* self = thread->Process;
        ProcessGroup* group = arguments->Int0 == OfUser ? null : who == 0 ? self->ProcessGroup : kernel.Processes.Of(thread).FindGroup(who);
        uint user = who == 0 ? self->Credentials.RealUid : (uint)who;
        PidNamespace space = kernel.Processes.Of(thread);
        for (Thread* each = space.NextThread(last + 1); each != null; each = space.NextThread(each->Id + 1))
        {
            bool isMeant = arguments->Int0 == OfUser
                ? each->Process->Credentials.RealUid == user : group != null && each->Process->ProcessGroup == group;
            if (isMeant)
                return each;
        }
        return null;
    }
}
