// unshare: a process that shares its descriptors, directory or umask with others gets its own. There are no namespaces to have apart.
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class UnshareCalls
{
    private const uint Memory = 0x100;
    private const uint FileContext = 0x200;
    private const uint Descriptors = 0x400;
    private const uint SignalActions = 0x800;
    private const uint Threads = 0x10000;
    private const uint SemaphoreUndo = 0x40000;
    private const uint UserNamespace = 0x10000000;
    private const uint Namespaces = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x20000000 | 0x40000000 | 0x80;
    private const uint Known = Memory | FileContext | Descriptors | SignalActions | Threads | SemaphoreUndo | UserNamespace | Namespaces;

    public static void Register(SystemCallTable table) => table.Register(272, &Unshare);

    private static SystemCallResult Unshare(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint flags = arguments->UInt0;
        Process* process = thread->Process;
        if ((flags & ~Known) != 0 || !IsAlone(process, flags))
            return Errno.EINVAL;
        if ((flags & Namespaces) != 0 && (flags & UserNamespace) == 0 && !process->Credentials.Has(Capability.SysAdmin))
            return Errno.EPERM;
        if ((flags & (Namespaces | UserNamespace)) != 0)
            return Errno.EINVAL;
        Errno error = kernel.ProcessFiles.Unshare(process, (flags & Descriptors) != 0, (flags & FileContext) != 0);
        if (error == Errno.Ok && (flags & SemaphoreUndo) != 0)
            kernel.Ipc.Semaphores.LeaveUndo(thread);
        return error;
    }

    // What threads share cannot be had apart; descriptors and file context are among it here.
    private static bool IsAlone(Process* process, uint flags)
    {
        const uint OfThreads = Memory | SignalActions | Threads | FileContext | Descriptors;
        bool sharesActions = process->Actions->Header.References > 1;
        bool sharesMemory = process->AddressSpace->Header.References > 1;
        return ((flags & OfThreads) == 0 || process->ThreadCount == 1)
            && ((flags & (Memory | SignalActions)) == 0 || !sharesActions)
            && ((flags & Memory) == 0 || !sharesMemory);
    }
}
