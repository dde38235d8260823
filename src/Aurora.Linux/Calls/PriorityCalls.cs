// getpriority and setpriority. The nice value belongs to the process. Those of many processes are set in steps, in the order of their
// ids: the call's Progress is the last one, Extra0 the result so far.
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class PriorityCalls
{
    private const int OfProcess = 0;
    private const int OfGroup = 1;
    private const int OfUser = 2;

    public static void Register(SystemCallTable table)
    {
        table.Register(140, &Getpriority);
        table.Register(141, &Setpriority);
    }

    /// <summary>True when a process may have this nice value without privilege, by its limit.</summary>
    public static bool IsWithinLimit(Process* process, int nice) => (ulong)(20 - nice) <= process->Limits.Soft(Resource.Nice);

    private static SystemCallResult Getpriority(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt0 > OfUser)
            return Errno.EINVAL;
        long result = -(long)Errno.ESRCH;
        Process* process = Next(kernel, thread, arguments, 1);
        for (; process != null; process = Next(kernel, thread, arguments, process->Id + 1))
            result = Math.Max(result, 20 - process->Nice);
        return result < 0 ? Errno.ESRCH : result;
    }

    // All are tried; a refusal of the last one that refuses is the result.
    private static SystemCallResult Setpriority(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt0 > OfUser)
            return Errno.EINVAL;
        int nice = Math.Clamp(arguments->Int2, -20, 19);
        ref CallContinuation call = ref thread->Call;
        if (call.Progress == 0)
            call.Extra0 = (ulong)Errno.ESRCH;
        int left = ProcessLife.UnitsPerStep;
        Process* process = Next(kernel, thread, arguments, (int)call.Progress + 1);
        for (; process != null; process = Next(kernel, thread, arguments, process->Id + 1))
        {
            if (left-- == 0)
                return SystemCallResult.Again;
            Errno error = Set(kernel, thread, process, nice);
            if (error != Errno.Ok || (Errno)call.Extra0 == Errno.ESRCH)
                call.Extra0 = (ulong)error;
            call.Progress = (ulong)process->Id;
        }
        return (Errno)call.Extra0;
    }

    private static Errno Set(LinuxKernel kernel, Thread* thread, Process* process, int nice)
    {
        if (!ProcessAccess.MaySchedule(thread->Process, process))
            return Errno.EPERM;
        if (nice < process->Nice && !IsWithinLimit(process, nice) && !thread->Process->Credentials.Has(Capability.SysNice))
            return Errno.EACCES;
        process->Nice = nice;
        kernel.Tracked.MarkChanged(&process->Header);
        return Errno.Ok;
    }

    // The next process the call is about, from an id on.
    private static Process* Next(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, int id)
    {
        int who = arguments->Int1;
        Process* self = thread->Process;
        if (arguments->Int0 == OfProcess)
        {
            Process* target = who == 0 ? self : kernel.FindProcess(thread, who);
            return target == null || target->Id < id ? null : target;
        }
        ProcessGroup* group = arguments->Int0 == OfUser ? null : who == 0 ? self->ProcessGroup : kernel.Processes.Of(thread).FindGroup(who);
        if (arguments->Int0 == OfGroup && group == null)
            return null;
        uint user = who == 0 ? self->Credentials.RealUid : (uint)who;
        PidNamespace space = kernel.Processes.Of(thread);
        for (Process* process = space.NextProcess(id); process != null; process = space.NextProcess(process->Id + 1))
            if (group != null ? process->ProcessGroup == group : process->Credentials.RealUid == user)
                return process;
        return null;
    }
}
