// Resource limits and usage.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class LimitCalls
{
    private const ulong NanosecondsPerTick = 10_000_000;
    private const int UsageSelf = 0;
    private const int UsageChildren = -1;
    private const int UsageThread = 1;

    [StructLayout(LayoutKind.Sequential)]
    private struct Usage
    {
        public Timeval User;
        public Timeval System;
        public long MaximumResidentKilobytes, SharedText, UnsharedData, UnsharedStack;
        public long MinorFaults, MajorFaults, Swaps, BlocksIn, BlocksOut, MessagesSent, MessagesReceived, Signals;
        public long VoluntarySwitches, InvoluntarySwitches;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Ticks
    {
        public long User, System, ChildUser, ChildSystem;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(97, &Getrlimit);
        table.Register(98, &Getrusage);
        table.Register(100, &Times);
        table.Register(160, &Setrlimit);
        table.Register(302, &Prlimit);
    }

    private static SystemCallResult Getrlimit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt0 >= (uint)Resource.Count)
            return Errno.EINVAL;
        ResourceLimit limit = thread->Process->Limits[(Resource)arguments->Int0];
        return kernel.Write(thread, arguments->Arg1, in limit, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult Setrlimit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!kernel.Read(thread, arguments->Arg1, out ResourceLimit limit, out SystemCallResult failure))
            return failure;
        if (arguments->UInt0 >= (uint)Resource.Count)
            return Errno.EINVAL;
        return SetLimit(kernel, thread, thread->Process, (Resource)arguments->Int0, in limit);
    }

    private static SystemCallResult Prlimit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ResourceLimit limit = default;
        if (arguments->Arg2 != 0 && !kernel.Read(thread, arguments->Arg2, out limit, out SystemCallResult failure))
            return failure;
        Process* process = arguments->Int0 == 0 ? thread->Process : kernel.FindProcess(thread, arguments->Int0);
        if (process == null)
            return Errno.ESRCH;
        if (!ProcessAccess.MayLimit(thread->Process, process))
            return Errno.EPERM;
        if (arguments->UInt1 >= (uint)Resource.Count)
            return Errno.EINVAL;
        var resource = (Resource)arguments->Int1;
        ResourceLimit old = process->Limits[resource];
        if (!kernel.WriteIfWanted(thread, arguments->Arg3, in old, out failure))
            return failure;
        return arguments->Arg2 == 0 ? 0 : SetLimit(kernel, thread, process, resource, in limit);
    }

    private static SystemCallResult SetLimit(LinuxKernel kernel, Thread* thread, Process* process, Resource resource, in ResourceLimit limit)
    {
        if (limit.Soft > limit.Hard)
            return Errno.EINVAL;
        if (resource == Resource.OpenFiles && limit.Hard > DescriptorTable.MaxDescriptors)
            return Errno.EPERM;
        if (limit.Hard > process->Limits[resource].Hard && !thread->Process->Credentials.Has(Capability.SysResource))
            return Errno.EPERM;
        process->Limits[resource] = limit;
        kernel.Tracked.MarkChanged(&process->Header);
        if (process->AddressSpace != null)
            SpaceLimitsOf(process, ref process->AddressSpace->Limits);
        if (process->AddressSpace != null)
            kernel.Tracked.MarkChanged(&process->AddressSpace->Header);
        return 0;
    }

    /// <summary>The limits an address space enforces, from those of its process.</summary>
    public static void SpaceLimitsOf(Process* process, ref SpaceLimits limits)
    {
        limits.TotalBytes = process->Limits.Soft(Resource.AddressSpace);
        limits.BreakBytes = process->Limits.Soft(Resource.Data);
        limits.StackBytes = process->Limits.Soft(Resource.Stack);
    }

    private static SystemCallResult Getrusage(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Usage usage;
        switch (arguments->Int0)
        {
            case UsageSelf:
                usage = UsageOf(thread->Process);
                break;
            case UsageThread:
                usage = default;
                Add(ref usage, thread);
                usage.User = Timeval.From(thread->UserNanoseconds);
                usage.System = Timeval.From(thread->SystemNanoseconds);
                break;
            case UsageChildren:
                usage = default;
                usage.User = Timeval.From(thread->Process->ChildUserNanoseconds);
                usage.System = Timeval.From(thread->Process->ChildSystemNanoseconds);
                usage.MinorFaults = (long)thread->Process->ChildMinorFaults;
                usage.MajorFaults = (long)thread->Process->ChildMajorFaults;
                break;
            default:
                return Errno.EINVAL;
        }
        return kernel.Write(thread, arguments->Arg1, in usage, out SystemCallResult failure) ? 0 : failure;
    }

    private static Usage UsageOf(Process* process)
    {
        Usage usage = default;
        usage.User = Timeval.From(ProcessTimes.User(process));
        usage.System = Timeval.From(ProcessTimes.System(process));
        usage.MinorFaults = (long)process->MinorFaults;
        usage.MajorFaults = (long)process->MajorFaults;
        usage.VoluntarySwitches = (long)process->VoluntarySwitches;
        usage.InvoluntarySwitches = (long)process->InvoluntarySwitches;
        if (process->AddressSpace != null)
            usage.MaximumResidentKilobytes = (long)process->AddressSpace->ResidentPages * (PageSize.Bytes / 1024);
        for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
            Add(ref usage, each);
        return usage;
    }

    private static void Add(ref Usage usage, Thread* thread)
    {
        usage.MinorFaults += (long)thread->MinorFaults;
        usage.MajorFaults += (long)thread->MajorFaults;
        usage.VoluntarySwitches += (long)thread->VoluntarySwitches;
        usage.InvoluntarySwitches += (long)thread->InvoluntarySwitches;
    }

    /// <summary>Writes what wait4 reports of a zombie's usage, its own and its children's.</summary>
    internal static bool WriteChildUsage(LinuxKernel kernel, Thread* thread, ulong address, Process* child, out SystemCallResult failure)
    {
        Usage usage = UsageOf(child);
        usage.User = Timeval.From(ProcessTimes.User(child) + child->ChildUserNanoseconds);
        usage.System = Timeval.From(ProcessTimes.System(child) + child->ChildSystemNanoseconds);
        return kernel.WriteIfWanted(thread, address, in usage, out failure);
    }

    private static SystemCallResult Times(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Process* process = thread->Process;
        var ticks = new Ticks
        {
            User = (long)(ProcessTimes.User(process) / NanosecondsPerTick),
            System = (long)(ProcessTimes.System(process) / NanosecondsPerTick),
            ChildUser = (long)(process->ChildUserNanoseconds / NanosecondsPerTick),
            ChildSystem = (long)(process->ChildSystemNanoseconds / NanosecondsPerTick),
        };
        if (!kernel.WriteIfWanted(thread, arguments->Arg0, in ticks, out SystemCallResult failure))
            return failure;
        return (long)(kernel.Now(thread) / NanosecondsPerTick);
    }
}
