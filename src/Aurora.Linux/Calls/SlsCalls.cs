// The Aurora system calls about checkpoints (guests/include/aurora.h), of the caller's group or, through GroupCalls, of another. Those that
// wait keep the epoch or ticket they wait for as their progress; epochs go on across a restore, so a wait that was captured ends after it.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class SlsCalls
{
    private const uint Asynchronous = 1;
    private const int MaxNameBytes = 63;
    private const ulong ShortestPeriodNanoseconds = 1_000_000;
    private const ulong LongestPeriodNanoseconds = 60_000_000_000;

    public static void Register(SystemCallTable table)
    {
        table.Register(SystemCallTable.AuroraFirst, &Checkpoint);
        table.Register(SystemCallTable.AuroraFirst + 1, &Wait);
        table.Register(SystemCallTable.AuroraFirst + 2, &Statistics);
        table.Register(SystemCallTable.AuroraFirst + 3, &Sample);
        table.Register(SystemCallTable.AuroraFirst + 4, &FirstHistory);
        table.Register(SystemCallTable.AuroraFirst + 6, &Unknown);
        table.Register(SystemCallTable.AuroraFirst + 7, &Period);
        table.Register(SystemCallTable.AuroraFirst + 8, &Drop);
        table.Register(SystemCallTable.AuroraFirst + 9, &Rollback);
        table.Register(SystemCallTable.AuroraFirst + 10, &History);
    }

    private static SystemCallResult Checkpoint(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => IsKept(kernel, thread)
            ? Checkpoint(kernel, thread, kernel.GroupOf(thread), arguments->Arg0, arguments->UInt1) : Errno.EOPNOTSUPP;

    // Of an ephemeral group there are no checkpoints.
    private static bool IsKept(LinuxKernel kernel, Thread* thread) => kernel.Checkpoints.IsKept(kernel.GroupOf(thread));

    /// <summary>sls_checkpoint for a group.</summary>
    internal static SystemCallResult Checkpoint(LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong name, uint flags)
    {
        if (thread->Call.Phase == 0 && !Request(kernel, thread, group, name, flags, out SystemCallResult other))
            return other;
        if ((flags & Asynchronous) != 0)
            return (long)thread->Call.Progress;
        return AwaitDurable(kernel, thread, group, thread->Call.Progress, (long)thread->Call.Progress);
    }

    // False when the call has ended or waits for its turn.
    private static bool Request(
        LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong nameAddress, uint flags, out SystemCallResult other)
    {
        other = Errno.EINVAL;
        if ((flags & ~Asynchronous) != 0)
            return false;
        Epoch epoch;
        if (nameAddress == 0)
        {
            epoch = kernel.Checkpoints.Request(group);
        }
        else if (!MayAdminister(thread))
        {
            other = Errno.EPERM;
            return false;
        }
        else
        {
            Span<byte> name = stackalloc byte[MaxNameBytes + 1];
            if (!ReadName(kernel, thread, nameAddress, ref name, out other))
                return false;
            Errno error = kernel.Checkpoints.RequestNamed(group, name, out epoch);
            other = error;
            if (error == Errno.EAGAIN && (flags & Asynchronous) == 0)
            {
                kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.DurableOf(group));
                other = SystemCallResult.Blocked;
            }
            if (error != Errno.Ok)
                return false;
        }
        thread->Call.Progress = epoch.Value;
        thread->Call.Phase = 1;
        return true;
    }

    /// <summary>Reads a name of the caller and cuts the span to it; it must not be empty.</summary>
    internal static bool ReadName(LinuxKernel kernel, Thread* thread, ulong address, ref Span<byte> name, out SystemCallResult failure)
    {
        AccessResult access = kernel.User.ReadString(thread->Process->AddressSpace, new VirtualAddress(address), name);
        failure = access.IsOk ? Errno.EINVAL : kernel.Stop(thread, in access);
        if (access.IsOk)
            name = name[..(int)access.Bytes];
        return access.IsOk && !name.IsEmpty;
    }

    /// <summary>
    /// What has a name stays on the disk until it is dropped, and there is room for few: names are the administrator's, and so are groups.
    /// What has been asked for is waited for, whatever becomes of who asked.
    /// </summary>
    internal static bool MayAdminister(Thread* thread) => thread->Call.Phase != 0 || thread->Process->Credentials.Has(Capability.SysAdmin);

    private static SystemCallResult Drop(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => IsKept(kernel, thread) ? Drop(kernel, thread, kernel.GroupOf(thread), arguments->Arg0) : Errno.EOPNOTSUPP;

    /// <summary>sls_drop for a group.</summary>
    internal static SystemCallResult Drop(LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong name)
        => MayAdminister(thread) ? RunErrand(kernel, thread, group, name, CheckpointErrand.Drop) : Errno.EPERM;

    // The host's rollback restarts the machine; another group goes back by itself.
    private static SystemCallResult Rollback(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!MayAdminister(thread))
            return Errno.EPERM;
        if (!IsKept(kernel, thread))
            return Errno.EOPNOTSUPP;
        ObjectTracker group = kernel.GroupOf(thread);
        return kernel.Groups.IsHost(group)
            ? RunErrand(kernel, thread, group, arguments->Arg0, CheckpointErrand.Rollback)
            : GroupCalls.RewindOwn(kernel, thread, group, arguments->Arg0);
    }

    // Phase 1: Progress is the ticket.
    private static SystemCallResult RunErrand(
        LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong targetAddress, CheckpointErrand errand)
    {
        if (thread->Call.Phase == 0)
        {
            Span<byte> target = stackalloc byte[MaxNameBytes + 1];
            if (!ReadName(kernel, thread, targetAddress, ref target, out SystemCallResult failure))
                return failure;
            if (target.Length > MaxNameBytes)
                return Errno.ENAMETOOLONG;
            thread->Call.Progress = kernel.Checkpoints.Ask(group, errand, target);
            thread->Call.Phase = (byte)(thread->Call.Progress == 0 ? 0 : 1);
        }
        if (thread->Call.Phase == 1 && kernel.Checkpoints.IsDone(group, thread->Call.Progress, out Errno result))
            return result;
        kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.DurableOf(group));
        return SystemCallResult.BlockedUninterruptible;
    }

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!IsKept(kernel, thread))
            return Errno.EOPNOTSUPP;
        ObjectTracker group = kernel.GroupOf(thread);
        // An epoch nobody has asked for would never come.
        return arguments->Arg0 > kernel.Checkpoints.CapturedOf(group).Value + 1
            ? Errno.EINVAL
            : AwaitDurable(kernel, thread, group, arguments->Arg0, 0);
    }

    /// <summary>Waits until an epoch of a group is durable; then the result.</summary>
    internal static SystemCallResult AwaitDurable(LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong epoch, long result)
    {
        if (kernel.Checkpoints.IsDurable(group, new Epoch(epoch)))
            return result;
        Errno error = kernel.Checkpoints.ErrorOf(group, new Epoch(epoch));
        if (error != Errno.Ok)
            return error;
        kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.DurableOf(group));
        return SystemCallResult.Blocked;
    }

    private static SystemCallResult Statistics(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Statistics(kernel, thread, kernel.GroupOf(thread), arguments->Arg0, arguments->Arg1);

    /// <summary>sls_stat for a group.</summary>
    internal static SystemCallResult Statistics(LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong address, ulong size)
    {
        SlsStatistics statistics = default;
        kernel.Checkpoints.ReadStatistics(group, ref statistics);
        statistics.SystemCalls = kernel.Calls.CallCount;
        statistics.UnknownCalls = kernel.Calls.UnknownCount;
        statistics.MinorFaults = kernel.FaultCount;
        statistics.MajorFaults = kernel.PageInCount;
        statistics.FreeBytes = (ulong)kernel.Memory.Frames.FreeFrames * PageSize.Bytes;
        statistics.TotalBytes = (ulong)kernel.Memory.Frames.TotalFrames * PageSize.Bytes;
        int bytes = (int)Math.Min(size, (ulong)sizeof(SlsStatistics));
        AccessResult access = kernel.User.Write(
            thread->Process->AddressSpace, new VirtualAddress(address), new ReadOnlySpan<byte>(&statistics, bytes));
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SystemCallResult Sample(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 < 0 || !kernel.Checkpoints.ReadSample(arguments->Int0, out CheckpointSample sample))
            return Errno.ENOENT;
        return kernel.Write(thread, arguments->Arg1, in sample, out SystemCallResult failure) ? 0 : failure;
    }

    // The form whose caller does not say how large its structure is.
    private static SystemCallResult FirstHistory(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => OwnHistory(kernel, thread, arguments, SlsHistoryEntry.FirstSize);

    private static SystemCallResult History(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => OwnHistory(kernel, thread, arguments, arguments->Arg2);

    private static SystemCallResult OwnHistory(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, ulong size)
        => IsKept(kernel, thread)
            ? History(kernel, thread, kernel.GroupOf(thread), arguments->Int0, arguments->Arg1, size) : Errno.EOPNOTSUPP;

    /// <summary>
    /// sls_history for a group. The newest entry has the history read afresh; the others belong to the same reading.
    /// </summary>
    internal static SystemCallResult History(
        LinuxKernel kernel, Thread* thread, ObjectTracker group, int index, ulong address, ulong size)
    {
        if (index == 0)
        {
            if (thread->Call.Phase == 0)
            {
                thread->Call.Progress = kernel.Checkpoints.RequestHistory(group);
                if (thread->Call.Progress == 0)
                    return Errno.ENOMEM;
                thread->Call.Phase = 1;
            }
            if (!kernel.Checkpoints.IsHistoryReady(group, thread->Call.Progress))
            {
                kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.DurableOf(group));
                return SystemCallResult.Blocked;
            }
        }
        if (index < 0 || !kernel.Checkpoints.ReadHistory(group, index, out SlsHistoryEntry entry))
            return Errno.ENOENT;
        int bytes = (int)Math.Min(size, (ulong)sizeof(SlsHistoryEntry));
        AccessResult access = kernel.User.Write(
            thread->Process->AddressSpace, new VirtualAddress(address), new ReadOnlySpan<byte>(&entry, bytes));
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SystemCallResult Unknown(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint left = arguments->UInt0;
        for (uint number = 0; number < SystemCallTable.LinuxLimit; number++)
        {
            ulong count = kernel.Calls.UnknownCallsOf(number);
            if (count == 0 || left-- != 0)
                continue;
            var unknown = new SlsUnknownCall { Number = number, Count = count };
            return kernel.Write(thread, arguments->Arg1, in unknown, out SystemCallResult failure) ? 0 : failure;
        }
        return Errno.ENOENT;
    }

    private static SystemCallResult Period(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => IsKept(kernel, thread) ? Period(kernel, thread, kernel.GroupOf(thread), arguments->Arg0) : Errno.EOPNOTSUPP;

    /// <summary>sls_period for a group.</summary>
    internal static SystemCallResult Period(LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong nanoseconds)
    {
        if (!MayAdminister(thread))
            return Errno.EPERM;
        if (nanoseconds is < ShortestPeriodNanoseconds or > LongestPeriodNanoseconds)
            return Errno.EINVAL;
        kernel.Checkpoints.SetPeriod(group, nanoseconds);
        return 0;
    }
}
