// sendto, sendmsg, recvfrom, recvmsg. Their many-message forms are in SocketManyCalls. A call that waits for more of a stream has what it
// has moved in its progress, and what came beside the bytes with the first of them; a datagram is moved in one dispatch. What must be
// written to the program beside the bytes is made ready before anything is taken.
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SocketTransferCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(44, &SendTo);
        table.Register(45, &ReceiveFrom);
        table.Register(46, &SendMessage);
        table.Register(47, &ReceiveMessage);
        SocketManyCalls.Register(table);
    }

    private static SystemCallResult SendTo(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!SocketCalls.Find(ref call, a->Int0, out OpenFile* file, out Socket* socket))
            return call.Failure;
        var address = default(SocketAddress);
        bool hasName = a->Arg4 != 0 && a->Int5 != 0;
        if (a->Arg4 != 0 && !address.Read(ref call, a->Arg4, a->Int5))
            return call.Failure;
        if ((long)a->Arg2 < 0)
            return Errno.EINVAL;
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, a->Arg1, a->Arg2, thread->Call.Progress);
        var send = new SocketSend { Flags = a->UInt3, HasName = hasName };
        return Send(ref call, file, socket, ref address, ref transfer, ref send);
    }

    private static SystemCallResult SendMessage(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return SocketCalls.Find(ref call, a->Int0, out OpenFile* file, out Socket* socket)
            ? SendMessage(ref call, file, socket, a->Arg1, a->UInt2) : call.Failure;
    }

    /// <summary>Sends one message that a header of the program describes.</summary>
    public static SystemCallResult SendMessage(ref FileCall call, OpenFile* file, Socket* socket, ulong headerAddress, uint flags)
    {
        if (!MessageVectors.Read(ref call, headerAddress, out LinuxMessageHeader header, out int count, out ulong total))
            return call.Failure;
        var address = default(SocketAddress);
        if (header.NameLength > 0 && !address.Read(ref call, header.Name, header.NameLength))
            return call.Failure;
        nint* files = stackalloc nint[SocketRights.MaxFiles];
        var send = new SocketSend { Flags = flags, HasName = header.NameLength > 0, Files = files };
        ulong done = call.Thread->Call.Progress;
        // What went with the first bytes is on its way.
        if (done == 0 && !SocketControl.Read(ref call, in header, ref send))
            return call.Failure;
        var transfer = new FileTransfer(call.Files.Transfers, call.Thread, count, total, done);
        return Send(ref call, file, socket, ref address, ref transfer, ref send);
    }

    private static SystemCallResult Send(
        ref FileCall call, OpenFile* file, Socket* socket, ref SocketAddress address, ref FileTransfer transfer, ref SocketSend send)
    {
        bool mayWait = !file->IsNonBlocking && (send.Flags & SocketFlags.DontWait) == 0;
        bool isUnlimited = call.Caller.Has(Capability.SysResource) || call.Caller.Has(Capability.SysAdmin);
        send.MostInFlight = isUnlimited ? ulong.MaxValue : call.DescriptorLimit;
        if (socket->Type != SocketType.Stream)
            return SendPacket(ref call, socket, ref address, ref transfer, ref send, mayWait);
        SystemCallResult result = call.Files.SocketSender.SendStream(socket, ref transfer, ref send, mayWait);
        bool isBroken = result.Outcome == SystemCallOutcome.Done && transfer.Error == Errno.EPIPE;
        if (isBroken && (send.Flags & SocketFlags.NoSignal) == 0)
            call.Kernel.Signals.Send(call.Thread, SignalInfo.FromKernel(Signal.SIGPIPE));
        return result;
    }

    private static SystemCallResult SendPacket(
        ref FileCall call, Socket* socket, ref SocketAddress address, ref FileTransfer transfer, ref SocketSend send, bool mayWait)
    {
        // Who is connected for good sends there, whatever the address says.
        send.HasName &= socket->Type == SocketType.Datagram;
        Errno error = Errno.Ok;
        if (send.HasName && (send.Flags & SocketFlags.OutOfBand) == 0)
            error = address.Check();
        if (error == Errno.Ok && socket->Type == SocketType.Datagram && (send.HasName || socket->Peer != null))
            error = SocketCalls.NameIfAsked(ref call, socket);
        if (error != Errno.Ok)
            return error;
        if (!call.Files.SocketSender.PreparePacket(socket, ref transfer, ref send, mayWait, out SystemCallResult failure))
            return failure;
        Socket* other = null;
        if (send.HasName)
            error = SocketCalls.Resolve(ref call, ref address, socket->Type, out other);
        return error != Errno.Ok ? error : call.Files.SocketSender.SendPacket(socket, other, ref transfer, ref send, mayWait);
    }

    private static SystemCallResult ReceiveFrom(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!SocketCalls.Find(ref call, a->Int0, out OpenFile* file, out _))
            return call.Failure;
        if ((long)a->Arg2 < 0)
            return Errno.EINVAL;
        int room = 0;
        if (a->Arg4 != 0 && !ProbeName(ref call, a->Arg4, a->Arg5, out room))
            return call.Failure;
        var receive = new SocketReceive { Flags = a->UInt3 };
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, a->Arg1, a->Arg2, thread->Call.Progress);
        SystemCallResult result = kernel.Files.Sockets.Receive(file, ref transfer, ref receive, mayWait: true);
        if (receive.Rights != null)
            kernel.Files.Flights.End(receive.Rights);
        if (result.Outcome == SystemCallOutcome.Done && !result.IsError && a->Arg4 != 0)
            call.Write(a->Arg5, WriteName(ref call, ref receive, a->Arg4, room));
        return result;
    }

    // What of a name can be told is told after the bytes: that must not fail then.
    private static bool ProbeName(ref FileCall call, ulong address, ulong lengthAddress, out int room)
    {
        if (!call.Read(lengthAddress, out room))
            return false;
        call.Failure = Errno.EINVAL;
        return room >= 0 && call.Probe(lengthAddress, sizeof(int), willWrite: true)
            && (room == 0 || call.Probe(address, (ulong)Math.Min(room, SocketAddress.FamilyBytes + Socket.MaxNameBytes), willWrite: true));
    }

    // A sender without a name has no address at all.
    private static int WriteName(ref FileCall call, ref SocketReceive receive, ulong address, int room)
    {
        ReadOnlySpan<byte> name = receive.HasName ? receive.Name.Bytes : default;
        if (name.IsEmpty)
            return 0;
        Span<byte> bytes = stackalloc byte[SocketAddress.FamilyBytes + Socket.MaxNameBytes];
        int length = SocketAddress.Format(name, bytes);
        call.WriteBytes(address, bytes[..Math.Min(room, length)]);
        return length;
    }

    private static SystemCallResult ReceiveMessage(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return SocketCalls.Find(ref call, a->Int0, out OpenFile* file, out Socket* socket)
            ? ReceiveMessage(ref call, file, socket, a->Arg1, a->UInt2) : call.Failure;
    }

    /// <summary>Receives one message where a header of the program says, and completes the header.</summary>
    public static SystemCallResult ReceiveMessage(ref FileCall call, OpenFile* file, Socket* socket, ulong headerAddress, uint flags)
    {
        if (!MessageVectors.Read(ref call, headerAddress, out LinuxMessageHeader header, out int count, out ulong total))
            return call.Failure;
        int room = Math.Min(header.NameLength, SocketAddress.FamilyBytes + Socket.MaxNameBytes);
        bool isReady = call.Probe(headerAddress, LinuxMessageHeader.Bytes, willWrite: true)
            && (room == 0 || call.Probe(header.Name, (ulong)room, willWrite: true)) && SocketControl.Probe(ref call, in header);
        if (!isReady)
            return call.Failure;
        var receive = new SocketReceive { Flags = flags };
        var transfer = new FileTransfer(call.Files.Transfers, call.Thread, count, total, call.Thread->Call.Progress);
        SystemCallResult result = call.Files.Sockets.Receive(file, ref transfer, ref receive, mayWait: true);
        if (result.Outcome != SystemCallOutcome.Done || result.IsError)
        {
            if (receive.Rights != null)
                call.Files.Flights.End(receive.Rights);
            return result;
        }
        if (header.Name != 0)
            header.NameLength = WriteName(ref call, ref receive, header.Name, room);
        SocketControl.Write(ref call, socket, ref header, ref receive);
        header.Flags = receive.Told | (flags & SocketFlags.CloseOnExec);
        call.Write(headerAddress, in header);
        return result;
    }
}
