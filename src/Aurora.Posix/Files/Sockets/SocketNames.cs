// Names of sockets. A path is a node in the tree, which leads to the socket that is bound to it (Inode.Socket) and stays when that is
// closed; an abstract name is in a table, by group, type and name, as long as the socket is there. Protected by the kernel lock.
using System;
using System.Numerics;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Gives sockets names and finds them by those.</summary>
public sealed unsafe class SocketNames(FileState state, Inodes inodes, FileCreation creation)
{
    // Autobind: a zero and five digits.
    private const int AutomaticBytes = 6;
    private const uint AutomaticNames = 1 << 20;
    private const uint Scatter = 0x9E37_79B1;

    // Read, write and execute for all, before the umask.
    private const uint NodeMode = 0x1FF;

    /// <summary>
    /// Makes a node where a walk has found nothing, and binds a socket to it. EINVAL when it has a name; EADDRINUSE when there is
    /// something.
    /// </summary>
    public Errno BindToNode(in FileCaller caller, Socket* socket, ref WalkResult found, uint umask, ReadOnlySpan<byte> path)
    {
        if (found.Inode != null)
            return Errno.EADDRINUSE;
        if (found.HasTrailingSlash)
            return Errno.ENOENT;
        if (socket->NameLength != 0)
            return Errno.EINVAL;
        uint mode = InodeMode.Socket | ((socket->File->Inode->Mode & NodeMode) & ~umask);
        Errno error = creation.Make(in caller, ref found, mode, 0);
        if (error != Errno.Ok)
            return error == Errno.EEXIST ? Errno.EADDRINUSE : error;
        Span<byte> name = stackalloc byte[Socket.MaxNameBytes];
        path.CopyTo(name);
        name[path.Length] = 0;
        socket->SetName(name[..(path.Length + 1)]);
        socket->Node = found.Inode;
        inodes.Hold(found.Inode);
        found.Inode->Socket = socket;
        state.MarkChanged(&socket->Header);
        return Errno.Ok;
    }

    /// <summary>Gives a socket an abstract name, which begins with a zero.</summary>
    public Errno BindAbstract(Socket* socket, ReadOnlySpan<byte> name)
    {
        if (socket->NameLength != 0)
            return Errno.EINVAL;
        if (FindAbstract(socket->Header.Group, socket->Type, name) != null)
            return Errno.EADDRINUSE;
        socket->SetName(name);
        Enter(socket);
        state.MarkChanged(&socket->Header);
        return Errno.Ok;
    }

    /// <summary>Gives a socket without a name an abstract one that nobody has.</summary>
    public Errno BindAutomatically(Socket* socket)
    {
        if (socket->NameLength != 0)
            return Errno.Ok;
        Span<byte> name = stackalloc byte[AutomaticBytes];
        uint number = (uint)socket->Header.Id.Value * Scatter;
        // There are more names than sockets.
        for (int tries = 0; tries <= Math.Min(state.Sockets.Count, (int)AutomaticNames); tries++, number++)
        {
            var writer = new Utf8Writer(name);
            writer.Append((byte)0);
            writer.AppendHex(number % AutomaticNames, AutomaticBytes - 1);
            if (FindAbstract(socket->Header.Group, socket->Type, name) == null)
                return BindAbstract(socket, name);
        }
        return Errno.ENOSPC;
    }

    /// <summary>The socket of a type that has an abstract name in a group, or null.</summary>
    public Socket* FindAbstract(ushort group, SocketType type, ReadOnlySpan<byte> name)
    {
        Socket* socket = *BucketOf(group, type, name);
        while (socket != null && !(socket->Header.Group == group && socket->Type == type && socket->NameBytes.SequenceEqual(name)))
            socket = socket->NextNamed;
        return socket;
    }

    /// <summary>
    /// The socket that is bound to a node: ECONNREFUSED when none is, EPROTOTYPE when it is of another type. The caller may write to it.
    /// </summary>
    public static Errno FindAtNode(Inode* node, SocketType type, out Socket* socket)
    {
        socket = node->Type == InodeMode.Socket ? node->Socket : null;
        return socket == null ? Errno.ECONNREFUSED : socket->Type != type ? Errno.EPROTOTYPE : Errno.Ok;
    }

    /// <summary>A socket with an abstract name can be found by it: from now on, or again after a restore.</summary>
    internal void Enter(Socket* socket)
    {
        Socket** bucket = BucketOf(socket->Header.Group, socket->Type, socket->NameBytes);
        socket->IsFindable = true;
        socket->NextNamed = *bucket;
        *bucket = socket;
    }

    /// <summary>A socket that is closed is not found by its abstract name any more.</summary>
    internal void Leave(Socket* socket)
    {
        if (!socket->IsFindable)
            return;
        socket->IsFindable = false;
        Socket** link = BucketOf(socket->Header.Group, socket->Type, socket->NameBytes);
        while (*link != socket)
            link = &(*link)->NextNamed;
        *link = socket->NextNamed;
    }

    private Socket** BucketOf(ushort group, SocketType type, ReadOnlySpan<byte> name)
    {
        uint hash = ((uint)group * Scatter) ^ (uint)type;
        foreach (byte each in name)
            hash = (BitOperations.RotateLeft(hash, 5) ^ each) * Scatter;
        return state.SocketBuckets + (hash >> 16) % FileState.SocketBucketCount;
    }
}
