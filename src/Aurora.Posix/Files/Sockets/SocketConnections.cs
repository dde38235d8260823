// Making and ending connections. Who connects to a listener gets a peer at once, which waits there without a file until it is accepted;
// what is sent to it meanwhile, and that its peer has gone, it keeps. Errors come in Linux's order. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Connects sockets.</summary>
public sealed unsafe class SocketConnections(
    FileState state, SocketBooks books, SocketQueue queue, SocketFlights flights, SocketRoom room, ThreadWaker waker)
{
    /// <summary>Connects two new sockets to each other (socketpair), for somebody who is then at both ends.</summary>
    public void Join(Socket* one, Socket* other, in SocketPeer user)
    {
        books.SetPeer(one, other);
        books.SetPeer(other, one);
        if (one->IsConnectionBased)
            one->State = other->State = SocketState.Established;
        one->PeerUser = other->PeerUser = user;
    }

    /// <summary>
    /// Connects to a listener. EAGAIN: its queue is full; then a caller that may wait waits for <see cref="Socket.Room"/>.
    /// ECONNREFUSED, EISCONN, EINVAL, ENOMEM.
    /// </summary>
    public Errno Connect(Socket* socket, Socket* listener, Process* process)
    {
        if (!listener->IsListening || (listener->Shut & SocketWays.Receive) != 0)
            return Errno.ECONNREFUSED;
        if (listener->IsFull)
            return Errno.EAGAIN;
        if (socket->State != SocketState.Closed)
            return socket->IsConnected ? Errno.EISCONN : Errno.EINVAL;
        Socket* accepted = books.Create(state.TrackerOf(&socket->Header), socket->Type);
        if (accepted == null)
            return Errno.ENOMEM;
        accepted->State = SocketState.Established;
        accepted->PeerUser = SocketPeer.Of(process);
        accepted->SetName(listener->NameBytes);
        books.SetPeer(accepted, socket);
        socket->State = SocketState.Established;
        socket->PeerUser = listener->PeerUser;
        books.SetPeer(socket, accepted);
        accepted->Listener = listener;
        LinkPending(accepted);
        flights.NoteChange(listener);
        waker.Wake(&listener->Readable);
        return Errno.Ok;
    }

    /// <summary>From here on a socket with a name takes connections. EOPNOTSUPP, EINVAL.</summary>
    public Errno Listen(Socket* socket, uint backlog, Process* process)
    {
        if (!socket->IsConnectionBased)
            return Errno.EOPNOTSUPP;
        if (socket->NameLength == 0 || socket->IsConnected)
            return Errno.EINVAL;
        bool hasMoreRoom = backlog > socket->Backlog;
        socket->Backlog = backlog;
        socket->State = SocketState.Listening;
        socket->PeerUser = SocketPeer.Of(process);
        state.MarkChanged(&socket->Header);
        if (hasMoreRoom)
            waker.WakeAll(&socket->Room);
        return Errno.Ok;
    }

    /// <summary>Takes the first connection out of a listener's queue; it is the caller's, with one reference and no file.</summary>
    public Socket* Accept(Socket* listener)
    {
        Socket* accepted = listener->FirstPending;
        UnlinkPending(accepted);
        waker.Wake(&listener->Room);
        return accepted;
    }

    /// <summary>
    /// Connects a datagram socket to another, or to none. What has come from elsewhere is lost, and so has the former peer, if it had this
    /// one for a peer, lost its connection. EPERM when the other one has another peer.
    /// </summary>
    public Errno ConnectDatagrams(Socket* socket, Socket* other)
    {
        if (other != null && !MaySend(socket, other))
            return Errno.EPERM;
        Socket* former = socket->Peer;
        if (former != null)
            Disconnect(socket, former, other);
        else
            books.SetPeer(socket, other);
        return Errno.Ok;
    }

    /// <summary>A socket takes datagrams from its peer alone, if it has one.</summary>
    public static bool MaySend(Socket* socket, Socket* other) => other->Peer == null || other->Peer == socket;

    private void Disconnect(Socket* socket, Socket* former, Socket* other)
    {
        SocketBooks.Hold(former);
        SocketRoom.Leave(socket);
        books.SetPeer(socket, other);
        waker.WakeAll(&socket->Writable);
        if (other != former && socket->FirstMessage != null)
        {
            // At most as many as a queue and a send buffer hold.
            while (socket->FirstMessage != null)
                queue.Remove(socket->FirstMessage);
            room.Tell(socket);
            if (!former->IsDead && former->Peer == socket)
                SetError(former, Errno.ECONNRESET);
        }
        books.Drop(former);
    }

    /// <summary>What the next call of a socket is told.</summary>
    public void SetError(Socket* socket, Errno error)
    {
        socket->Error = (int)error;
        state.MarkChanged(&socket->Header);
        books.TellAll(socket);
    }

    /// <summary>Shuts ways of a socket, and of its peer the same ones as that one sees them.</summary>
    public void Shut(Socket* socket, SocketWays ways)
    {
        ShutOne(socket, ways);
        if (!socket->IsConnectionBased || socket->Peer == null)
            return;
        SocketWays ofPeer = ((ways & SocketWays.Receive) != 0 ? SocketWays.Send : SocketWays.None)
            | ((ways & SocketWays.Send) != 0 ? SocketWays.Receive : SocketWays.None);
        ShutOne(socket->Peer, ofPeer);
    }

    internal void ShutOne(Socket* socket, SocketWays ways)
    {
        socket->Shut |= ways;
        state.MarkChanged(&socket->Header);
        books.TellAll(socket);
    }

    /// <summary>Puts a connection where its id belongs: nearly always at the end.</summary>
    internal static void LinkPending(Socket* socket)
    {
        Socket* listener = socket->Listener;
        Socket* before = listener->LastPending;
        while (before != null && before->Header.Id.Value > socket->Header.Id.Value)
            before = before->PreviousPending;
        Socket* behind = before == null ? listener->FirstPending : before->NextPending;
        socket->PreviousPending = before;
        socket->NextPending = behind;
        if (before != null)
            before->NextPending = socket;
        else
            listener->FirstPending = socket;
        if (behind != null)
            behind->PreviousPending = socket;
        else
            listener->LastPending = socket;
        listener->PendingCount++;
    }

    internal void UnlinkPending(Socket* socket)
    {
        Socket* listener = socket->Listener;
        if (socket->NextPending != null)
            socket->NextPending->PreviousPending = socket->PreviousPending;
        else
            listener->LastPending = socket->PreviousPending;
        if (socket->PreviousPending != null)
            socket->PreviousPending->NextPending = socket->NextPending;
        else
            listener->FirstPending = socket->NextPending;
        socket->NextPending = socket->PreviousPending = null;
        socket->Listener = null;
        listener->PendingCount--;
        state.MarkChanged(&socket->Header);
        flights.NoteChange(listener);
    }
}
