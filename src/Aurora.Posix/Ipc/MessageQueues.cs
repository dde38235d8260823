using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Makes, changes and ends message queues.</summary>
public sealed unsafe class MessageQueues(IpcState state, IpcWaiters waiters, Messages messages, GroupClocks clocks)
{
    private const int MessagesPerStep = 256;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>A new queue of the process: Ok, ENOSPC or ENOMEM.</summary>
    public Errno Make(Process* process, int key, uint mode, out MessageQueue* queue)
    {
        queue = null;
        ObjectTracker group = state.Tracked.Of(&process->Header);
        IpcSpace* space = state.Make(group);
        if (space == null)
            return Errno.ENOMEM;
        if (space->Queues.Count >= space->Settings.MostQueues)
            return Errno.ENOSPC;
        queue = state.Queues.Allocate();
        if (queue == null)
            return Errno.ENOMEM;
        queue->Ipc.Key = key;
        queue->Ipc.Mode = mode & IpcIdentity.AccessMask;
        IpcAccess.Own(&process->Credentials, ref queue->Ipc);
        queue->MostBytes = (ulong)space->Settings.QueueBytes;
        if (!state.Ids.Add(&space->Queues, (IpcObject*)queue))
        {
            state.Queues.Free(queue);
            queue = null;
            return Errno.ENOMEM;
        }
        group.Register(&queue->Header, ObjectKind.MessageQueue);
        queue->ChangeSeconds = Now(queue);
        group.MarkChanged(&space->Header);
        return Errno.Ok;
    }

    /// <summary>
    /// Gives a queue other owners, rights and another size. Who waits looks again: at whether he may, and whether there is room.
    /// </summary>
    public void Change(MessageQueue* queue, uint uid, uint gid, uint mode, ulong mostBytes)
    {
        queue->Ipc.Uid = uid;
        queue->Ipc.Gid = gid;
        queue->Ipc.Mode = (queue->Ipc.Mode & ~IpcIdentity.AccessMask) | (mode & IpcIdentity.AccessMask);
        queue->MostBytes = mostBytes;
        queue->ChangeSeconds = Now(queue);
        state.Tracked.MarkChanged(&queue->Header);
        waiters.ServeAll(&queue->Receivers, Errno.EAGAIN);
        WakeSenders(queue);
    }

    /// <summary>Removes a queue: its id leads nowhere, who waits hears of it, and its messages end in steps.</summary>
    public void Remove(MessageQueue* queue)
    {
        IpcSpace* space = state.Of(&queue->Header);
        waiters.ServeAll(&queue->Receivers, Errno.EIDRM);
        waiters.ServeAll(&queue->Senders, Errno.EIDRM);
        state.Ids.Remove(&space->Queues, (IpcObject*)queue);
        queue->Ipc.Mode |= MessageQueue.Removed;
        state.Tracked.MarkChanged(&queue->Header);
        state.PutOff((IpcObject*)queue);
        if (queue->Count <= MessagesPerStep)
            EndStep(queue);
    }

    /// <summary>Ends queues of a group that ends, which nobody waits for, some of them; true when none is left.</summary>
    internal bool EndSome(IpcSpace* space)
    {
        for (int left = MessagesPerStep; left > 0; left--)
        {
            MessageQueue* queue = (MessageQueue*)IpcIds.Next(&space->Queues, 0);
            if (queue == null)
                return true;
            Remove(queue);
        }
        return false;
    }

    /// <summary>Goes on with ending a removed queue.</summary>
    internal void EndStep(MessageQueue* queue)
    {
        for (int left = MessagesPerStep; left > 0 && queue->First != null; left--)
        {
            Message* message = queue->First;
            Unlink(queue, message);
            messages.End(message);
        }
        if (queue->First != null)
            return;
        state.ForgetEnding((IpcObject*)queue);
        state.Tracked.Remove(&queue->Header);
        state.Queues.Free(queue);
    }

