// mq_timedsend and mq_timedreceive. Who waits is an object (IpcWaiter) that its call finds at every dispatch: first what it has been given,
// then signals, then the deadline, which is kept on the clock that it counts (Call.Extra0, in Phase Timed): real time may jump while the
// thread waits, at a restore above all.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class NamedQueueTransfers
{
    private const byte Timed = 1;

    public static void Register(SystemCallTable table)
    {
        table.Register(IpcWaitCalls.NamedSend, &Send);
        table.Register(IpcWaitCalls.NamedReceive, &Receive);
    }

    private static bool ReadDeadline(LinuxKernel kernel, Thread* thread, ulong address, out SystemCallResult failure)
    {
        failure = default;
        if (address == 0)
            return true;
        if (!kernel.Read(thread, address, out Timespec time, out failure))
            return false;
        failure = Errno.EINVAL;
        if (!time.IsValid)
            return false;
        thread->Call.Extra0 = time.ToNanoseconds();
        thread->Call.Phase = Timed;
        return true;
    }

    // What becomes of a wait, or of one that would begin: ERESTARTSYS, ETIMEDOUT, or EIOCBQUEUED for none of them.
    private static Errno EndOfWait(LinuxKernel kernel, Thread* thread)
    {
        if (SignalService.HasDeliverable(thread))
            return Errno.ERESTARTSYS;
        bool isLate = thread->Call.Phase == Timed && kernel.ClockOf(thread).RealtimeNanoseconds >= thread->Call.Extra0;
        return isLate ? Errno.ETIMEDOUT : Errno.EIOCBQUEUED;
    }

    private static SystemCallResult Sleep(LinuxKernel kernel, Thread* thread)
    {
        if (thread->Call.Phase == Timed)
        {
            ulong now = kernel.ClockOf(thread).RealtimeNanoseconds;
            kernel.Scheduler.BlockUntil(thread, kernel.Now(thread) + (thread->Call.Extra0 - Math.Min(now, thread->Call.Extra0)));
        }
        return SystemCallResult.Blocked;
    }

    private static SystemCallResult EndWait(LinuxKernel kernel, Thread* thread, Errno result)
    {
        kernel.Ipc.Waiters.End(thread);
        return result;
    }

    private static SystemCallResult Send(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (thread->IpcWait != null)
            return GoOnSending(kernel, thread);
        if (!ReadDeadline(kernel, thread, a->Arg4, out SystemCallResult failure))
            return failure;
        if (a->UInt3 > NamedQueue.MostPriority)
            return Errno.EINVAL;
        var call = new FileCall(kernel, thread);
        if (!NamedQueueCalls.Find(ref call, a->Int0, out OpenFile* file, out NamedQueue* queue))
            return call.Failure;
        if (!file->IsWritable)
            return Errno.EBADF;
        if (a->Arg2 > (ulong)queue->MostBytes)
            return Errno.EMSGSIZE;
        AccessResult access = kernel.Ipc.Messages.Load(thread, a->UInt3, a->Arg1, (int)a->Arg2, out Message* message);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        if (!queue->IsFull)
        {
            kernel.Ipc.Traffic.Send(queue, message, thread);
            return 0;
        }
        Errno error = file->IsNonBlocking ? Errno.EAGAIN : EndOfWait(kernel, thread);
        IpcWaiter* waiter = error != Errno.EIOCBQUEUED ? null
            : kernel.Ipc.Waiters.Begin(thread, (IpcObject*)queue, IpcWaitKind.NamedSender);
        if (waiter != null)
        {
            IpcWaiters.Give(waiter, message);
            return Sleep(kernel, thread);
        }
        kernel.Ipc.Messages.End(message);
        return error == Errno.EIOCBQUEUED ? Errno.ENOMEM : error;
    }

    private static SystemCallResult GoOnSending(LinuxKernel kernel, Thread* thread)
    {
        if (thread->IpcWait->IsServed)
            return EndWait(kernel, thread, Errno.Ok);
        Errno error = EndOfWait(kernel, thread);
        return error == Errno.EIOCBQUEUED ? Sleep(kernel, thread) : EndWait(kernel, thread, error);
    }

    private static SystemCallResult Receive(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (thread->IpcWait != null)
            return GoOnReceiving(kernel, thread, a);
        if (!ReadDeadline(kernel, thread, a->Arg4, out SystemCallResult failure))
            return failure;
        var call = new FileCall(kernel, thread);
        if (!NamedQueueCalls.Find(ref call, a->Int0, out OpenFile* file, out NamedQueue* queue))
            return call.Failure;
        if (!file->IsReadable)
            return Errno.EBADF;
        if (a->Arg2 < (ulong)queue->MostBytes)
            return Errno.EMSGSIZE;
        Message* message = queue->First;
        if (message == null)
            return Wait(kernel, thread, queue, file->IsNonBlocking);
        AccessResult ready = Probe(kernel, thread, message, a);
        if (ready.Status is MemoryStatus.WouldBlock or MemoryStatus.OutOfMemory)
            return kernel.Stop(thread, in ready);
        kernel.Ipc.Traffic.Take(queue);
        SystemCallResult result = Deliver(kernel, thread, message, a);
        kernel.Ipc.Messages.End(message);
        return result;
    }

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, NamedQueue* queue, bool isNonBlocking)
    {
        Errno error = isNonBlocking ? Errno.EAGAIN : EndOfWait(kernel, thread);
        if (error != Errno.EIOCBQUEUED)
            return error;
        IpcWaiter* waiter = kernel.Ipc.Waiters.Begin(thread, (IpcObject*)queue, IpcWaitKind.NamedReceiver);
        return waiter == null ? Errno.ENOMEM : Sleep(kernel, thread);
    }

    private static SystemCallResult GoOnReceiving(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        IpcWaiter* waiter = thread->IpcWait;
        if (!waiter->IsServed)
        {
            Errno error = EndOfWait(kernel, thread);
            return error == Errno.EIOCBQUEUED ? Sleep(kernel, thread) : EndWait(kernel, thread, error);
        }
        AccessResult ready = Probe(kernel, thread, waiter->Message, a);
        if (ready.Status == MemoryStatus.WouldBlock)
            return kernel.Stop(thread, in ready);
        // The message is its already, and nobody else's: memory may be there when others have run.
        if (ready.Status == MemoryStatus.OutOfMemory)
            return SystemCallResult.Again;
        SystemCallResult result = Deliver(kernel, thread, waiter->Message, a);
        kernel.Ipc.Waiters.End(thread);
        return result;
    }

    // A message that has been taken must not wait for a page of its receiver's.
    private static AccessResult Probe(LinuxKernel kernel, Thread* thread, Message* message, SystemCallArguments* a)
    {
        AccessResult ready = a->Arg3 == 0 ? default
            : kernel.User.Probe(thread->Process->AddressSpace, new VirtualAddress(a->Arg3), sizeof(uint), true);
        return ready.IsOk
            ? kernel.User.Probe(thread->Process->AddressSpace, new VirtualAddress(a->Arg1), (ulong)message->Bytes, true) : ready;
    }

    // What cannot be given to the program is lost, as on Linux.
    private static SystemCallResult Deliver(LinuxKernel kernel, Thread* thread, Message* message, SystemCallArguments* a)
    {
        uint priority = (uint)message->Type;
        if (a->Arg3 != 0 && !kernel.Write(thread, a->Arg3, in priority, out SystemCallResult failure))
            return failure;
        AccessResult access = kernel.Ipc.Messages.Store(thread, message, a->Arg1, message->Bytes);
        return access.IsOk ? message->Bytes : kernel.Stop(thread, in access);
    }
}
