// exit and exit_group. Every end of a thread by the Linux rules (these, execve, a fatal signal) goes through LeaveMemory first.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ExitCalls
{
    /// <summary>The phase of an execve that has ended threads or released locks: it can no longer return to its program.</summary>
    public const byte LeavingPhase = 1;

    /// <summary>An execve that has exchanged the program and closes descriptors.</summary>
    public const byte ClosingPhase = 2;

    private const int RobustEntriesPerUnit = 16;

    public static void Register(SystemCallTable table)
    {
        table.Register(60, &Exit);
        table.Register(231, &ExitGroup);
    }

    private static SystemCallResult Exit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (thread->Process->ThreadCount == 1)
            return End(kernel, thread, arguments->Int0);
        if (!LeaveMemory(kernel, thread, out AccessResult page))
            return kernel.Stop(thread, in page);
        kernel.Life.EndThread(thread, WaitStatus.Exited(arguments->Int0));
        return SystemCallResult.Ended;
    }

    private static SystemCallResult ExitGroup(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => End(kernel, thread, arguments->Int0);

    private static SystemCallResult End(LinuxKernel kernel, Thread* thread, int exitCode)
    {
        kernel.Life.BeginEnd(thread->Process, WaitStatus.Exited(exitCode));
        return ContinueEnd(kernel, thread);
    }

    /// <summary>
    /// Takes one step of the end of the thread's process. Ended: thread and process are gone. Again: there is more to do. Blocked: the
    /// thread has registered for what it must wait for.
    /// </summary>
    public static SystemCallResult ContinueEnd(LinuxKernel kernel, Thread* thread)
    {
        Process* process = thread->Process;
        int left = ProcessLife.UnitsPerStep;
        SystemCallResult alone = EndOtherThreads(kernel, thread, ref left);
        if (alone.Outcome != SystemCallOutcome.Done)
            return alone;
        switch (kernel.Life.ContinueEnd(process, ref left))
        {
            case EndProgress.Done:
                return SystemCallResult.Ended;
            case EndProgress.More:
                return SystemCallResult.Again;
            default:
                kernel.Scheduler.BlockOn(thread, &process->ChildChanged);
                return SystemCallResult.BlockedUninterruptible;
        }
    }

    /// <summary>
    /// The last steps of execve that may take time or wait: the other threads end, what all leave in the old memory is done, and the record locks
    /// go that the descriptors to be closed hold. Done when the caller can go through with it at once.
    /// </summary>
    public static SystemCallResult LeaveProgram(LinuxKernel kernel, Thread* thread)
    {
        int left = ProcessLife.UnitsPerStep;
        int threads = thread->Process->ThreadCount;
        SystemCallResult result = EndOtherThreads(kernel, thread, ref left);
        bool hasFiles = thread->Process->Descriptors != null;
        bool isAlone = result.Outcome == SystemCallOutcome.Done;
        if (isAlone && hasFiles && !kernel.ProcessFiles.ReleaseLocksForExec(thread->Process, ref thread->Call.Progress, ref left))
            result = SystemCallResult.Again;
        if (result.Outcome == SystemCallOutcome.Again || thread->Process->ThreadCount != threads)
            thread->Call.Phase = LeavingPhase;
        return result;
    }

    /// <summary>
    /// The descriptors that execve closes, some at a time, when the program has already been exchanged: the new one does not run before
    /// they are closed.
    /// </summary>
    public static SystemCallResult CloseFiles(LinuxKernel kernel, Thread* thread)
    {
        int left = ProcessLife.UnitsPerStep;
        thread->Call.Phase = ClosingPhase;
        return kernel.ProcessFiles.CloseOnExec(thread->Process, ref left) ? SystemCallResult.NoReturn : SystemCallResult.Again;
    }

    /// <summary>
    /// An execve has failed after it had begun to leave its program: there is nothing to return to. Its process is killed, as on Linux.
    /// </summary>
    public static SystemCallResult FailToLeave(LinuxKernel kernel, Thread* thread)
    {
        kernel.Life.BeginEnd(thread->Process, WaitStatus.Killed((int)Signal.SIGSEGV));
        return ContinueEnd(kernel, thread);
    }

    // Ends all threads but this one, some at a time, and does what they and it leave in memory.
    private static SystemCallResult EndOtherThreads(LinuxKernel kernel, Thread* thread, ref int left)
    {
        Process* process = thread->Process;
        while (process->ThreadCount > 1)
        {
            Thread* other = process->LastThread == thread ? thread->PreviousOfProcess : process->LastThread;
            if (left-- <= 0)
                return SystemCallResult.Again;
            if (!LeaveMemory(kernel, other, ref left, out AccessResult page))
                return kernel.Stop(thread, in page);
            kernel.Life.EndOtherThread(other);
        }
        return LeaveMemory(kernel, thread, ref left, out AccessResult own) ? Errno.Ok : kernel.Stop(thread, in own);
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

    // The same for a thread of a process that is ending; walking a long list of robust futexes uses up the step.
    private static bool LeaveMemory(LinuxKernel kernel, Thread* thread, ref int left, out AccessResult page)
    {
        page = default;
        if (thread->Process->AddressSpace == null)
            return true;
        bool isShared = thread->Process->AddressSpace->Header.References > 1;
        if (!MemoryLeave.Prepare(kernel, thread, isShared, out page))
            return false;
        left -= MemoryLeave.Run(kernel, thread, isShared) / RobustEntriesPerUnit;
        return true;
    }
}
