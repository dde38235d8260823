// The messages of a socket, in the order in which they came, which is that of their ids. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Puts messages into queues and takes them out.</summary>
public sealed unsafe class SocketQueue(
    FileState state, SocketBooks books, SocketBytes bytes, SocketFlights flights, SocketRoom room, ThreadWaker waker)
{
    /// <summary>A message that is in no queue yet; null when there is no room.</summary>
    public SocketMessage* Create() => state.SocketMessages.Allocate();

    /// <summary>Ends a message that has not been put into a queue.</summary>
    public void Forget(SocketMessage* message) => state.SocketMessages.Free(message);

    /// <summary>A message has all its bytes, and goes to the end of a queue; those who wait for it are told.</summary>
    public void Append(Socket* receiver, Socket* sender, SocketMessage* message, SocketRights* rights)
    {
        message->Receiver = receiver;
        message->Sender = sender;
        state.TrackerOf(&receiver->Header).Register(&message->Header, ObjectKind.SocketMessage);
        SocketBooks.Charge(message);
        Link(message);
        if (rights != null)
            flights.Attach(rights, message);
        waker.Wake(&receiver->Readable);
    }

    /// <summary>Puts a message where its id belongs: nearly always at the end.</summary>
    internal static void Link(SocketMessage* message)
    {
        Socket* receiver = message->Receiver;
        SocketMessage* before = receiver->LastMessage;
        while (before != null && before->Header.Id.Value > message->Header.Id.Value)
            before = before->Previous;
        SocketMessage* behind = before == null ? receiver->FirstMessage : before->Next;
        message->Previous = before;
        message->Next = behind;
        if (before != null)
            before->Next = message;
        else
            receiver->FirstMessage = message;
        if (behind != null)
            behind->Previous = message;
        else
            receiver->LastMessage = message;
        receiver->MessageCount++;
    }

    /// <summary>The first bytes of a message have been read.</summary>
    public void Consume(SocketMessage* message, uint count)
    {
        message->Consumed += count;
        state.MarkChanged(&message->Header);
    }

    /// <summary>Takes a message out of its queue and ends it. Rights that are still in it end too.</summary>
    public void Remove(SocketMessage* message)
    {
        Socket* receiver = message->Receiver;
        SocketRights* rights = flights.Detach(message);
        if (message->Next != null)
            message->Next->Previous = message->Previous;
        else
            receiver->LastMessage = message->Previous;
        if (message->Previous != null)
            message->Previous->Next = message->Next;
        else
            receiver->FirstMessage = message->Next;
        bool wasFull = receiver->IsFull;
        receiver->MessageCount--;
        state.TrackerOf(&message->Header).Remove(&message->Header);
        books.Refund(message);
        state.SocketMessages.Free(message);
        if (receiver->FirstMessage == null)
            bytes.Emptied(receiver);
        if (wasFull && !receiver->IsFull && receiver->Type != SocketType.Stream)
            room.Tell(receiver);
        if (rights != null)
            flights.End(rights);
    }
}
