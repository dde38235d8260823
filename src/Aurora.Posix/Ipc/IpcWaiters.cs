using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Puts threads on the lists of those who wait for System V objects, serves them, and ends their waits.</summary>
public sealed unsafe class IpcWaiters(IpcState state, ThreadScheduler scheduler, Messages messages)
{
    /// <summary>The greatest priority of a waiter, which comes last.</summary>
    internal const int LastPriority = 139;

    private const int OrdinaryPriority = 120;

    /// <summary>A thread begins to wait at the end of a list; null without memory. The caller fills in what it waits for.</summary>
    public IpcWaiter* Begin(Thread* thread, IpcObject* target, IpcWaitKind kind)
    {
        Panic.Unless(thread->IpcWait == null, "ipc: a thread began two waits"u8);
        IpcWaiter* waiter = state.Waiters.Allocate();
        if (waiter == null)
            return null;
        waiter->Thread = thread;
        waiter->Kind = kind;
        waiter->Target = target;
        waiter->Priority = waiter->IsNamed ? PriorityOf(thread) : 0;
        thread->IpcWait = waiter;
        Append(ListOf(target, kind), waiter);
        state.Tracked.Of(&thread->Header).Register(&waiter->Header, ObjectKind.IpcWaiter);
        return waiter;
    }

    /// <summary>As <see cref="Begin"/>, for operations on a set.</summary>
    public IpcWaiter* BeginOperations(
        Thread* thread, SemaphoreSet* set, ReadOnlySpan<SemaphoreOperation> operations, bool changes)
    {
        IpcWaiter* waiter = Begin(thread, (IpcObject*)set, changes ? IpcWaitKind.Changer : IpcWaitKind.Observer);
        if (waiter == null || !HasRoom(waiter, operations.Length))
        {
            End(thread);
            return null;
        }
        operations.CopyTo(waiter->Operations);
        CountComplex(waiter, 1);
        return waiter;
    }

    /// <summary>Gives a new waiter room for operations; false without memory.</summary>
    internal bool HasRoom(IpcWaiter* waiter, int count)
    {
        if (count > IpcWaiter.InlineOperations)
            waiter->Page = (SemaphoreOperation*)state.Pages.AllocateFor(waiter, 1);
        if (count > IpcWaiter.InlineOperations && waiter->Page == null)
            return false;
        waiter->OperationCount = count;
        return true;
    }

    /// <summary>A waiter with several operations that change something stands on its list, or does no longer.</summary>
    internal static void CountComplex(IpcWaiter* waiter, int more)
    {
        if (waiter->Kind == IpcWaitKind.Changer && waiter->OperationCount > 1)
            ((SemaphoreSet*)waiter->Target)->ComplexChangers += more;
    }

    /// <summary>The waiter has what it waits for, or an error: it leaves its list, and its thread goes on.</summary>
    internal void Serve(IpcWaiter* waiter, Errno result)
    {
        Leave(waiter);
        waiter->Result = result;
        state.Tracked.MarkChanged(&waiter->Header);
        scheduler.Wake(waiter->Thread);
    }

    /// <summary>The waiter has a message from here on.</summary>
    public static void Give(IpcWaiter* waiter, Message* message)
    {
        waiter->Message = message;
        message->Holder = waiter;
    }

    /// <summary>The message that it has, which is nobody's now.</summary>
    public static Message* TakeMessage(IpcWaiter* waiter)
    {
        Message* message = waiter->Message;
        waiter->Message = null;
        message->Holder = null;
        return message;
    }

    /// <summary>The waiter's thread is to look again; it stays where it is.</summary>
    internal void Wake(IpcWaiter* waiter) => scheduler.Wake(waiter->Thread);

    /// <summary>All on a list are served with an error.</summary>
    internal void ServeAll(IpcWaitList* list, Errno result)
    {
        while (list->First != null)
            Serve(list->First, result);
    }

