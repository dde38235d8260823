// F_SETLEASE and F_GETLEASE, and what openings do about leases (FileLeases).
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class LeaseCalls
{
    public const uint SetLease = 1024;
    public const uint GetLease = 1025;

    /// <summary>The phase of an open(2) or truncate(2) that waits for leases with the file open: the call holds it.</summary>
    public const byte Phase = CallContinuation.WaitPhase | 3;

    private const ulong Read = 0;
    private const ulong Write = 1;
    private const ulong None = 2;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public static SystemCallResult Control(ref FileCall call, OpenFile* file, uint command, int descriptor, ulong type)
    {
        if (command == GetLease)
            return Target(ref call, file);
        if (type is not (Read or Write or None))
            return Errno.EINVAL;
        FileCaller caller = call.Caller;
        if (caller.Uid != file->Inode->Uid && !caller.Has(Capability.Lease))
            return Errno.EACCES;
        if (file->Kind != FileKind.Regular)
            return Errno.EINVAL;
        FileLeases leases = call.Files.Leases;
        if (type == None)
        {
            bool hasLease = file->Lease.Kind != LeaseKind.None;
            leases.Remove(file);
            return hasLease ? Errno.Ok : Errno.EAGAIN;
        }
        int left = ProcessLife.UnitsPerStep;
        if (!leases.TimeOut(file->Inode, ref left))
            return SystemCallResult.Again;
        Errno error = leases.Set(file, type == Read ? LeaseKind.Read : LeaseKind.Write, descriptor);
        if (error == Errno.Ok && file->Owner.Id == 0)
            OwnerCalls.SetToCaller(ref call, file);
        return error;
    }

    private static SystemCallResult Target(ref FileCall call, OpenFile* file)
    {
        call.Files.Leases.TimeOut(file);
        return (long)(file->Lease.Target switch { LeaseKind.Read => Read, LeaseKind.Write => Write, _ => None });
    }

    /// <summary>
    /// Tells the holders of leases that stand in the way of an opening. True when there is none (any more); else what becomes of the call:
    /// it waits, goes on telling, or fails with EAGAIN if it must not wait.
    /// </summary>
    public static bool Break(LinuxKernel kernel, Thread* thread, Inode* inode, bool writes, bool mayWait, out SystemCallResult result)
    {
        FileLeases leases = kernel.Files.Leases;
        int left = ProcessLife.UnitsPerStep;
        result = SystemCallResult.Again;
        if (!leases.TimeOut(inode, ref left))
            return false;
        int seconds = kernel.Settings.LeaseBreakSecondsOf(kernel.GroupOf(thread));
        ulong deadline = seconds <= 0 ? 0 : kernel.ClockOf(thread).MonotonicNanoseconds + ((ulong)seconds * NanosecondsPerSecond);
        for (OpenFile* file = inode->FirstLease; file != null; file = file->NextLease)
        {
            if (!file->Lease.MustBreak(writes))
                continue;
            if (left-- <= 0 || !OwnerSignals.Tell(kernel, thread, file, file->Lease.Descriptor, ref left))
                return false;
            leases.Break(file, writes, deadline);
        }
        OpenFile* holder = FileLeases.FindConflict(inode, writes);
        if (holder == null)
            return true;
        result = Errno.EAGAIN;
        if (!mayWait)
            return false;
        kernel.Scheduler.BlockOn(thread, &inode->LockWaiters);
        if (holder->Lease.NextNanoseconds != 0)
            kernel.Scheduler.BlockUntil(thread, holder->Lease.NextNanoseconds);
        result = SystemCallResult.Blocked;
        return false;
    }
}
