// mlock and its kin. Memory is never lost to a swap device, so a lock changes nothing but what is counted: programs that lock more than
// they may (RLIMIT_MEMLOCK) are refused as on Linux.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>Locked memory, and how much of it a program may have.</summary>
public static unsafe class MemoryLockCalls
{
    private const uint OnFault = 1;
    private const uint Current = 1;
    private const uint Future = 2;
    private const uint AllOnFault = 4;

    public static void Register(SystemCallTable table)
    {
        table.Register(149, &Mlock);
        table.Register(150, &Munlock);
        table.Register(151, &MlockAll);
        table.Register(152, &MunlockAll);
        table.Register(325, &Mlock2);
    }

    /// <summary>EPERM: who may lock nothing cannot even ask.</summary>
    public static bool MayLock(Thread* thread) => MayLockEverything(thread) || thread->Process->Limits.Soft(Resource.LockedMemory) != 0;

    /// <summary>True when so many more locked pages are within the limit.</summary>
    public static bool IsWithinLimit(Thread* thread, ulong morePages)
        => MayLockEverything(thread) || MappingMarks.LockedPages(thread->Process->AddressSpace) + morePages <= LimitPages(thread);

    private static bool MayLockEverything(Thread* thread) => thread->Process->Credentials.Has(Capability.LockMemory);

    private static ulong LimitPages(Thread* thread) => thread->Process->Limits.Soft(Resource.LockedMemory) >> PageSize.Shift;

    private static SystemCallResult Mlock(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Lock(kernel, thread, arguments);

    private static SystemCallResult Mlock2(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => (arguments->UInt2 & ~OnFault) != 0 ? Errno.EINVAL : Lock(kernel, thread, arguments);

    private static SystemCallResult Lock(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!MayLock(thread))
            return Errno.EPERM;
        if (!Range(arguments, out ulong start, out ulong length, out Errno error))
            return error;
        AddressSpace* space = thread->Process->AddressSpace;
        ulong already = MappingMarks.LockedPages(space, start, start + length);
        if (!IsWithinLimit(thread, (length >> PageSize.Shift) - already))
            return Errno.ENOMEM;
        return LinuxKernel.ErrorOf(kernel.Memory.Marks.Mark(space, new VirtualAddress(start), length, MappingFlags.Locked, isSet: true));
    }

    private static SystemCallResult Munlock(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!Range(arguments, out ulong start, out ulong length, out Errno error))
            return error;
        AddressSpace* space = thread->Process->AddressSpace;
        return LinuxKernel.ErrorOf(kernel.Memory.Marks.Mark(space, new VirtualAddress(start), length, MappingFlags.Locked, isSet: false));
    }

    // Whole pages; false with the result when there is nothing to do.
    private static bool Range(SystemCallArguments* arguments, out ulong start, out ulong length, out Errno result)
    {
        start = arguments->Arg0 & ~PageSize.OffsetMask;
        length = (arguments->Arg1 + (arguments->Arg0 & PageSize.OffsetMask) + PageSize.OffsetMask) & ~PageSize.OffsetMask;
        result = length < arguments->Arg1 || start + length < start ? Errno.EINVAL
            : length != 0 && !MemoryCalls.GoodRange(start, length) ? Errno.ENOMEM : Errno.Ok;
        return result == Errno.Ok && length != 0;
    }

    private static SystemCallResult MlockAll(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint flags = arguments->UInt0;
        AddressSpace* space = thread->Process->AddressSpace;
        if (flags is 0 or AllOnFault || (flags & ~(Current | Future | AllOnFault)) != 0)
            return Errno.EINVAL;
        if (!MayLock(thread))
            return Errno.EPERM;
        bool locksNow = (flags & Current) != 0;
        if (locksNow && !MayLockEverything(thread) && space->MappedPages > LimitPages(thread))
            return Errno.ENOMEM;
        if (locksNow)
            kernel.Memory.Marks.MarkLocked(space, isSet: true, (flags & Future) != 0);
        else
            kernel.Memory.Marks.LockFuture(space);
        return 0;
    }

    private static SystemCallResult MunlockAll(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        kernel.Memory.Marks.MarkLocked(thread->Process->AddressSpace, isSet: false, locksFuture: false);
        return 0;
    }
}
