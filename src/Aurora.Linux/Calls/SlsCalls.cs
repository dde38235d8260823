// The Aurora system calls (guests/include/aurora.h). Those that wait keep the epoch or ticket they wait for as their progress; epochs go on
// across a restore, so a wait that was captured ends after it.
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
        table.Register(SystemCallTable.AuroraFirst + 5, &Group);
        table.Register(SystemCallTable.AuroraFirst + 6, &Unknown);
        table.Register(SystemCallTable.AuroraFirst + 7, &Period);
        table.Register(SystemCallTable.AuroraFirst + 8, &Drop);
        table.Register(SystemCallTable.AuroraFirst + 9, &Rollback);
        table.Register(SystemCallTable.AuroraFirst + 10, &History);
    }

    private static SystemCallResult Checkpoint(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (thread->Call.Phase == 0 && !Request(kernel, thread, arguments, out SystemCallResult other))
            return other;
        if ((arguments->UInt1 & Asynchronous) != 0)
            return (long)thread->Call.Progress;
        return AwaitDurable(kernel, thread, thread->Call.Progress, (long)thread->Call.Progress);
    }

    // False when the call has ended or waits for its turn.
    private static bool Request(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, out SystemCallResult other)
    {
        other = Errno.EINVAL;
        if ((arguments->UInt1 & ~Asynchronous) != 0)
            return false;
        Epoch epoch;
        if (arguments->Arg0 == 0)
        {
            epoch = kernel.Checkpoints.Request();
        }
        else if (!MayAdminister(thread))
        {
            other = Errno.EPERM;
            return false;
        }
        else
        {
            Span<byte> name = stackalloc byte[MaxNameBytes + 1];
            if (!ReadName(kernel, thread, arguments->Arg0, ref name, out other))
                return false;
            Errno error = kernel.Checkpoints.RequestNamed(name, out epoch);
            other = error;
            if (error == Errno.EAGAIN && (arguments->UInt1 & Asynchronous) == 0)
            {
                kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.Durable);
                other = SystemCallResult.Blocked;
            }
            if (error != Errno.Ok)
                return false;
        }
        thread->Call.Progress = epoch.Value;
        thread->Call.Phase = 1;
        return true;
    }

    // Cuts the span to the name, which must not be empty.
    private static bool ReadName(LinuxKernel kernel, Thread* thread, ulong address, ref Span<byte> name, out SystemCallResult failure)
    {
        AccessResult access = kernel.User.ReadString(thread->Process->AddressSpace, new VirtualAddress(address), name);
        failure = access.IsOk ? Errno.EINVAL : kernel.Stop(thread, in access);
        if (access.IsOk)
            name = name[..(int)access.Bytes];
        return access.IsOk && !name.IsEmpty;
    }

    // What has a name stays on the disk until it is dropped, and there is room for few: names are the administrator's. What has been asked
    // for is waited for, whatever becomes of who asked.
    private static bool MayAdminister(Thread* thread) => thread->Call.Phase != 0 || thread->Process->Credentials.Has(Capability.SysAdmin);

    private static SystemCallResult Drop(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => MayAdminister(thread) ? RunErrand(kernel, thread, arguments, CheckpointErrand.Drop) : Errno.EPERM;

    private static SystemCallResult Rollback(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => MayAdminister(thread) ? RunErrand(kernel, thread, arguments, CheckpointErrand.Rollback) : Errno.EPERM;

    // Phase 1: Progress is the ticket.
    private static SystemCallResult RunErrand(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, CheckpointErrand errand)
    {
        if (thread->Call.Phase == 0)
        {
            Span<byte> target = stackalloc byte[MaxNameBytes + 1];
            if (!ReadName(kernel, thread, arguments->Arg0, ref target, out SystemCallResult failure))
                return failure;
            if (target.Length > MaxNameBytes)
                return Errno.ENAMETOOLONG;
            thread->Call.Progress = kernel.Checkpoints.Ask(errand, target);
            thread->Call.Phase = (byte)(thread->Call.Progress == 0 ? 0 : 1);
        }
        if (thread->Call.Phase == 1 && kernel.Checkpoints.IsDone(thread->Call.Progress, out Errno result))
            return result;
        kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.Durable);
        return SystemCallResult.BlockedUninterruptible;
    }

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        SlsStatistics statistics = default;
        kernel.Checkpoints.ReadStatistics(ref statistics);
        // An epoch nobody has asked for would never come.
        return arguments->Arg0 > statistics.CapturedEpoch + 1 ? Errno.EINVAL : AwaitDurable(kernel, thread, arguments->Arg0, 0);
    }

    private static SystemCallResult AwaitDurable(LinuxKernel kernel, Thread* thread, ulong epoch, long result)
    {
        if (kernel.Checkpoints.IsDurable(new Epoch(epoch)))
            return result;
        Errno error = kernel.Checkpoints.ErrorOf(new Epoch(epoch));
        if (error != Errno.Ok)
            return error;
        kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.Durable);
        return SystemCallResult.Blocked;
    }

    private static SystemCallResult Statistics(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        SlsStatistics statistics = default;
        kernel.Checkpoints.ReadStatistics(ref statistics);
        statistics.SystemCalls = kernel.Calls.CallCount;
        statistics.UnknownCalls = kernel.Calls.UnknownCount;
        statistics.MinorFaults = kernel.FaultCount;
        statistics.MajorFaults = kernel.PageInCount;
        statistics.FreeBytes = (ulong)kernel.Memory.Frames.FreeFrames * PageSize.Bytes;
        statistics.TotalBytes = (ulong)kernel.Memory.Frames.TotalFrames * PageSize.Bytes;
        int bytes = (int)Math.Min(arguments->Arg1, (ulong)sizeof(SlsStatistics));
        AccessResult access = kernel.User.Write(
            thread->Process->AddressSpace, new VirtualAddress(arguments->Arg0), new ReadOnlySpan<byte>(&statistics, bytes));
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
        => History(kernel, thread, arguments, SlsHistoryEntry.FirstSize);

    private static SystemCallResult History(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => History(kernel, thread, arguments, arguments->Arg2);

    // The newest entry has the history read afresh; the others belong to the same reading.
    private static SystemCallResult History(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, ulong size)
    {
        if (arguments->Int0 == 0)
        {
            if (thread->Call.Phase == 0)
            {
                thread->Call.Progress = kernel.Checkpoints.RequestHistory();
                if (thread->Call.Progress == 0)
                    return Errno.ENOMEM;
                thread->Call.Phase = 1;
            }
            if (!kernel.Checkpoints.IsHistoryReady(thread->Call.Progress))
            {
                kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.Durable);
                return SystemCallResult.Blocked;
            }
        }
        if (arguments->Int0 < 0 || !kernel.Checkpoints.ReadHistory(arguments->Int0, out SlsHistoryEntry entry))
            return Errno.ENOENT;
        int bytes = (int)Math.Min(size, (ulong)sizeof(SlsHistoryEntry));
        AccessResult access = kernel.User.Write(
            thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), new ReadOnlySpan<byte>(&entry, bytes));
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SystemCallResult Group(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 < 0 || !kernel.Checkpoints.ReadGroup(arguments->Int0, out SlsGroup group))
            return Errno.ENOENT;
        group.Processes = (uint)kernel.Processes.Of(thread).ProcessCount;
        group.Threads = (uint)kernel.Processes.Of(thread).ThreadCount;
        return kernel.Write(thread, arguments->Arg1, in group, out SystemCallResult failure) ? 0 : failure;
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
    {
        if (!MayAdminister(thread))
            return Errno.EPERM;
        if (arguments->Arg0 is < ShortestPeriodNanoseconds or > LongestPeriodNanoseconds)
            return Errno.EINVAL;
        kernel.Checkpoints.PeriodNanoseconds = arguments->Arg0;
        return 0;
    }
}
