// exit and exit_group. Every end of a thread by the Linux rules (these, execve, a fatal signal) goes through LeaveMemory first.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ExitCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(60, &Exit);
        table.Register(231, &ExitGroup);
    }

    private static SystemCallResult Exit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!LeaveMemory(kernel, thread, out AccessResult page))
            return kernel.Stop(thread, in page);
        kernel.Life.EndThread(thread, WaitStatus.Exited(arguments->Int0));
        return SystemCallResult.Ended;
    }

    private static SystemCallResult ExitGroup(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!LeaveMemory(kernel, thread->Process, out AccessResult page))
            return kernel.Stop(thread, in page);
        kernel.Life.EndProcess(thread->Process, WaitStatus.Exited(arguments->Int0));
        return SystemCallResult.Ended;
    }

    /// <summary>
    /// Tells others in the memory that this thread is gone: its robust futexes are marked, its thread id is cleared and its waiters woken.
    /// False, with nothing changed, while a page of that is still to be read in.
    /// </summary>
    public static bool LeaveMemory(LinuxKernel kernel, Thread* thread, out AccessResult page)
    {
        bool isShared = thread->Process->ThreadCount > 1 || thread->Process->AddressSpace->Header.References > 1;
        if (!MemoryLeave.Prepare(kernel, thread, isShared, out page))
            return false;
        MemoryLeave.Run(kernel, thread, isShared);
        return true;
    }

    /// <summary>As <see cref="LeaveMemory(LinuxKernel, Thread*, out AccessResult)"/>, for all threads of a process that is about to end.</summary>
    public static bool LeaveMemory(LinuxKernel kernel, Process* process, out AccessResult page)
    {
        page = default;
        if (process->AddressSpace == null)
            return true;
        bool isShared = process->AddressSpace->Header.References > 1;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            if (!MemoryLeave.Prepare(kernel, thread, isShared, out page))
                return false;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            MemoryLeave.Run(kernel, thread, isShared);
        return true;
    }
}
