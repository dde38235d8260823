// sls_attach and sls_detach (guests/include/aurora.h): whether a process outlives what runs now. Who may kill a process may do so: a
// detached one is killed later.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class AttachCalls
{
    public const uint AttachNumber = SystemCallTable.AuroraFirst + 18;
    public const uint DetachNumber = SystemCallTable.AuroraFirst + 19;

    public static void Register(SystemCallTable table)
    {
        table.Register(AttachNumber, &Attach);
        table.Register(DetachNumber, &Detach);
    }

    private static SystemCallResult Attach(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Set(kernel, thread, arguments->Int0, isDetached: false);

    private static SystemCallResult Detach(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Set(kernel, thread, arguments->Int0, isDetached: true);

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, int id, bool isDetached)
    {
        if (id < 0)
            return Errno.EINVAL;
        Process* process = id == 0 ? thread->Process : kernel.FindProcess(thread, id);
        if (process == null)
            return Errno.ESRCH;
        return KillCalls.MaySignal(thread->Process, process, number: 0) ? Set(kernel, process, isDetached) : Errno.EPERM;
    }

    /// <summary>The same for a process of a group, by the host's root.</summary>
    internal static SystemCallResult SetOf(LinuxKernel kernel, ObjectTracker group, int id, bool isDetached)
    {
        Process* process = id > 0 ? kernel.Processes.Of(group).FindProcess(id) : null;
        return process == null ? Errno.ESRCH : Set(kernel, process, isDetached);
    }

    // Of an ephemeral group nothing is kept in any case.
    private static Errno Set(LinuxKernel kernel, Process* process, bool isDetached)
        => kernel.Checkpoints.IsKept(kernel.Tracked.Of(&process->Header)) ? kernel.Life.SetDetached(process, isDetached) : Errno.EOPNOTSUPP;
}