    /// <summary>
    /// Sends a message: the first who waits for such a one has it, otherwise the queue, which has room for it.
    /// </summary>
    public void Send(MessageQueue* queue, Message* message, int process)
    {
        queue->LastSender = process;
        queue->SendSeconds = Now(queue);
        state.Tracked.MarkChanged(&queue->Header);
        for (IpcWaiter* waiter = queue->Receivers.First; waiter != null;)
        {
            IpcWaiter* next = waiter->Next;
            bool matches = waiter->Choice.Matches(message->Type) && !waiter->IsEnding;
            if (matches && waiter->MostBytes >= (ulong)message->Bytes)
            {
                queue->LastReceiver = waiter->Thread->Process->Id;
                queue->ReceiveSeconds = queue->SendSeconds;
                IpcWaiters.Give(waiter, message);
                waiters.Serve(waiter, Errno.Ok);
                return;
            }
            if (matches)
                waiters.Serve(waiter, Errno.E2BIG);
            waiter = next;
        }
        message->Order = queue->Last == null ? 1 : queue->Last->Order + 1;
        Link(queue, message, queue->Last);
        state.Tracked.MarkChanged(&message->Header);
    }

    /// <summary>The message that a choice means, or null.</summary>
    public static Message* Find(MessageQueue* queue, MessageChoice choice)
    {
        Message* found = null;
        long number = 0;
        for (Message* each = queue->First; each != null; each = each->Next)
        {
            if (!choice.Matches(each->Type))
                continue;
            if (choice.Search == MessageSearch.Number && number++ != choice.Type)
                continue;
            if (choice.Search != MessageSearch.LessOrEqual || each->Type == 1)
                return each;
            choice.Type = each->Type - 1;
            found = each;
        }
        return found;
    }

    /// <summary>Takes a message out of its queue, for a process; there may be room for others then.</summary>
    public void Take(MessageQueue* queue, Message* message, int process)
    {
        queue->LastReceiver = process;
        queue->ReceiveSeconds = Now(queue);
        Unlink(queue, message);
        state.Tracked.MarkChanged(&message->Header);
        state.Tracked.MarkChanged(&queue->Header);
        WakeSenders(queue);
    }

    /// <summary>Puts a message into a queue behind another one (null: as the first).</summary>
    internal void Link(MessageQueue* queue, Message* message, Message* before)
    {
        message->Queue = queue;
        message->Previous = before;
        message->Next = before == null ? queue->First : before->Next;
        if (message->Next != null)
            message->Next->Previous = message;
        else
            queue->Last = message;
        if (before != null)
            before->Next = message;
        else
            queue->First = message;
        queue->Count++;
        queue->Bytes += (ulong)message->Bytes;
        IpcSpace* space = state.Of(&queue->Header);
        space->MessageCount++;
        space->MessageBytes += (ulong)message->Bytes;
    }

    private void Unlink(MessageQueue* queue, Message* message)
    {
        if (message->Previous != null)
            message->Previous->Next = message->Next;
        else
            queue->First = message->Next;
        if (message->Next != null)
            message->Next->Previous = message->Previous;
        else
            queue->Last = message->Previous;
        message->Next = message->Previous = null;
        message->Queue = null;
        message->Order = 0;
        queue->Count--;
        queue->Bytes -= (ulong)message->Bytes;
        IpcSpace* space = state.Of(&queue->Header);
        space->MessageCount--;
        space->MessageBytes -= (ulong)message->Bytes;
    }

    // Those whose messages fit look again, in their order; the others go behind those who come later, as on Linux.
    private void WakeSenders(MessageQueue* queue)
    {
        IpcWaiter* firstMoved = null;
        for (IpcWaiter* waiter = queue->Senders.First; waiter != null && waiter != firstMoved;)
        {
            IpcWaiter* next = waiter->Next;
            if (queue->Fits(waiter->Message->Bytes))
            {
                waiters.Wake(waiter);
            }
            else
            {
                firstMoved = firstMoved == null ? waiter : firstMoved;
                waiters.MoveToEnd(waiter);
            }
            waiter = next;
        }
    }

    private ulong Now(MessageQueue* queue) => clocks.Of(&queue->Header).RealtimeNanoseconds / NanosecondsPerSecond;
}
