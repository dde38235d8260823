// sched_setattr and sched_getattr: policy, priority, nice value and flags in one structure that tells its own size. There is no deadline
// policy, and utilization is not bounded.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>struct sched_attr.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedulingAttributes
{
    public const uint Bytes = 56;
    public const uint BytesOfFirstVersion = 48;

    public uint Size;
    public uint Policy;
    public ulong Flags;
    public int Nice;
    public uint Priority;
    public ulong RuntimeNanoseconds, DeadlineNanoseconds, PeriodNanoseconds;
    public uint LeastUtilization, MostUtilization;
}

public static unsafe class SchedulingAttributeCalls
{
    private const ulong ResetOnFork = 1;
    private const ulong KeepPolicy = 8;
    private const ulong KeepParameters = 16;
    private const ulong BoundsUtilization = 0x60;
    private const ulong KnownFlags = 0x7F;
    private const int LeastNice = -20;
    private const int MostNice = 19;

    public static void Register(SystemCallTable table)
    {
        table.Register(314, &Set);
        table.Register(315, &Get);
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint size = arguments->UInt2;
        if (arguments->Arg1 == 0 || arguments->Int0 < 0 || size is < SchedulingAttributes.BytesOfFirstVersion or > PageSize.Bytes
            || arguments->Arg3 != 0)
            return Errno.EINVAL;
        Thread* target = SchedulingCalls.Find(kernel, thread, arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        SchedulingAttributes told = Describe(target);
        told.Size = Math.Min(size, SchedulingAttributes.Bytes);
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1),
            new ReadOnlySpan<byte>(&told, (int)told.Size));
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SchedulingAttributes Describe(Thread* target) => new()
    {
        Policy = (uint)target->Schedule.Policy,
        Flags = target->Schedule.ResetsOnFork ? ResetOnFork : 0,
        Nice = target->Schedule.IsRealTime ? 0 : target->Process->Nice,
        Priority = target->Schedule.Priority,
    };

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg1 == 0 || arguments->Int0 < 0 || arguments->Arg2 != 0)
            return Errno.EINVAL;
        if (!Read(kernel, thread, arguments->Arg1, out SchedulingAttributes wanted, out SystemCallResult failure))
            return failure;
        bool keepsPolicy = (wanted.Flags & KeepPolicy) != 0;
        if ((int)wanted.Policy < 0)
            return Errno.EINVAL;
        Thread* target = SchedulingCalls.Find(kernel, thread, arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        SchedulingAttributes now = Describe(target);
        if ((wanted.Flags & KeepParameters) != 0)
        {
            wanted.Priority = now.Priority;
            wanted.Nice = now.Nice;
        }
        if ((wanted.Flags & ~KnownFlags) != 0 || wanted.Priority > SchedulingChoice.MaxPriority)
            return Errno.EINVAL;
        if ((wanted.Flags & BoundsUtilization) != 0)
            return Errno.EOPNOTSUPP;
        SchedulingChoice choice = target->Schedule;
        if (!keepsPolicy)
        {
            if (wanted.Policy > (uint)SchedulingPolicy.Idle)
                return Errno.EINVAL;
            choice.Policy = (SchedulingPolicy)wanted.Policy;
            choice.ResetsOnFork = (wanted.Flags & ResetOnFork) != 0;
        }
        choice.Priority = (byte)wanted.Priority;
        return choice.IsValid ? Apply(kernel, thread, target, in choice, wanted.Nice) : Errno.EINVAL;
    }

    private static SystemCallResult Apply(LinuxKernel kernel, Thread* thread, Thread* target, in SchedulingChoice choice, int nice)
    {
        nice = Math.Clamp(nice, LeastNice, MostNice);
        bool setsNice = choice.Policy is SchedulingPolicy.Other or SchedulingPolicy.Batch;
        bool needsPrivilege = SchedulingCalls.NeedsPrivilege(thread, target, in choice)
            || (setsNice && nice < target->Process->Nice && !PriorityCalls.IsWithinLimit(target->Process, nice));
        if (needsPrivilege && !thread->Process->Credentials.Has(Capability.SysNice))
            return Errno.EPERM;
        SchedulingCalls.Apply(kernel, target, in choice);
        if (!setsNice)
            return 0;
        target->Process->Nice = nice;
        kernel.Tracked.MarkChanged(&target->Process->Header);
        return 0;
    }

    // A longer structure is taken if what the kernel does not know is zero. Who is told that it is not, is told the size it does know.
    private static bool Read(LinuxKernel kernel, Thread* thread, ulong address, out SchedulingAttributes wanted,
        out SystemCallResult failure)
    {
        wanted = default;
        if (!kernel.Read(thread, address, out uint size, out failure))
            return false;
        size = size == 0 ? SchedulingAttributes.BytesOfFirstVersion : size;
        bool isKnown = size is >= SchedulingAttributes.BytesOfFirstVersion and <= PageSize.Bytes;
        Span<byte> bytes = stackalloc byte[PageSize.Bytes];
        bytes = bytes[..(isKnown ? (int)size : 0)];
        AccessResult access = isKnown ? kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(address), bytes) : default;
        if (!access.IsOk)
        {
            failure = kernel.Stop(thread, in access);
            return false;
        }
        uint known = Math.Min(size, SchedulingAttributes.Bytes);
        if (!isKnown || bytes[(int)known..].IndexOfAnyExcept((byte)0) >= 0)
        {
            uint ours = SchedulingAttributes.Bytes;
            if (kernel.Write(thread, address, in ours, out failure))
                failure = Errno.E2BIG;
            return false;
        }
        fixed (SchedulingAttributes* start = &wanted)
            bytes[..(int)known].CopyTo(new Span<byte>(start, (int)known));
        failure = Errno.EINVAL;
        return (wanted.Flags & BoundsUtilization) == 0 || size >= SchedulingAttributes.Bytes;
    }
}
