// semget, semop and semtimedop: System V semaphores. Who must wait is an object (IpcWaiter) with a copy of the operations; whoever changes
// the set does them on his behalf, and his call finds what has come of it.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Ipc;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>struct sembuf.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SemaphoreBuffer
{
    public const int Bytes = 6;

    public ushort Semaphore;
    public short Change;
    public short Flags;
}

internal static unsafe class SemaphoreCalls
{
    private const int Undo = 0x1000;

    public static void Register(SystemCallTable table)
    {
        table.Register(64, &Get);
        table.Register(IpcWaitCalls.Operate, &Operate);
        table.Register(IpcWaitCalls.OperateTimed, &OperateTimed);
    }

    /// <summary>The set with an id in the group of a thread, or null.</summary>
    internal static SemaphoreSet* Find(LinuxKernel kernel, Thread* thread, int id)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        return space == null ? null : (SemaphoreSet*)IpcIds.Find(&space->Sets, id);
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        int key = a->Int0;
        int count = a->Int1;
        uint flags = a->UInt2;
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        if (count < 0 || count > kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread)).SemaphoresInSet)
            return Errno.EINVAL;
        var found = (SemaphoreSet*)(key == IpcIdentity.Private || space == null ? null : IpcIds.FindKey(&space->Sets, key));
        if (found == null)
        {
            if (key != IpcIdentity.Private && (flags & IpcFlags.Create) == 0)
                return Errno.ENOENT;
            if (count == 0)
                return Errno.EINVAL;
            Errno error = kernel.Ipc.Sets.Make(thread->Process, key, count, flags, out SemaphoreSet* made);
            return error == Errno.Ok ? made->Ipc.Id : error;
        }
        if ((flags & (IpcFlags.Create | IpcFlags.Exclusive)) == (IpcFlags.Create | IpcFlags.Exclusive))
            return Errno.EEXIST;
        if (count > found->Count)
            return Errno.EINVAL;
        return IpcAccess.Has(&thread->Process->Credentials, in found->Ipc, flags) ? found->Ipc.Id : Errno.EACCES;
    }

    private static SystemCallResult Operate(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => thread->IpcWait != null ? GoOn(kernel, thread) : Begin(kernel, thread, a, default, isTimed: false);

    private static SystemCallResult OperateTimed(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (thread->IpcWait != null)
            return GoOn(kernel, thread);
        Timespec timeout = default;
        if (a->Arg3 != 0 && !kernel.Read(thread, a->Arg3, out timeout, out SystemCallResult failure))
            return failure;
        return Begin(kernel, thread, a, in timeout, a->Arg3 != 0);
    }

    private static SystemCallResult Begin(
        LinuxKernel kernel, Thread* thread, SystemCallArguments* a, in Timespec timeout, bool isTimed)
    {
        Span<SemaphoreOperation> operations = stackalloc SemaphoreOperation[IpcSettings.MostOperations];
        uint count = a->UInt2;
        if (count > (uint)kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread)).OperationsInCall)
            return Errno.E2BIG;
        if (count < 1)
            return Errno.EINVAL;
        operations = operations[..(int)count];
        AccessResult access = ReadOperations(kernel, thread, a->Arg1, operations);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        if (a->Int0 < 0 || (isTimed && !timeout.IsValid))
            return Errno.EINVAL;
        SemaphoreSet* set = Find(kernel, thread, a->Int0);
        if (set == null)
            return Errno.EINVAL;
        if (!kernel.Ipc.Semaphores.PrepareUndo(set, operations, thread))
            return Errno.ENOMEM;
        bool changes = false;
        foreach (ref readonly SemaphoreOperation operation in operations)
        {
            changes |= operation.Change != 0;
            if (operation.Semaphore >= set->Count)
                return Errno.EFBIG;
        }
        if (!IpcAccess.Has(&thread->Process->Credentials, in set->Ipc, changes ? IpcAccess.Write : IpcAccess.Read))
            return Errno.EACCES;
        Errno result = kernel.Ipc.Semaphores.TryOperate(set, operations, thread, out int blocking);
        if (result == Errno.Ok)
            kernel.Ipc.Semaphores.NoteOperated(set, changes);
        if (result != Errno.EAGAIN || (operations[blocking].Flags & SemaphoreFlags.NoWait) != 0)
            return result;
        if (SignalService.HasDeliverable(thread))
            return Errno.EINTR;
        if (isTimed)
            thread->Call.DeadlineNanoseconds = timeout.ToNanoseconds() + kernel.Now(thread);
        return Wait(kernel, thread, set, operations, blocking, changes);
    }

    private static AccessResult ReadOperations(LinuxKernel kernel, Thread* thread, ulong address, Span<SemaphoreOperation> operations)
    {
        Span<SemaphoreBuffer> buffers = stackalloc SemaphoreBuffer[IpcSettings.MostOperations];
        buffers = buffers[..operations.Length];
        AccessResult access = kernel.User.Read(
            thread->Process->AddressSpace, new VirtualAddress(address), MemoryMarshal.AsBytes(buffers));
        for (int i = 0; i < operations.Length; i++)
        {
            operations[i] = new SemaphoreOperation
            {
                Semaphore = buffers[i].Semaphore,
                Change = buffers[i].Change,
                Flags = ((buffers[i].Flags & (int)IpcFlags.NoWait) != 0 ? SemaphoreFlags.NoWait : SemaphoreFlags.None)
                    | ((buffers[i].Flags & Undo) != 0 ? SemaphoreFlags.Undo : SemaphoreFlags.None),
            };
        }
        return access;
    }

    private static SystemCallResult Wait(
        LinuxKernel kernel, Thread* thread, SemaphoreSet* set, ReadOnlySpan<SemaphoreOperation> operations, int blocking, bool changes)
    {
        IpcWaiter* waiter = kernel.Ipc.Waiters.BeginOperations(thread, set, operations, changes);
        if (waiter == null)
            return Errno.ENOMEM;
        waiter->Blocking = blocking;
        return Sleep(kernel, thread);
    }

    private static SystemCallResult Sleep(LinuxKernel kernel, Thread* thread)
    {
        if (thread->Call.DeadlineNanoseconds != 0)
            kernel.Scheduler.BlockUntil(thread, thread->Call.DeadlineNanoseconds);
        return SystemCallResult.BlockedOr(Errno.EINTR);
    }

    private static SystemCallResult GoOn(LinuxKernel kernel, Thread* thread)
    {
        IpcWaiter* waiter = thread->IpcWait;
        ulong deadline = thread->Call.DeadlineNanoseconds;
        Errno result = waiter->IsServed ? waiter->Result
            : deadline != 0 && kernel.Now(thread) >= deadline ? Errno.EAGAIN
            : SignalService.HasDeliverable(thread) ? Errno.EINTR : Errno.EIOCBQUEUED;
        if (result == Errno.EIOCBQUEUED)
            return Sleep(kernel, thread);
        kernel.Ipc.Waiters.End(thread);
        return result;
    }
}
