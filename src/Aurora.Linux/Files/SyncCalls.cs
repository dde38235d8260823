// Durability. There is one kind: a checkpoint of everything, processes included, so all these calls ask for one (or join the one already
// asked for) and wait until it is durable. The epoch asked for is the call's progress: after a restore it is simply found to be durable.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SyncCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(74, &SyncFile);
        table.Register(75, &SyncFile);
        table.Register(162, &SyncAll);
        table.Register(277, &SyncRange);
        table.Register(306, &SyncFileSystem);
    }

    private static SystemCallResult SyncAll(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        // sync cannot fail: when the store has, it has told so elsewhere.
        SystemCallResult result = Wait(kernel, thread);
        return result.IsError ? Errno.Ok : result;
    }

    private static SystemCallResult SyncFile(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        return file->Kind is FileKind.Regular or FileKind.Directory ? Wait(kernel, thread) : Errno.EINVAL;
    }

    private static SystemCallResult SyncRange(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt3 & ~7u) != 0 || (long)a->Arg1 < 0 || (long)a->Arg2 < 0 ? Errno.EINVAL : SyncFile(kernel, thread, a);

    private static SystemCallResult SyncFileSystem(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return call.File(a->Int0, out _) ? Wait(kernel, thread) : call.Failure;
    }

    /// <summary>Waits, in whatever call needs it, until everything done so far is durable, or it is known that it will not be.</summary>
    internal static SystemCallResult Wait(LinuxKernel kernel, Thread* thread)
    {
        if (thread->Call.Phase == 0)
        {
            thread->Call.Progress = kernel.Checkpoints.Request().Value;
            thread->Call.Phase = 1;
        }
        var epoch = new Epoch(thread->Call.Progress);
        if (kernel.Checkpoints.IsDurable(epoch))
            return Errno.Ok;
        Errno error = kernel.Checkpoints.ErrorOf(epoch);
        if (error != Errno.Ok)
            return error;
        kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.Durable);
        return SystemCallResult.BlockedUninterruptible;
    }
}