    /// <summary>Goes to the end of its list.</summary>
    internal void MoveToEnd(IpcWaiter* waiter)
    {
        IpcWaitList* list = ListOf(waiter->Target, waiter->Kind);
        if (list->Last == waiter)
            return;
        Unlink(list, waiter);
        Append(list, waiter);
        state.Tracked.MarkChanged(&waiter->Header);
    }

    /// <summary>The wait of a thread is over, whatever it has come to; a message that nobody has taken ends.</summary>
    public void End(Thread* thread)
    {
        IpcWaiter* waiter = thread->IpcWait;
        if (waiter == null)
            return;
        Leave(waiter);
        if (waiter->Message != null)
            messages.End(TakeMessage(waiter));
        if (waiter->Page != null)
            state.Pages.FreeFor(waiter, waiter->Page, 1);
        thread->IpcWait = null;
        state.Tracked.Remove(&waiter->Header);
        state.Waiters.Free(waiter);
    }

    /// <summary>The list of those who wait for something of an object.</summary>
    internal static IpcWaitList* ListOf(IpcObject* target, IpcWaitKind kind)
        => kind switch
        {
            IpcWaitKind.Receiver => &((MessageQueue*)target)->Receivers,
            IpcWaitKind.Sender => &((MessageQueue*)target)->Senders,
            IpcWaitKind.NamedReceiver => &((NamedQueue*)target)->Receivers,
            IpcWaitKind.NamedSender => &((NamedQueue*)target)->Senders,
            IpcWaitKind.Changer => &((SemaphoreSet*)target)->Changers,
            _ => &((SemaphoreSet*)target)->Observers,
        };

    /// <summary>Puts a restored waiter in its place; false when another one has it.</summary>
    internal static bool Place(IpcWaitList* list, IpcWaiter* waiter)
    {
        IpcWaiter* before = list->Last;
        while (before != null
            && (before->Priority > waiter->Priority || (before->Priority == waiter->Priority && before->Order > waiter->Order)))
            before = before->Previous;
        if (before != null && before->Priority == waiter->Priority && before->Order == waiter->Order)
            return false;
        Link(list, waiter, before);
        return true;
    }

    // Behind those who are as urgent.
    private static void Append(IpcWaitList* list, IpcWaiter* waiter)
    {
        IpcWaiter* before = list->Last;
        while (before != null && before->Priority > waiter->Priority)
            before = before->Previous;
        waiter->Order = before == null || before->Priority != waiter->Priority ? 1 : before->Order + 1;
        Link(list, waiter, before);
    }

    private static void Link(IpcWaitList* list, IpcWaiter* waiter, IpcWaiter* before)
    {
        waiter->Previous = before;
        waiter->Next = before == null ? list->First : before->Next;
        if (waiter->Next != null)
            waiter->Next->Previous = waiter;
        else
            list->Last = waiter;
        if (before != null)
            before->Next = waiter;
        else
            list->First = waiter;
    }

    // What Linux calls a task's priority: those of real time come before all others, which count from 100 to 139.
    private static int PriorityOf(Thread* thread)
        => thread->Schedule.IsRealTime ? SchedulingChoice.MaxPriority - thread->Schedule.Priority
            : OrdinaryPriority + thread->Process->Nice;

    private static void Leave(IpcWaiter* waiter)
    {
        if (waiter->Target == null)
            return;
        CountComplex(waiter, -1);
        Unlink(ListOf(waiter->Target, waiter->Kind), waiter);
        waiter->Target = null;
        waiter->Order = 0;
    }

    private static void Unlink(IpcWaitList* list, IpcWaiter* waiter)
    {
        if (waiter->Previous != null)
            waiter->Previous->Next = waiter->Next;
        else
            list->First = waiter->Next;
        if (waiter->Next != null)
            waiter->Next->Previous = waiter->Previous;
        else
            list->Last = waiter->Previous;
        waiter->Next = waiter->Previous = null;
    }
}
