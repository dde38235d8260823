// What a thread sets about itself: segment bases, names, ids to clear, and the rest of prctl.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ThreadCalls
{
    private const int NameBytes = 16;

    private const int SetGs = 0x1001;
    private const int SetFs = 0x1002;
    private const int GetFs = 0x1003;
    private const int GetGs = 0x1004;
    private const int GetCpuid = 0x1011;
    private const int SetCpuid = 0x1012;

    private const int SetParentDeathSignal = 1;
    private const int GetParentDeathSignal = 2;
    private const int GetDumpable = 3;
    private const int SetDumpable = 4;
    private const int SetName = 15;
    private const int GetName = 16;
    private const int GetSecureComputing = 21;
    private const int GetTiming = 13;
    private const int SetTiming = 14;
    private const int GetTimeStampCounter = 25;
    private const int SetTimeStampCounter = 26;
    private const int DisablePerformance = 31;
    private const int EnablePerformance = 32;
    private const int GetTidAddress = 40;
    private const int SetTimerSlack = 29;
    private const int GetTimerSlack = 30;
    private const int SetChildSubreaper = 36;
    private const int GetChildSubreaper = 37;
    private const int SetMemoryName = 0x53564d41;

    public static void Register(SystemCallTable table)
    {
        table.Register(157, &Prctl);
        table.Register(158, &ArchPrctl);
        table.Register(218, &SetTidAddress);
    }

    private static SystemCallResult SetTidAddress(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        thread->ClearChildTid = arguments->Arg0;
        return thread->Id;
    }

    private static SystemCallResult ArchPrctl(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong value = arguments->Arg1;
        switch (arguments->Int0)
        {
            case SetFs or SetGs:
                // The processor refuses non-canonical bases, and a base in the kernel's half is nobody's business.
                if (value >= AddressSpace.UserEnd)
                    return Errno.EPERM;
                if (arguments->Int0 == SetFs)
                    thread->Context->FsBase = value;
                else
                    thread->Context->GsBase = value;
                return 0;
            case GetFs:
                return kernel.Write(thread, value, in thread->Context->FsBase, out SystemCallResult failure) ? 0 : failure;
            case GetGs:
                return kernel.Write(thread, value, in thread->Context->GsBase, out failure) ? 0 : failure;
            // The instruction cannot be taken from programs.
            case GetCpuid:
                return 1;
            case SetCpuid:
                return Errno.ENODEV;
            default:
                return Errno.EINVAL;
        }
    }

    private static SystemCallResult Prctl(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong value = arguments->Arg1;
        int yes = 1;
        int no = 0;
        SystemCallResult failure;
        switch (arguments->Int0)
        {
            case SetName:
                return WriteName(kernel, thread, value);
            case GetName:
                AccessResult access = kernel.User.Write(
                    thread->Process->AddressSpace, new VirtualAddress(value), new ReadOnlySpan<byte>(thread->Name, NameBytes));
                return access.IsOk ? 0 : kernel.Stop(thread, in access);
            case SetParentDeathSignal:
                if (value > (ulong)Signal.Last)
                    return Errno.EINVAL;
                thread->ParentDeathSignal = (int)value;
                return 0;
            case GetParentDeathSignal:
                return kernel.Write(thread, value, in thread->ParentDeathSignal, out failure) ? 0 : failure;
            case GetChildSubreaper:
                return kernel.Write(thread, value, thread->Process->IsChildSubreaper ? yes : no, out failure) ? 0 : failure;
            default:
                return PrivilegeOptions.Has(arguments->Int0)
                    ? PrivilegeOptions.Call(kernel, thread, arguments)
                    : SimpleOption(kernel, thread, arguments->Int0, value);
        }
    }

    private static SystemCallResult SimpleOption(LinuxKernel kernel, Thread* thread, int option, ulong value)
    {
        kernel.Tracked.MarkChanged(&thread->Process->Header);
        switch (option)
        {
            case GetDumpable:
                return thread->Process->IsDumpable ? 1 : 0;
            case SetDumpable:
                if (value > 1)
                    return Errno.EINVAL;
                thread->Process->IsDumpable = value == 1;
                return 0;
            case SetChildSubreaper:
                thread->Process->IsChildSubreaper = value != 0;
                return 0;
            case GetSecureComputing:
                return 0;
            case SetTimerSlack:
                if (!thread->Schedule.IsRealTime)
                    thread->TimerSlackNanoseconds = value == 0 ? thread->DefaultTimerSlackNanoseconds : value;
                return 0;
            case GetTimerSlack:
                return SystemCallResult.Done((long)thread->TimerSlackNanoseconds);
            // Times are measured exactly; performance counters, of which there are none, are off and on.
            case GetTiming or DisablePerformance or EnablePerformance:
                return 0;
            case SetTiming:
                return value == 0 ? 0 : Errno.EINVAL;
            case GetTimeStampCounter:
                return kernel.Write(thread, value, 1, out SystemCallResult failure) ? 0 : failure;
            case SetTimeStampCounter:
                return value == 1 ? 0 : Errno.EINVAL;
            case GetTidAddress:
                return kernel.Write(thread, value, in thread->ClearChildTid, out failure) ? 0 : failure;
            case SetMemoryName:
            default:
                return Errno.EINVAL;
        }
    }

    private static SystemCallResult WriteName(LinuxKernel kernel, Thread* thread, ulong address)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        name.Clear();
        // A byte at a time: what lies behind the end of the name may not be there at all.
        for (int i = 0; i < NameBytes - 1; i++)
        {
            if (!kernel.Read(thread, address + (ulong)i, out byte letter, out SystemCallResult failure))
                return failure;
            if (letter == 0)
                break;
            name[i] = letter;
        }
        name.CopyTo(new Span<byte>(thread->Name, NameBytes));
        if (thread->Id == thread->Process->Id)
        {
            name.CopyTo(new Span<byte>(thread->Process->Name, NameBytes));
            kernel.Tracked.MarkChanged(&thread->Process->Header);
        }
        return 0;
    }
}
