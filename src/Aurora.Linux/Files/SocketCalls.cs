// Making sockets, their names and connections. There is one family, AF_UNIX; others are those that this kernel does not have, which
// programs that only try (C libraries that ask a name service) take for an answer. Errors come in Linux's order.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SocketCalls
{
    private const uint Families = 46; // AF_MAX
    private const uint Types = 11; // SOCK_MAX
    private const uint TypeMask = 0xF;
    private const uint Raw = 3;
    private const uint KnownFlags = OpenFlags.CloseOnExec | OpenFlags.NonBlocking;

    public static void Register(SystemCallTable table)
    {
        table.Register(41, &Create);
        table.Register(42, &Connect);
        table.Register(43, &Accept);
        table.Register(48, &ShutDown);
        table.Register(49, &Bind);
        table.Register(50, &Listen);
        table.Register(51, &OwnName);
        table.Register(52, &PeerName);
        table.Register(53, &CreatePair);
        table.Register(288, &AcceptWithFlags);
        SocketTransferCalls.Register(table);
        SocketOptionCalls.Register(table);
    }

    /// <summary>The socket of a descriptor: EBADF, ENOTSOCK.</summary>
    public static bool Find(ref FileCall call, int descriptor, out OpenFile* file, out Socket* socket)
    {
        socket = null;
        if (!call.File(descriptor, out file))
            return false;
        socket = SocketFiles.Of(file);
        call.Failure = Errno.ENOTSOCK;
        return socket != null;
    }

    /// <summary>
    /// The socket that an address means to a caller who connects or sends there. ECONNREFUSED, EPROTOTYPE, and what the way to its node
    /// says.
    /// </summary>
    public static Errno Resolve(ref FileCall call, ref SocketAddress address, SocketType type, out Socket* socket)
    {
        if (address.IsAbstract)
        {
            socket = call.Files.SocketNames.FindAbstract(call.Thread->Header.Group, type, address.Name);
            return socket == null ? Errno.ECONNREFUSED : Errno.Ok;
        }
        socket = null;
        FileCaller caller = call.Caller;
        Errno error = call.Files.Walks.Resolve(
            in caller, call.Context->CurrentDirectory, address.Name, WalkFlags.FollowLast, out Inode* node);
        if (error != Errno.Ok)
            return error;
        error = Permissions.Check(node, in caller, FileAccess.Write);
        if (error == Errno.Ok)
            error = SocketNames.FindAtNode(node, type, out socket);
        call.Files.Inodes.Release(node);
        return error;
    }

    /// <summary>A socket that asks for senders has a name before it connects or sends.</summary>
    public static Errno NameIfAsked(ref FileCall call, Socket* socket)
        => socket->Has(SocketOptions.PassCredentials) ? call.Files.SocketNames.BindAutomatically(socket) : Errno.Ok;

    // The type of what is asked for: EINVAL, EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT.
    private static Errno Check(SystemCallArguments* a, out SocketType type)
    {
        uint asked = a->UInt1 & TypeMask;
        type = asked == Raw ? SocketType.Datagram : (SocketType)asked;
        if ((a->UInt1 & ~TypeMask & ~KnownFlags) != 0)
            return Errno.EINVAL;
        if (a->UInt0 >= Families)
            return Errno.EAFNOSUPPORT;
        if (asked >= Types)
            return Errno.EINVAL;
        if (a->UInt0 != SocketAddress.Unix)
            return Errno.EAFNOSUPPORT;
        if (a->Int2 is not (0 or SocketAddress.Unix))
            return Errno.EPROTONOSUPPORT;
        return type is SocketType.Stream or SocketType.Datagram or SocketType.SequencedPacket ? Errno.Ok : Errno.ESOCKTNOSUPPORT;
    }

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        Errno error = Check(a, out SocketType type);
        if (error != Errno.Ok)
            return error;
        var call = new FileCall(kernel, thread);
        FileCaller caller = call.Caller;
        error = kernel.Files.SocketFiles.Make(in caller, type, a->UInt1, out OpenFile* file);
        return error == Errno.Ok ? EventCalls.Install(ref call, file, a->UInt1) : error;
    }

    // Linux takes the descriptors first and tells the program of them, and only then looks at what is asked for.
    private static SystemCallResult CreatePair(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if ((a->UInt1 & ~TypeMask & ~KnownFlags) != 0)
            return Errno.EINVAL;
        var call = new FileCall(kernel, thread);
        if (!Descriptors.FindFree(call.Table, 0, call.DescriptorLimit, out _))
            return Errno.EMFILE;
        if (!call.Probe(a->Arg3, 2 * sizeof(int), willWrite: true))
            return call.Failure;
        Errno error = Check(a, out SocketType type);
        if (error != Errno.Ok)
            return error;
        FileCaller caller = call.Caller;
        error = kernel.Files.SocketFiles.MakePair(in caller, type, a->UInt1, out OpenFile* one, out OpenFile* other);
        if (error != Errno.Ok)
            return error;
        SystemCallResult first = EventCalls.Install(ref call, one, a->UInt1);
        SystemCallResult second = first.IsError ? first : EventCalls.Install(ref call, other, a->UInt1);
        if (first.IsError)
            kernel.Files.OpenFiles.Release(other);
        else if (second.IsError || !call.Write(a->Arg3, ((ulong)(uint)second.Value << 32) | (uint)first.Value))
            return Undo(ref call, first, second);
        return first.IsError ? first : 0L;
    }

    private static SystemCallResult Undo(ref FileCall call, SystemCallResult first, SystemCallResult second)
    {
        call.Files.Descriptors.Close(call.Table, (int)first.Value);
        if (second.IsError)
            return second;
        call.Files.Descriptors.Close(call.Table, (int)second.Value);
        return call.Failure;
    }

    private static SystemCallResult Bind(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var address = default(SocketAddress);
        if (!Find(ref call, a->Int0, out _, out Socket* socket) || !address.Read(ref call, a->Arg1, a->Int2))
            return call.Failure;
        if (address.HasNoName && address.Family == SocketAddress.Unix)
            return kernel.Files.SocketNames.BindAutomatically(socket);
        Errno error = address.Check();
        if (error != Errno.Ok)
            return error;
        if (address.IsAbstract)
            return kernel.Files.SocketNames.BindAbstract(socket, address.Name);
        FileCaller caller = call.Caller;
        error = kernel.Files.Walks.Walk(in caller, call.Context->CurrentDirectory, address.Name, WalkFlags.AllowMissing | WalkFlags.Name,
            out WalkResult found);
        if (error != Errno.Ok)
            return error;
        error = kernel.Files.SocketNames.BindToNode(in caller, socket, ref found, call.Context->Umask, address.Name);
        kernel.Files.Inodes.Release(ref found);
        return error;
    }

    private static SystemCallResult Listen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return Find(ref call, a->Int0, out _, out Socket* socket)
            ? kernel.Files.Connections.Listen(socket, Math.Min(a->UInt1, Socket.MaxBacklog), thread->Process) : call.Failure;
    }

    private static SystemCallResult Connect(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var address = default(SocketAddress);
        if (!Find(ref call, a->Int0, out OpenFile* file, out Socket* socket) || !address.Read(ref call, a->Arg1, a->Int2))
            return call.Failure;
        Socket* other = null;
        bool isDatagram = socket->Type == SocketType.Datagram;
        if (isDatagram && address.Length < SocketAddress.FamilyBytes)
            return Errno.EINVAL;
        if (!isDatagram || address.Family != SocketAddress.Unspecified)
        {
            Errno error = address.Check();
            if (error == Errno.Ok)
                error = NameIfAsked(ref call, socket);
            if (error == Errno.Ok)
                error = Resolve(ref call, ref address, socket->Type, out other);
            if (error != Errno.Ok)
                return error;
        }
        if (isDatagram)
            return kernel.Files.Connections.ConnectDatagrams(socket, other);
        Errno result = kernel.Files.Connections.Connect(socket, other, thread->Process);
        return result == Errno.EAGAIN && !file->IsNonBlocking
            ? kernel.Files.SocketWaits.Wait(thread, &other->Room, socket->Settings.SendTimeoutNanoseconds) : result;
    }

    private static SystemCallResult Accept(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Accept(kernel, thread, a, 0);

    private static SystemCallResult AcceptWithFlags(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt3 & ~KnownFlags) != 0 ? Errno.EINVAL : Accept(kernel, thread, a, a->UInt3);

    private static SystemCallResult Accept(LinuxKernel kernel, Thread* thread, SystemCallArguments* a, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (!Find(ref call, a->Int0, out OpenFile* file, out Socket* listener))
            return call.Failure;
        if (!Descriptors.FindFree(call.Table, 0, call.DescriptorLimit, out _))
            return Errno.EMFILE;
        if (!listener->IsConnectionBased)
            return Errno.EOPNOTSUPP;
        if (!listener->IsListening)
            return Errno.EINVAL;
        if (listener->FirstPending == null)
            return Await(ref call, file, listener);
        // A connection must not be lost because its address could not be told: what is wrong is told before it is taken.
        if (a->Arg1 != 0 && !SocketAddress.Write(ref call, NameOf(listener->FirstPending->Peer), a->Arg1, a->Arg2))
            return call.Failure;
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.SocketFiles.Accept(in caller, listener, flags, out OpenFile* accepted);
        return error == Errno.Ok ? EventCalls.Install(ref call, accepted, flags) : error;
    }

    private static SystemCallResult Await(ref FileCall call, OpenFile* file, Socket* listener)
    {
        if ((listener->Shut & SocketWays.Receive) != 0 && !file->IsNonBlocking)
            return Errno.EINVAL;
        return file->IsNonBlocking ? Errno.EAGAIN
            : call.Files.SocketWaits.Wait(call.Thread, &listener->Readable, listener->Settings.ReceiveTimeoutNanoseconds);
    }

    private static ReadOnlySpan<byte> NameOf(Socket* socket) => socket == null ? default : socket->NameBytes;

    private static SystemCallResult OwnName(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return Find(ref call, a->Int0, out _, out Socket* socket) && SocketAddress.Write(ref call, socket->NameBytes, a->Arg1, a->Arg2)
            ? Errno.Ok : call.Failure;
    }

    private static SystemCallResult PeerName(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!Find(ref call, a->Int0, out _, out Socket* socket))
            return call.Failure;
        if (socket->Peer == null)
            return Errno.ENOTCONN;
        return SocketAddress.Write(ref call, socket->Peer->NameBytes, a->Arg1, a->Arg2) ? Errno.Ok : call.Failure;
    }

    private static SystemCallResult ShutDown(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!Find(ref call, a->Int0, out _, out Socket* socket))
            return call.Failure;
        if (a->UInt1 >= (uint)SocketWays.Both)
            return Errno.EINVAL;
        kernel.Files.Connections.Shut(socket, (SocketWays)(a->UInt1 + 1));
        return Errno.Ok;
    }
}
