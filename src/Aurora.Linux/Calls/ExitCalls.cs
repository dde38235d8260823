// exit and exit_group, and what a thread leaves behind in memory for others: the cleared thread id and the robust futex list.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ExitCalls
{
    private const int MaxRobustEntries = 2048;
    private const uint FutexOwnerDied = 0x40000000;
    private const uint FutexWaiters = 0x80000000;
    private const uint FutexOwnerMask = 0x3FFFFFFF;

    /// <summary>struct robust_list_head.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct RobustHead
    {
        public ulong Next;
        public long Offset;
        public ulong Pending;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(60, &Exit);
        table.Register(231, &ExitGroup);
    }

    private static SystemCallResult Exit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        LeaveMemory(kernel, thread);
        kernel.Life.EndThread(thread, WaitStatus.Exited(arguments->Int0));
        return SystemCallResult.Ended;
    }

    private static SystemCallResult ExitGroup(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        LeaveMemory(kernel, thread);
        kernel.Life.EndProcess(thread->Process, WaitStatus.Exited(arguments->Int0));
        return SystemCallResult.Ended;
    }

    /// <summary>
    /// Tells others in the memory that this thread is gone: its robust futexes are marked, its thread id is cleared and its waiters woken.
    /// As far as the memory is accessible: a page that would have to be read in first is left alone.
    /// </summary>
    public static void LeaveMemory(LinuxKernel kernel, Thread* thread)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        if (thread->RobustList != 0)
            ReleaseRobust(kernel, thread, space);
        thread->RobustList = 0;
        bool isShared = thread->Process->ThreadCount > 1 || space->Header.References > 1;
        if (thread->ClearChildTid != 0 && isShared)
        {
            uint none = 0;
            if (kernel.User.Write(space, new VirtualAddress(thread->ClearChildTid), in none).IsOk)
                kernel.Futexes.Wake(space, thread->ClearChildTid, 1);
        }
        thread->ClearChildTid = 0;
    }

    private static void ReleaseRobust(LinuxKernel kernel, Thread* thread, AddressSpace* space)
    {
        ulong headAddress = thread->RobustList;
        if (!kernel.User.Read(space, new VirtualAddress(headAddress), out RobustHead head).IsOk)
            return;
        ulong entry = head.Next;
        for (int i = 0; i < MaxRobustEntries && entry != headAddress; i++)
        {
            // Bit 0 marks priority-inheriting locks; the entry is the address without it.
            ulong address = entry & ~1UL;
            bool hasNext = kernel.User.Read(space, new VirtualAddress(address), out ulong next).IsOk;
            if (address != (head.Pending & ~1UL))
                MarkOwnerDied(kernel, thread, space, address + (ulong)head.Offset);
            if (!hasNext)
                return;
            entry = next;
        }
        if (head.Pending != 0)
            MarkOwnerDied(kernel, thread, space, (head.Pending & ~1UL) + (ulong)head.Offset);
    }

    private static void MarkOwnerDied(LinuxKernel kernel, Thread* thread, AddressSpace* space, ulong address)
    {
        if ((address & 3) != 0 || !kernel.User.Read(space, new VirtualAddress(address), out uint word).IsOk)
            return;
        if ((word & FutexOwnerMask) != (uint)thread->Id)
            return;
        uint marked = (word & FutexWaiters) | FutexOwnerDied;
        if (kernel.User.Write(space, new VirtualAddress(address), in marked).IsOk && (word & FutexWaiters) != 0)
            kernel.Futexes.Wake(space, address, 1);
    }
}
