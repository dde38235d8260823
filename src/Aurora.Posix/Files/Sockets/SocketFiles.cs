using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Makes the open files of sockets. ENFILE or ENOMEM when there is no room; else a new file has one reference.</summary>
public sealed unsafe class SocketFiles(
    FileState state, OpenFiles openFiles, SocketBooks books, SocketClosing closing, SocketConnections connections)
{
    /// <summary>Sockets and messages there are, of all groups.</summary>
    public int Count => state.Sockets.Count;
    public int MessageCount => state.SocketMessages.Count;

    /// <summary>The socket of an open file; null when it is something else (ENOTSOCK).</summary>
    public static Socket* Of(OpenFile* file) => SocketFlights.SocketOf(file);

    /// <summary>socket.</summary>
    public Errno Make(in FileCaller caller, SocketType type, uint flags, out OpenFile* file)
    {
        file = null;
        Socket* socket = books.Create(state.TrackerOf(&caller.Context->Header), type);
        if (socket == null)
            return Errno.ENOMEM;
        Errno error = openFiles.MakeSocket(in caller, flags, out file);
        if (error != Errno.Ok)
            closing.Abandon(socket);
        else
            books.Attach(file, socket);
        return error;
    }

    /// <summary>socketpair.</summary>
    public Errno MakePair(in FileCaller caller, SocketType type, uint flags, out OpenFile* one, out OpenFile* other)
    {
        other = null;
        Errno error = Make(in caller, type, flags, out one);
        if (error == Errno.Ok)
            error = Make(in caller, type, flags, out other);
        if (error == Errno.Ok)
            connections.Join(Of(one), Of(other), caller.Thread == null ? default : SocketPeer.Of(caller.Thread->Process));
        else if (one != null)
            openFiles.Release(one);
        return error;
    }

    /// <summary>Takes the first connection that waits at a listener. Without room it stays there.</summary>
    public Errno Accept(in FileCaller caller, Socket* listener, uint flags, out OpenFile* file)
    {
        Errno error = openFiles.MakeSocket(in caller, flags, out file);
        if (error == Errno.Ok)
            books.Attach(file, connections.Accept(listener));
        return error;
    }
}
