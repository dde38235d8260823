// The Aurora system calls (guests/include/aurora.h). Those that wait keep the epoch or ticket they wait for as their progress; epochs go on
// across a restore, so a wait that was captured ends after it.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
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
        table.Register(SystemCallTable.AuroraFirst + 4, &History);
        table.Register(SystemCallTable.AuroraFirst + 5, &Group);
        table.Register(SystemCallTable.AuroraFirst + 6, &Unknown);
        table.Register(SystemCallTable.AuroraFirst + 7, &Period);
    }

    private static SystemCallResult Checkpoint(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (thread->Call.Phase == 0)
        {
            if ((arguments->UInt1 & ~Asynchronous) != 0)
                return Errno.EINVAL;
            Span<byte> name = stackalloc byte[MaxNameBytes + 1];
            int length = 0;
            if (arguments->Arg0 != 0)
            {
                AccessResult access = kernel.User.ReadString(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg0), name);
                if (!access.IsOk)
                    return kernel.Stop(thread, in access);
                length = (int)access.Bytes;
            }
            thread->Call.Progress = kernel.Checkpoints.Request(name[..length]).Value;
            thread->Call.Phase = 1;
        }
        if ((arguments->UInt1 & Asynchronous) != 0)
            return (long)thread->Call.Progress;
        return AwaitDurable(kernel, thread, thread->Call.Progress, (long)thread->Call.Progress);
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
        if (kernel.Checkpoints.HasFailed)
            return Errno.EIO;
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

    // The newest entry has the history read afresh; the others belong to the same reading.
    private static SystemCallResult History(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 == 0)
        {
            if (thread->Call.Phase == 0)
            {
                thread->Call.Progress = kernel.Checkpoints.RequestHistory();
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
        return kernel.Write(thread, arguments->Arg1, in entry, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult Group(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Int0 < 0 || !kernel.Checkpoints.ReadGroup(arguments->Int0, out SlsGroup group))
            return Errno.ENOENT;
        group.Processes = (uint)kernel.Processes.ProcessCount;
        group.Threads = (uint)kernel.Processes.ThreadCount;
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
        if (!thread->Process->Credentials.IsRoot)
            return Errno.EPERM;
        if (arguments->Arg0 is < ShortestPeriodNanoseconds or > LongestPeriodNanoseconds)
            return Errno.EINVAL;
        kernel.Checkpoints.PeriodNanoseconds = arguments->Arg0;
        return 0;
    }
}
