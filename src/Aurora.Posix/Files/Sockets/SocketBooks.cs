// The life of sockets: who refers to them, and what of their send buffers is in use. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Makes sockets, counts references to them, and frees those that nobody refers to.</summary>
public sealed unsafe class SocketBooks(FileState state, Inodes inodes, SocketBytes bytes, ThreadWaker waker)
{
    /// <summary>A socket with one reference; null when there is no room.</summary>
    public Socket* Create(ObjectTracker tracker, SocketType type)
    {
        Socket* socket = state.Sockets.Allocate();
        if (socket == null)
            return null;
        socket->Type = type;
        socket->Backlog = Socket.DefaultBacklog;
        socket->Settings = SocketSettings.Default;
        socket->Header.References = 1;
        tracker.Register(&socket->Header, ObjectKind.Socket);
        return socket;
    }

    /// <summary>Makes a socket the one of an open file, to which a reference goes over.</summary>
    public void Attach(OpenFile* file, Socket* socket)
    {
        file->Attachment = &socket->Header;
        socket->File = file;
        state.MarkChanged(&file->Header);
        state.MarkChanged(&socket->Header);
    }

    /// <summary>A file has been restored that is for a socket; false when that has another, or is none.</summary>
    internal static bool Restore(OpenFile* file)
    {
        Socket* socket = SocketFlights.SocketOf(file);
        if (socket == null || socket->File != null)
            return false;
        socket->File = file;
        Hold(socket);
        return true;
    }

    public static void Hold(Socket* socket) => socket->Header.References++;

    /// <summary>Drops a reference; with the last one the socket goes.</summary>
    public void Drop(Socket* socket)
    {
        Panic.Unless(socket->Header.References > 0, "sockets: released one nobody refers to"u8);
        if (--socket->Header.References > 0)
            return;
        bool isBare = socket->FirstMessage == null && socket->FirstPending == null && socket->Peer == null && socket->Node == null
            && socket->InFlight == 0 && socket->Charged == 0;
        Panic.Unless(isBare, "sockets: one ends that has something"u8);
        waker.WakeAll(&socket->Readable);
        waker.WakeAll(&socket->Writable);
        waker.WakeAll(&socket->Room);
        bytes.End(socket);
        state.TrackerOf(&socket->Header).Remove(&socket->Header);
        state.Sockets.Free(socket);
    }

    /// <summary>Gives a socket another peer, or none.</summary>
    public void SetPeer(Socket* socket, Socket* peer)
    {
        Socket* former = socket->Peer;
        if (peer != null)
            Hold(peer);
        socket->Peer = peer;
        state.MarkChanged(&socket->Header);
        if (former != null)
            Drop(former);
    }

    /// <summary>It is no more found by its node.</summary>
    public void LeaveNode(Socket* socket)
    {
        Inode* node = socket->Node;
        if (node == null)
            return;
        socket->Node = null;
        node->Socket = null;
        state.MarkChanged(&socket->Header);
        inodes.Release(node);
    }

    /// <summary>A message of this sender is in a queue.</summary>
    internal static void Charge(SocketMessage* message)
    {
        Hold(message->Sender);
        message->Sender->Charged += SocketMessage.ChargeOf(message->Sender->Type, message->Length);
    }

    /// <summary>It has been read, or thrown away: who waits for room in the sender's buffer hears of it.</summary>
    internal void Refund(SocketMessage* message)
    {
        Socket* sender = message->Sender;
        sender->Charged -= SocketMessage.ChargeOf(sender->Type, message->Length);
        if (sender->HasRoom)
            waker.Wake(&sender->Writable);
        Drop(sender);
    }

    /// <summary>What a call is told of a socket's error, once.</summary>
    public Errno TakeError(Socket* socket)
    {
        var error = (Errno)socket->Error;
        if (error == Errno.Ok)
            return error;
        socket->Error = 0;
        state.MarkChanged(&socket->Header);
        return error;
    }

    /// <summary>Anything may have changed for who waits at a socket.</summary>
    public void TellAll(Socket* socket)
    {
        waker.WakeAll(&socket->Readable);
        waker.WakeAll(&socket->Writable);
    }
}
