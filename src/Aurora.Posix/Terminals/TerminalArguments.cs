using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>The arguments of ioctl in a program's memory: EFAULT or ENOMEM, or the call waits for a page and comes again.</summary>
public sealed unsafe class TerminalArguments(UserMemory user, ThreadScheduler scheduler)
{
    /// <summary>Copies one from the program; false with the call's result.</summary>
    public bool Read<T>(Thread* thread, ulong address, out T value, out SystemCallResult failure)
        where T : unmanaged
    {
        AccessResult access = user.Read(thread->Process->AddressSpace, new VirtualAddress(address), out value);
        failure = access.IsOk ? default : Stop(thread, in access);
        return access.IsOk;
    }

    /// <summary>Copies one to the program; the call's result.</summary>
    public SystemCallResult Write<T>(Thread* thread, ulong address, in T value)
        where T : unmanaged
    {
        AccessResult access = user.Write(thread->Process->AddressSpace, new VirtualAddress(address), in value);
        return access.IsOk ? 0 : Stop(thread, in access);
    }

    /// <summary>Ends or suspends the call after an access that was not Ok.</summary>
    public SystemCallResult Stop(Thread* thread, in AccessResult access)
    {
        if (access.Status != MemoryStatus.WouldBlock)
            return access.Status == MemoryStatus.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
        scheduler.BlockOn(thread, access.Wait);
        return SystemCallResult.BlockedUninterruptible;
    }
}
