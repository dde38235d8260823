// Sending. Of a stream, pieces of what is sent go to the peer's queue as there is room for them in the sender's buffer, and the call's
// progress says how much has gone; a datagram goes whole. Nothing enters a queue before the program's memory, the pages of the queue and
// the objects for it are there. Errors come in Linux's order. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>What is sent, beside the bytes.</summary>
public unsafe struct SocketSend
{
    /// <summary>MSG_* (<see cref="SocketFlags"/>).</summary>
    public uint Flags;

    /// <summary>A name was given to send to.</summary>
    public bool HasName;

    /// <summary>Whom the message says it is from, if it says so.</summary>
    public bool HasUser;
    public MessageUser User;

    /// <summary>Open files that go with it (OpenFile*), in memory of the dispatch.</summary>
    public nint* Files;
    public int FileCount;

    /// <summary>How many files the user may have in messages.</summary>
    public ulong MostInFlight;
}

/// <summary>Sends through sockets.</summary>
public sealed unsafe class SocketSender(
    SocketBooks books, SocketBytes bytes, SocketQueue queue, SocketFlights flights, SocketConnections connections, SocketWaits waits)
{
    // What Linux keeps of a send buffer beside a message.
    private const uint BesideDatagram = 32;
    private const uint BesideStream = 64;

    /// <summary>
    /// Sends bytes of a stream. Who cannot send any more is told by SIGPIPE if the transfer ends with EPIPE.
    /// </summary>
    public SystemCallResult SendStream(Socket* socket, ref FileTransfer transfer, ref SocketSend send, bool mayWait)
    {
        Errno error = CheckStream(socket, in send);
        if (error != Errno.Ok)
            return error;
        if ((socket->Shut & SocketWays.Send) != 0)
            return transfer.Done > 0 ? transfer.Finish() : transfer.Finish(Errno.EPIPE);
        while (transfer.Remaining > 0)
        {
            if (transfer.Done > 0)
                send.FileCount = 0;
            uint length = (uint)Math.Min(transfer.Remaining, Math.Min((socket->Settings.SendBuffer >> 1) - BesideStream,
                SocketMessage.MaxStreamBytes));
            if (!HasRoom(socket, ref transfer, mayWait, out SystemCallResult failure))
                return failure;
            if (!MayFly(ref send))
                return transfer.Finish(Errno.ETOOMANYREFS);
            Socket* peer = socket->Peer;
            if (peer->IsDead || (peer->Shut & SocketWays.Receive) != 0)
                return transfer.Done > 0 ? transfer.Finish() : transfer.Finish(Errno.EPIPE);
            if (!Put(socket, peer, length, ref transfer, ref send, out failure))
                return failure;
            if (transfer.MustPause())
                return transfer.PauseInterruptibly();
        }
        return transfer.Finish();
    }

    private static Errno CheckStream(Socket* socket, in SocketSend send)
    {
        if ((send.Flags & SocketFlags.OutOfBand) != 0)
            return Errno.EOPNOTSUPP;
        if (send.HasName)
            return socket->IsConnected ? Errno.EISCONN : Errno.EOPNOTSUPP;
        return socket->Peer == null ? Errno.ENOTCONN : Errno.Ok;
    }

    /// <summary>
    /// What comes before a datagram is sent, and before it is known to whom: false with the failure of the call, or a wait for room.
    /// </summary>
    public bool PreparePacket(Socket* socket, ref FileTransfer transfer, ref SocketSend send, bool mayWait, out SystemCallResult failure)
    {
        failure = CheckPacket(socket, in send, transfer.Remaining);
        if (failure.IsError || !HasRoom(socket, ref transfer, mayWait, out failure))
            return false;
        failure = Errno.ETOOMANYREFS;
        if (!MayFly(ref send))
            return false;
        TransferStatus status = transfer.Prepare(transfer.Remaining, willGive: false);
        if (status != TransferStatus.Ok)
            failure = transfer.Stop(status);
        return status == TransferStatus.Ok;
    }

    private Errno CheckPacket(Socket* socket, in SocketSend send, ulong length)
    {
        if (socket->Type == SocketType.SequencedPacket)
        {
            Errno error = books.TakeError(socket);
            if (error != Errno.Ok)
                return error;
            if (!socket->IsConnected)
                return Errno.ENOTCONN;
        }
        if ((send.Flags & SocketFlags.OutOfBand) != 0)
            return Errno.EOPNOTSUPP;
        if (!send.HasName && socket->Peer == null)
            return Errno.ENOTCONN;
        return length > socket->Settings.SendBuffer - BesideDatagram ? Errno.EMSGSIZE : Errno.Ok;
    }

    /// <summary>
    /// Sends a datagram that is prepared: to another socket, or to the peer if that is null.
    /// </summary>
    public SystemCallResult SendPacket(Socket* socket, Socket* other, ref FileTransfer transfer, ref SocketSend send, bool mayWait)
    {
        bool isPeer = other == null;
        if (isPeer)
            other = socket->Peer;
        if (!SocketConnections.MaySend(socket, other))
            return Errno.EPERM;
        if (other->IsDead)
        {
            if (isPeer && socket->Type == SocketType.Datagram)
                connections.ConnectDatagrams(socket, null);
            return isPeer && socket->Type != SocketType.Datagram ? Errno.EPIPE : Errno.ECONNREFUSED;
        }
        if ((other->Shut & SocketWays.Receive) != 0)
            return Errno.EPIPE;
        if (other != socket && other->Peer != socket && other->IsFull)
            return mayWait ? waits.Wait(ref transfer, &other->Room, socket->Settings.SendTimeoutNanoseconds) : Errno.EAGAIN;
        return Put(socket, other, (uint)transfer.Remaining, ref transfer, ref send, out SystemCallResult failure)
            ? transfer.Finish() : failure;
    }

    // Room in the send buffer, or the end of the call, or a wait for it.
    private bool HasRoom(Socket* socket, ref FileTransfer transfer, bool mayWait, out SystemCallResult failure)
    {
        Errno error = books.TakeError(socket);
        if (error == Errno.Ok && (socket->Shut & SocketWays.Send) != 0)
            error = Errno.EPIPE;
        failure = transfer.Done > 0 ? SystemCallResult.Done((long)transfer.Done) : error;
        if (error != Errno.Ok)
            return false;
        if (socket->Charged < socket->Settings.SendBuffer)
            return true;
        failure = mayWait ? waits.Wait(ref transfer, &socket->Writable, socket->Settings.SendTimeoutNanoseconds)
            : transfer.Finish(Errno.EAGAIN);
        return false;
    }

    private bool MayFly(ref SocketSend send)
        => send.FileCount == 0 || (ulong)flights.CountOfUser <= send.MostInFlight;

    // Makes the next bytes of the transfer a message.
    private bool Put(
        Socket* socket, Socket* other, uint length, ref FileTransfer transfer, ref SocketSend send, out SystemCallResult failure)
    {
        TransferStatus status = transfer.Prepare(length, willGive: false);
        failure = status == TransferStatus.Ok ? default : transfer.Stop(status);
        if (status != TransferStatus.Ok)
            return false;
        failure = transfer.Finish(Errno.ENOBUFS);
        if (bytes.Reserve(other, length, out uint position) != MemoryStatus.Ok)
            return false;
        PageAccess access = bytes.Prepare(other, position, length, willWrite: true);
        if (access.Status == MemoryStatus.WouldBlock)
            failure = transfer.Stop(in access);
        SocketMessage* message = access.IsOk ? queue.Create() : null;
        if (message == null)
            return false;
        SocketRights* rights = send.FileCount == 0 ? null : flights.Create(new ReadOnlySpan<nint>(send.Files, send.FileCount));
        if (rights == null && send.FileCount > 0)
        {
            queue.Forget(message);
            return false;
        }
        message->Position = position;
        message->Length = length;
        message->User = UserOf(socket, other, in send, transfer.Thread);
        Take(other, position, length, ref transfer);
        queue.Append(other, socket, message, rights);
        return true;
    }

    private void Take(Socket* other, uint position, uint length, ref FileTransfer transfer)
    {
        for (uint done = 0; done < length;)
        {
            PageAccess access = bytes.Piece(other, position + done, length - done, willWrite: true, out Span<byte> piece);
            bool isTaken = access.IsOk && transfer.Take(piece) == TransferStatus.Ok;
            Panic.Unless(isTaken, "sockets: a prepared message could not be copied"u8);
            done += (uint)piece.Length;
        }
    }

    // Who asks to be told, and who may yet be asked, gets the real ids of who sends.
    private static MessageUser UserOf(Socket* socket, Socket* other, in SocketSend send, Thread* thread)
    {
        if (send.HasUser)
            return send.User;
        bool isAsked = socket->Has(SocketOptions.PassCredentials) || other->File == null || other->Has(SocketOptions.PassCredentials);
        if (!isAsked || thread == null)
            return MessageUser.Nobody;
        ref readonly Credentials credentials = ref thread->Process->Credentials;
        return new MessageUser { Pid = thread->Process->Id, Uid = credentials.RealUid, Gid = credentials.RealGid };
    }
}
