using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>What goes through POSIX message queues.</summary>
public sealed unsafe class NamedQueueTraffic
{
    private readonly TrackedObjects _tracked;
    private readonly IpcWaiters _waiters;
    private readonly QueueNotices _notices;
    private readonly FileStamps _stamps;
    private readonly ThreadWaker _waker;

    internal NamedQueueTraffic(TrackedObjects tracked, IpcWaiters waiters, QueueNotices notices, FileStamps stamps, ThreadWaker waker)
    {
        _tracked = tracked;
        _waiters = waiters;
        _notices = notices;
        _stamps = stamps;
        _waker = waker;
    }

    /// <summary>Sends a message into a queue that is not full: the most urgent receiver has it, or the queue.</summary>
    public void Send(NamedQueue* queue, Message* message, Thread* sender)
    {
        IpcWaiter* receiver = FirstOf(&queue->Receivers);
        if (receiver != null)
        {
            IpcWaiters.Give(receiver, message);
            _waiters.Serve(receiver, Errno.Ok);
        }
        else
        {
            Put(queue, message);
            if (queue->Messages.Count == 1)
                _notices.Arrived(queue, sender);
            _waker.Wake(&queue->Ready);
        }
        Touch(queue);
    }

    /// <summary>Takes the first message out of a queue that has some; a sender who has waited for its place gets it.</summary>
    public Message* Take(NamedQueue* queue)
    {
        Message* message = queue->Messages.Take();
        message->Named = null;
        _tracked.MarkChanged(&message->Header);
        IpcWaiter* sender = FirstOf(&queue->Senders);
        if (sender != null)
        {
            Put(queue, IpcWaiters.TakeMessage(sender));
            _waiters.Serve(sender, Errno.Ok);
        }
        else
            _waker.Wake(&queue->Ready);
        Touch(queue);
        return message;
    }

    /// <summary>Stamps a queue that was looked at, or of which something but its messages has changed.</summary>
    public void TouchStatus(NamedQueue* queue)
    {
        queue->Inode->AccessTime = _stamps.NowOf(queue->Inode);
        _stamps.TouchStatus(queue->Inode);
    }

    // Whoever is about to end is served no more.
    private static IpcWaiter* FirstOf(IpcWaitList* list)
    {
        IpcWaiter* first = list->First;
        while (first != null && first->IsEnding)
            first = first->Next;
        return first;
    }

    private void Put(NamedQueue* queue, Message* message)
    {
        message->Named = queue;
        queue->Messages.Add(message);
        _tracked.MarkChanged(&message->Header);
    }

    private void Touch(NamedQueue* queue)
    {
        queue->Inode->AccessTime = _stamps.NowOf(queue->Inode);
        _stamps.TouchContents(queue->Inode);
    }
}
