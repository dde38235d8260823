// Room for datagrams. Who sends to a queue that is full waits at that queue (Socket.Room), whomever he is connected to. Who only asks
// whether he could send (poll, epoll) is told that he cannot, and when he can: he is on the list of his peer until there is room there,
// and those who watch him are woken then. The list is not captured: a restore puts everybody on it whose peer is full.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Who waits for room in whose queue.</summary>
public sealed unsafe class SocketRoom(ThreadWaker waker)
{
    /// <summary>True when a socket's peer takes nothing from it now.</summary>
    public static bool IsPeerFull(Socket* socket)
        => socket->Peer != null && socket->Peer->Peer != socket && socket->Peer->IsFull && !socket->IsListening;

    /// <summary>From here on a socket whose peer is full hears of room there.</summary>
    public static void Enlist(Socket* socket)
    {
        if (socket->RoomOf != null)
            return;
        Socket* peer = socket->Peer;
        socket->RoomOf = peer;
        socket->PreviousForRoom = null;
        socket->NextForRoom = peer->FirstForRoom;
        if (peer->FirstForRoom != null)
            peer->FirstForRoom->PreviousForRoom = socket;
        peer->FirstForRoom = socket;
    }

    /// <summary>A socket has another peer, or none, or has heard.</summary>
    public static void Leave(Socket* socket)
    {
        Socket* peer = socket->RoomOf;
        if (peer == null)
            return;
        socket->RoomOf = null;
        if (socket->NextForRoom != null)
            socket->NextForRoom->PreviousForRoom = socket->PreviousForRoom;
        if (socket->PreviousForRoom != null)
            socket->PreviousForRoom->NextForRoom = socket->NextForRoom;
        else
            peer->FirstForRoom = socket->NextForRoom;
        socket->NextForRoom = socket->PreviousForRoom = null;
    }

    /// <summary>There is room in a socket's queue, or it is gone.</summary>
    public void Tell(Socket* socket)
    {
        waker.Wake(&socket->Room);
        while (socket->FirstForRoom != null)
        {
            Socket* waiting = socket->FirstForRoom;
            Leave(waiting);
            waker.Wake(&waiting->Writable);
        }
    }
}
