// Process, group and session ids.
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class IdentityCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(39, &Getpid);
        table.Register(109, &Setpgid);
        table.Register(110, &Getppid);
        table.Register(111, &Getpgrp);
        table.Register(112, &Setsid);
        table.Register(121, &Getpgid);
        table.Register(124, &Getsid);
        table.Register(186, &Gettid);
    }

    private static SystemCallResult Getpid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments) => thread->Process->Id;

    private static SystemCallResult Gettid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments) => thread->Id;

    private static SystemCallResult Getppid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => thread->Process->Parent == null ? 0 : thread->Process->Parent->Id;

    private static SystemCallResult Getpgrp(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => thread->Process->ProcessGroup->Id;

    private static SystemCallResult Getpgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Process* process = arguments->Int0 == 0 ? thread->Process : kernel.Processes.Of(thread).FindProcess(arguments->Int0);
        return process == null ? Errno.ESRCH : process->ProcessGroup->Id;
    }

    private static SystemCallResult Getsid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Process* process = arguments->Int0 == 0 ? thread->Process : kernel.Processes.Of(thread).FindProcess(arguments->Int0);
        return process == null ? Errno.ESRCH : process->ProcessGroup->Session->Id;
    }

    private static SystemCallResult Setsid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Process* process = thread->Process;
        if (process->ProcessGroup->Session->Leader == process || process->ProcessGroup->Id == process->Id)
            return Errno.EPERM;
        kernel.Signals.CatchUp(process);
        Errno error = kernel.Processes.StartSession(process);
        return error != Errno.Ok ? error : process->Id;
    }

    private static SystemCallResult Setpgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        int id = arguments->Int0 == 0 ? thread->Process->Id : arguments->Int0;
        int groupId = arguments->Int1 == 0 ? id : arguments->Int1;
        if (groupId < 0)
            return Errno.EINVAL;
        Process* process = kernel.Processes.Of(thread).FindProcess(id);
        if (process == null || process->State == ProcessState.Zombie)
            return Errno.ESRCH;
        if (process != thread->Process)
        {
            if (process->Parent != thread->Process)
                return Errno.ESRCH;
            if (process->ProcessGroup->Session != thread->Process->ProcessGroup->Session)
                return Errno.EPERM;
            if (process->HasExecuted)
                return Errno.EACCES;
        }
        kernel.Signals.CatchUp(process);
        return kernel.Processes.SetGroup(process, groupId);
    }
}
