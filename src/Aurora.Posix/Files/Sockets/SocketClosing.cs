// The end of sockets. What others see of it (the name, the hang-up) happens at once; what is in the queue then goes, some at a time where
// that is much (OpenFiles.CloseOrPutOff): messages, and at a listener the connections that nobody has accepted, whose peers have been
// reset. A restore in the middle goes on with it. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Closes sockets.</summary>
public sealed unsafe class SocketClosing(
    FileState state, SocketBooks books, SocketNames names, SocketQueue queue, SocketConnections connections, SocketFlights flights,
    SocketRoom room)
{
    /// <summary>
    /// Goes on with the end of a socket whose file is being closed, each message and connection one of <paramref name="left"/>; false when
    /// there are more.
    /// </summary>
    internal bool ReleaseSome(OpenFile* file, ref int left)
    {
        if (file->Kind != FileKind.Socket || file->Attachment == null)
            return true;
        var socket = (Socket*)file->Attachment;
        if (!socket->IsDead)
            BeginEnd(socket, isUnaccepted: false);
        return Drain(socket, ref left);
    }

    /// <summary>The file of a socket goes.</summary>
    internal void Close(OpenFile* file)
    {
        var socket = (Socket*)file->Attachment;
        file->Attachment = null;
        socket->File = null;
        state.MarkChanged(&socket->Header);
        books.Drop(socket);
    }

    /// <summary>What a socket that got no file leaves behind.</summary>
    internal void Abandon(Socket* socket)
    {
        int left = int.MaxValue;
        BeginEnd(socket, isUnaccepted: false);
        Drain(socket, ref left);
        books.Drop(socket);
    }

    private void BeginEnd(Socket* socket, bool isUnaccepted)
    {
        names.Leave(socket);
        books.LeaveNode(socket);
        socket->IsDead = true;
        socket->Shut = SocketWays.Both;
        socket->State = SocketState.Closed;
        state.MarkChanged(&socket->Header);
        flights.NoteChange(socket);
        SocketRoom.Leave(socket);
        Socket* peer = socket->Peer;
        if (peer != null && socket->IsConnectionBased && peer != socket)
        {
            if (socket->FirstMessage != null || isUnaccepted)
                peer->Error = (int)Errno.ECONNRESET;
            connections.ShutOne(peer, SocketWays.Both);
        }
        room.Tell(socket);
        if (peer != null)
            books.SetPeer(socket, null);
    }

    private bool Drain(Socket* socket, ref int left)
    {
        while (socket->FirstMessage != null)
        {
            if (left-- <= 0)
                return false;
            queue.Remove(socket->FirstMessage);
        }
        while (socket->FirstPending != null)
        {
            if (left-- <= 0)
                return false;
            Socket* waiting = socket->FirstPending;
            if (!waiting->IsDead)
                BeginEnd(waiting, isUnaccepted: true);
            if (!Drain(waiting, ref left))
                return false;
            connections.UnlinkPending(waiting);
            books.Drop(waiting);
        }
        return true;
    }
}
