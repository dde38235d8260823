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
    private const uint KnownRangeFlags = 7;
    private const uint WaitingRangeFlags = 5;

    // A write that is done and waits for its commit: Progress has its bytes, Extra0 the epoch.
    private const byte WrittenPhase = 64;

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
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        ulong end = unchecked(a->Arg1 + a->Arg2);
        if ((a->UInt3 & ~KnownRangeFlags) != 0 || (long)a->Arg1 < 0 || (long)end < 0 || end < a->Arg1)
            return Errno.EINVAL;
        if (file->Kind is not (FileKind.Regular or FileKind.Directory))
            return Errno.ESPIPE;
        // Whether anybody asks or not, what was written is on its way with the next checkpoint.
        return (a->UInt3 & WaitingRangeFlags) != 0 ? Wait(kernel, thread) : Errno.Ok;
    }

    private static SystemCallResult SyncFileSystem(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return call.File(a->Int0, out _) ? Wait(kernel, thread) : call.Failure;
    }

    /// <summary>
    /// The end of a call that has written to a file: what was opened with O_SYNC or O_DSYNC, or asks for it in this call, waits for the
    /// commit. The calls that end so begin with <see cref="IsAfterWrite"/>.
    /// </summary>
    internal static SystemCallResult AfterWrite(LinuxKernel kernel, Thread* thread, OpenFile* file, bool isAsked, SystemCallResult result)
    {
        bool mustWait = file->Kind == FileKind.Regular && (isAsked || (file->Flags & OpenFlags.DataSync) != 0);
        if (!mustWait || result.Outcome != SystemCallOutcome.Done || result.Value <= 0)
            return result;
        thread->Call.Phase = WrittenPhase;
        thread->Call.Progress = (ulong)result.Value;
        thread->Call.Extra0 = kernel.Checkpoints.Request(kernel.GroupOf(thread)).Value;
        return AwaitWrite(kernel, thread);
    }

    /// <summary>True when the call has written everything and only waits for its commit.</summary>
    internal static bool IsAfterWrite(Thread* thread) => thread->Call.Phase == WrittenPhase;

    /// <summary>Goes on waiting for the commit of what the call has written.</summary>
    internal static SystemCallResult AwaitWrite(LinuxKernel kernel, Thread* thread)
    {
        SystemCallResult result = WaitFor(kernel, thread, new Epoch(thread->Call.Extra0));
        return result.Outcome == SystemCallOutcome.Done && !result.IsError ? SystemCallResult.Done((long)thread->Call.Progress) : result;
    }

    /// <summary>Waits, in whatever call needs it, until everything done so far is durable, or it is known that it will not be.</summary>
    internal static SystemCallResult Wait(LinuxKernel kernel, Thread* thread)
    {
        if (thread->Call.Phase == 0)
        {
            thread->Call.Progress = kernel.Checkpoints.Request(kernel.GroupOf(thread)).Value;
            thread->Call.Phase = 1;
        }
        return WaitFor(kernel, thread, new Epoch(thread->Call.Progress));
    }

    private static SystemCallResult WaitFor(LinuxKernel kernel, Thread* thread, Epoch epoch)
    {
        ObjectTracker group = kernel.GroupOf(thread);
        if (kernel.Checkpoints.IsDurable(group, epoch))
            return Errno.Ok;
        Errno error = kernel.Checkpoints.ErrorOf(group, epoch);
        if (error != Errno.Ok)
            return error;
        kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.DurableOf(group));
        return SystemCallResult.BlockedUninterruptible;
    }
}
