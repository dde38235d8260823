// msgget, msgsnd and msgrcv: System V message queues. Who waits is an object (IpcWaiter) that its call finds at every dispatch: first
// what it has been given, then signals.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class MessageCalls
{
    // The receiver has waited for a queue, which may be gone by now.
    private const byte HasWaited = 1;

    private const uint NoError = 0x1000;
    private const uint Except = 0x2000;
    private const uint Copy = 0x4000;

    public static void Register(SystemCallTable table)
    {
        table.Register(68, &Get);
        table.Register(IpcWaitCalls.Send, &Send);
        table.Register(IpcWaitCalls.Receive, &Receive);
    }

    /// <summary>The queue with an id in the group of a thread, or null.</summary>
    internal static MessageQueue* Find(LinuxKernel kernel, Thread* thread, int id)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        return space == null ? null : (MessageQueue*)IpcIds.Find(&space->Queues, id);
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        int key = a->Int0;
        uint flags = a->UInt1;
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        var found = (MessageQueue*)(key == IpcIdentity.Private || space == null ? null : IpcIds.FindKey(&space->Queues, key));
        if (found == null)
        {
            if (key != IpcIdentity.Private && (flags & IpcFlags.Create) == 0)
                return Errno.ENOENT;
            Errno error = kernel.Ipc.Queues.Make(thread->Process, key, flags, out MessageQueue* made);
            return error == Errno.Ok ? made->Ipc.Id : error;
        }
        if ((flags & (IpcFlags.Create | IpcFlags.Exclusive)) == (IpcFlags.Create | IpcFlags.Exclusive))
            return Errno.EEXIST;
        return IpcAccess.Has(&thread->Process->Credentials, in found->Ipc, flags) ? found->Ipc.Id : Errno.EACCES;
    }

    private static SystemCallResult Send(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (thread->IpcWait != null)
            return GoOnSending(kernel, thread);
        if (!kernel.Read(thread, a->Arg1, out long type, out SystemCallResult failure))
            return failure;
        IpcSettings settings = kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread));
        if (a->Arg2 > (ulong)settings.LargestMessage || a->Int0 < 0 || type < 1)
            return Errno.EINVAL;
        AccessResult access = kernel.Ipc.Messages.Load(thread, type, a->Arg1 + sizeof(long), (int)a->Arg2, out Message* message);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        MessageQueue* queue = Find(kernel, thread, a->Int0);
        Errno error = queue == null ? Errno.EINVAL
            : !IpcAccess.Has(&thread->Process->Credentials, in queue->Ipc, IpcAccess.Write) ? Errno.EACCES
            : queue->Fits(message->Bytes) ? Errno.Ok
            : (a->UInt3 & IpcFlags.NoWait) != 0 ? Errno.EAGAIN
            : SignalService.HasDeliverable(thread) ? Errno.ERESTARTNOHAND : Errno.EIOCBQUEUED;
        if (error == Errno.Ok)
        {
            kernel.Ipc.Queues.Send(queue, message, thread->Process->Id);
            return 0;
        }
        IpcWaiter* waiter = error != Errno.EIOCBQUEUED ? null
            : kernel.Ipc.Waiters.Begin(thread, (IpcObject*)queue, IpcWaitKind.Sender);
        if (waiter != null)
        {
            IpcWaiters.Give(waiter, message);
            return SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);
        }
        kernel.Ipc.Messages.End(message);
        return error == Errno.EIOCBQUEUED ? Errno.ENOMEM : error;
    }

    // What was refused at first may be refused again: rights and sizes change.
    private static SystemCallResult GoOnSending(LinuxKernel kernel, Thread* thread)
    {
        IpcWaiter* waiter = thread->IpcWait;
        if (waiter->IsServed)
            return EndWait(kernel, thread, waiter->Result);
        var queue = (MessageQueue*)waiter->Target;
        if (SignalService.HasDeliverable(thread))
            return EndWait(kernel, thread, Errno.ERESTARTNOHAND);
        if (!IpcAccess.Has(&thread->Process->Credentials, in queue->Ipc, IpcAccess.Write))
            return EndWait(kernel, thread, Errno.EACCES);
        if (!queue->Fits(waiter->Message->Bytes))
            return SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);
        Message* message = IpcWaiters.TakeMessage(waiter);
        kernel.Ipc.Waiters.End(thread);
        kernel.Ipc.Queues.Send(queue, message, thread->Process->Id);
        return 0;
    }

    private static Errno EndWait(LinuxKernel kernel, Thread* thread, Errno result)
    {
        kernel.Ipc.Waiters.End(thread);
        return result;
    }

    private static SystemCallResult Receive(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        uint flags = a->UInt4;
        if (thread->IpcWait != null)
        {
            SystemCallResult? served = GoOnReceiving(kernel, thread, a);
            if (served != null)
                return served.Value;
        }
        if (a->Int0 < 0 || (long)a->Arg2 < 0)
            return Errno.EINVAL;
        bool isCopy = (flags & Copy) != 0;
        if (isCopy && ((flags & Except) != 0 || (flags & IpcFlags.NoWait) == 0))
            return Errno.EINVAL;
        MessageQueue* queue = Find(kernel, thread, a->Int0);
        if (queue == null)
            return thread->Call.Phase == HasWaited ? Errno.EIDRM : Errno.EINVAL;
        if (!IpcAccess.Has(&thread->Process->Credentials, in queue->Ipc, IpcAccess.Read))
            return Errno.EACCES;
        MessageChoice choice = MessageChoice.Of((long)a->Arg3, (flags & Except) != 0, isCopy);
        Message* message = MessageQueues.Find(queue, choice);
        if (message == null)
            return (flags & IpcFlags.NoWait) != 0 ? Errno.ENOMSG : Wait(kernel, thread, queue, choice, a->Arg2, flags);
        if ((ulong)message->Bytes > a->Arg2 && (flags & NoError) == 0)
            return Errno.E2BIG;
        if (isCopy && (ulong)message->Bytes > a->Arg2)
            return Errno.EINVAL;
        AccessResult ready = Probe(kernel, thread, message, a);
        if (ready.Status is MemoryStatus.WouldBlock or MemoryStatus.OutOfMemory)
            return kernel.Stop(thread, in ready);
        if (isCopy)
            return Deliver(kernel, thread, message, a);
        kernel.Ipc.Queues.Take(queue, message, thread->Process->Id);
        SystemCallResult result = Deliver(kernel, thread, message, a);
        kernel.Ipc.Messages.End(message);
        return result;
    }

    private static SystemCallResult Wait(
        LinuxKernel kernel, Thread* thread, MessageQueue* queue, MessageChoice choice, ulong mostBytes, uint flags)
    {
        if (SignalService.HasDeliverable(thread))
            return Errno.ERESTARTNOHAND;
        IpcWaiter* waiter = kernel.Ipc.Waiters.Begin(thread, (IpcObject*)queue, IpcWaitKind.Receiver);
        if (waiter == null)
            return Errno.ENOMEM;
        waiter->Choice = choice;
        waiter->MostBytes = (flags & NoError) != 0 ? int.MaxValue : mostBytes;
        return SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);
    }

    // What a receiver has been given, or that it waits on. Null: it has to look again.
    private static SystemCallResult? GoOnReceiving(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        IpcWaiter* waiter = thread->IpcWait;
        if (!waiter->IsServed)
            return SignalService.HasDeliverable(thread)
                ? EndWait(kernel, thread, Errno.ERESTARTNOHAND) : SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);
        if (waiter->Result == Errno.Ok)
        {
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
        Errno error = EndWait(kernel, thread, waiter->Result);
        if (error != Errno.EAGAIN)
            return error;
        thread->Call.Phase = HasWaited;
        return SignalService.HasDeliverable(thread) ? Errno.ERESTARTNOHAND : null;
    }

    private static ulong BytesFor(Message* message, SystemCallArguments* a) => Math.Min((ulong)message->Bytes, a->Arg2);

    // A message that has been taken must not wait for a page of its receiver's.
    private static AccessResult Probe(LinuxKernel kernel, Thread* thread, Message* message, SystemCallArguments* a)
        => kernel.User.Probe(
            thread->Process->AddressSpace, new VirtualAddress(a->Arg1), sizeof(long) + BytesFor(message, a), true);

    private static SystemCallResult Deliver(LinuxKernel kernel, Thread* thread, Message* message, SystemCallArguments* a)
    {
        long type = message->Type;
        int bytes = (int)BytesFor(message, a);
        if (!kernel.Write(thread, a->Arg1, in type, out SystemCallResult failure))
            return failure;
        AccessResult access = kernel.Ipc.Messages.Store(thread, message, a->Arg1 + sizeof(long), bytes);
        return access.IsOk ? bytes : kernel.Stop(thread, in access);
    }
}
