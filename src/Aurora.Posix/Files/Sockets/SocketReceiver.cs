// Receiving. A read of a stream takes what messages there are, and ends where those of another sender begin, if it asks for senders, and
// behind open files; a datagram is read whole, and what does not fit is lost. Nothing is taken before the program's memory for it is there.
// Errors come in Linux's order. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>What is asked of a receive, and what comes beside the bytes.</summary>
public unsafe ref struct SocketReceive
{
    /// <summary>MSG_* (<see cref="SocketFlags"/>); when it is over, those of the message are in <see cref="Told"/>.</summary>
    public uint Flags;
    public uint Told;

    /// <summary>Whom it is from, if there was a message.</summary>
    public bool HasUser;
    public MessageUser User;

    /// <summary>Open files that came with it: whoever receives installs and ends them (<see cref="SocketFlights.End"/>).</summary>
    public SocketRights* Rights;

    /// <summary>The name of who has sent it, if a message was there.</summary>
    public bool HasName;
    public SocketName Name;

    public readonly bool IsPeek => (Flags & SocketFlags.Peek) != 0;
}

/// <summary>A name of a socket as it was.</summary>
public unsafe struct SocketName
{
    private fixed byte _bytes[Socket.MaxNameBytes];
    private int _length;

    /// <summary>Remembers the name of a socket.</summary>
    public void Take(Socket* socket)
    {
        _length = socket->NameLength;
        fixed (byte* bytes = _bytes)
            socket->NameBytes.CopyTo(new Span<byte>(bytes, Socket.MaxNameBytes));
    }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Bytes
    {
        get
        {
            fixed (byte* bytes = _bytes)
                return new ReadOnlySpan<byte>(bytes, _length);
        }
    }
}

/// <summary>Receives from sockets.</summary>
public sealed unsafe class SocketReceiver(
    FileState state, SocketBooks books, SocketBytes bytes, SocketQueue queue, SocketFlights flights, SocketWaits waits)
{
    // In the words of a call that waits for all it has asked for: there has been a message, and whom it was from.
    private const ulong HadUser = 1UL << 32;

    /// <summary>Lets go of files that nobody takes.</summary>
    public void EndRights(SocketRights* rights) => flights.End(rights);

    /// <summary>Receives bytes of a stream.</summary>
    public SystemCallResult ReceiveStream(Socket* socket, ref FileTransfer transfer, ref SocketReceive receive, bool mayWait)
    {
        if (!socket->IsConnected)
            return Errno.EINVAL;
        if ((receive.Flags & SocketFlags.OutOfBand) != 0)
            return Errno.EOPNOTSUPP;
        return receive.IsPeek
            ? PeekStream(socket, ref transfer, ref receive, mayWait) : ReadStream(socket, ref transfer, ref receive, mayWait);
    }

    private SystemCallResult ReadStream(Socket* socket, ref FileTransfer transfer, ref SocketReceive receive, bool mayWait)
    {
        bool waitsForAll = (receive.Flags & SocketFlags.WaitAll) != 0;
        ulong before = transfer.Done;
        ulong size = before + transfer.Remaining;
        ulong target = Math.Max(1, waitsForAll ? size : Math.Min(size, (ulong)socket->Settings.LowWater));
        if (waitsForAll && before > 0)
            RecallUser(transfer.Thread, ref receive);
        do
        {
            SocketMessage* message = socket->FirstMessage;
            if (message == null)
            {
                if (transfer.Done >= target)
                    break;
                return waitsForAll ? AwaitMore(socket, ref transfer, ref receive, mayWait) : AwaitFirst(socket, ref transfer, mayWait);
            }
            if (!IsOfSameUser(socket, message, ref receive))
                break;
            uint count = (uint)Math.Min(message->Left, transfer.Remaining);
            if (!Give(message, message->Consumed, count, ref transfer, out SystemCallResult failure))
            {
                if (waitsForAll)
                    KeepUser(transfer.Thread, in receive);
                return transfer.Done > before && !waitsForAll ? transfer.Finish() : failure;
            }
            if (!GoesOn(socket, message, count, ref receive))
                break;
        }
        while (transfer.Remaining > 0);
        return transfer.Finish();
    }

    // Takes what has been given of a message; false when the call ends with it.
    private bool GoesOn(Socket* socket, SocketMessage* message, uint count, ref SocketReceive receive)
    {
        TakeName(message, ref receive);
        MovePeekOffset(socket, -(long)count);
        receive.Rights = flights.Detach(message);
        if (count < message->Left)
        {
            queue.Consume(message, count);
            return false;
        }
        queue.Remove(message);
        return receive.Rights == null;
    }

    private SystemCallResult PeekStream(Socket* socket, ref FileTransfer transfer, ref SocketReceive receive, bool mayWait)
    {
        uint skipped = (uint)Math.Max(0, socket->Settings.PeekOffset);
        SocketMessage* message = socket->FirstMessage;
        while (message != null && skipped >= message->Left)
        {
            skipped -= message->Left;
            message = message->Next;
        }
        if (message == null)
            return AwaitFirst(socket, ref transfer, mayWait);
        for (; message != null && IsOfSameUser(socket, message, ref receive); message = message->Next)
        {
            uint count = (uint)Math.Min(message->Left - skipped, transfer.Remaining);
            if (!Give(message, message->Consumed + skipped, count, ref transfer, out SystemCallResult failure))
                return transfer.Done > 0 ? transfer.Finish() : failure;
            TakeName(message, ref receive);
            MovePeekOffset(socket, count);
            skipped = 0;
            if (message->Rights != null && !CopyRights(message, ref receive))
                return transfer.Finish(Errno.ENOMEM);
            if (message->Rights != null || transfer.Remaining == 0)
                break;
        }
        return transfer.Finish();
    }

    /// <summary>Receives a datagram.</summary>
    public SystemCallResult ReceivePacket(Socket* socket, ref FileTransfer transfer, ref SocketReceive receive, bool mayWait)
    {
        if (socket->Type == SocketType.SequencedPacket && !socket->IsConnected)
            return Errno.ENOTCONN;
        if ((receive.Flags & SocketFlags.OutOfBand) != 0)
            return Errno.EOPNOTSUPP;
        Errno error = books.TakeError(socket);
        if (error != Errno.Ok)
            return error;
        SocketMessage* message = FindPacket(socket, receive.IsPeek, out uint skipped);
        if (message == null)
            return AwaitPacket(socket, ref transfer, mayWait);
        uint left = message->Length - skipped;
        uint count = (uint)Math.Min(left, transfer.Remaining);
        if (!Give(message, skipped, count, ref transfer, out SystemCallResult failure))
            return failure;
        if (receive.IsPeek && message->Rights != null && !CopyRights(message, ref receive))
            return Errno.ENOMEM;
        if (count < left)
            receive.Told |= SocketFlags.Truncated;
        (receive.HasUser, receive.User) = (true, message->User);
        TakeName(message, ref receive);
        MovePeekOffset(socket, receive.IsPeek ? count : -(long)message->Length);
        if (!receive.IsPeek)
        {
            receive.Rights = flights.Detach(message);
            queue.Remove(message);
        }
        return SystemCallResult.Done((receive.Flags & SocketFlags.Truncated) != 0 ? left : count);
    }

    private static SocketMessage* FindPacket(Socket* socket, bool isPeek, out uint skipped)
    {
        skipped = isPeek ? (uint)Math.Max(0, socket->Settings.PeekOffset) : 0;
        SocketMessage* message = socket->FirstMessage;
        bool looksBehind = isPeek && socket->Settings.PeekOffset >= 0;
        while (looksBehind && message != null && skipped >= message->Length && (message->Length | skipped) != 0)
        {
            skipped -= message->Length;
            message = message->Next;
        }
        return message;
    }

    // Without a datagram. Where nothing more can come, a call that may wait ends, and of a connection any call.
    private SystemCallResult AwaitPacket(Socket* socket, ref FileTransfer transfer, bool mayWait)
    {
        bool isShut = (socket->Shut & SocketWays.Receive) != 0;
        if (isShut && (mayWait || socket->IsConnectionBased))
            return 0L;
        return mayWait ? waits.Wait(ref transfer, &socket->Readable, socket->Settings.ReceiveTimeoutNanoseconds) : Errno.EAGAIN;
    }

    // Without bytes of a stream.
    private SystemCallResult AwaitFirst(Socket* socket, ref FileTransfer transfer, bool mayWait)
    {
        Errno error = books.TakeError(socket);
        if (error != Errno.Ok || (socket->Shut & SocketWays.Receive) != 0)
            return transfer.Finish(error);
        return mayWait ? waits.Wait(ref transfer, &socket->Readable, socket->Settings.ReceiveTimeoutNanoseconds)
            : transfer.Finish(Errno.EAGAIN);
    }

    private SystemCallResult AwaitMore(Socket* socket, ref FileTransfer transfer, ref SocketReceive receive, bool mayWait)
    {
        KeepUser(transfer.Thread, in receive);
        return AwaitFirst(socket, ref transfer, mayWait);
    }

    // Who asks for senders gets bytes of one of them.
    private static bool IsOfSameUser(Socket* socket, SocketMessage* message, ref SocketReceive receive)
    {
        if (!socket->Has(SocketOptions.PassCredentials))
            return true;
        if (receive.HasUser)
            return receive.User.IsSameAs(in message->User);
        (receive.HasUser, receive.User) = (true, message->User);
        return true;
    }

    private static void KeepUser(Thread* thread, in SocketReceive receive)
    {
        if (thread == null || !receive.HasUser)
            return;
        thread->Call.Extra0 = HadUser | (uint)receive.User.Pid;
        thread->Call.Extra1 = ((ulong)receive.User.Uid << 32) | receive.User.Gid;
    }

    private static void RecallUser(Thread* thread, ref SocketReceive receive)
    {
        ref readonly CallContinuation call = ref thread->Call;
        if ((call.Extra0 & HadUser) == 0)
            return;
        receive.HasUser = true;
        receive.User = new MessageUser { Pid = (int)call.Extra0, Uid = (uint)(call.Extra1 >> 32), Gid = (uint)call.Extra1 };
    }

    private static void TakeName(SocketMessage* message, ref SocketReceive receive)
    {
        if (receive.HasName)
            return;
        receive.HasName = true;
        receive.Name.Take(message->Sender);
    }

    private void MovePeekOffset(Socket* socket, long bytes)
    {
        ref int offset = ref socket->Settings.PeekOffset;
        if (offset < 0 || bytes == 0)
            return;
        offset = (int)Math.Clamp(offset + bytes, 0, int.MaxValue);
        state.MarkChanged(&socket->Header);
    }

    // Who only looks gets the files too.
    private bool CopyRights(SocketMessage* message, ref SocketReceive receive)
    {
        Span<nint> files = stackalloc nint[SocketRights.MaxFiles];
        bool hasSockets = false;
        for (int i = 0; i < message->Rights->Count; i++)
        {
            files[i] = (nint)message->Rights->FileAt(i);
            hasSockets |= ((OpenFile*)files[i])->Kind == FileKind.Socket;
        }
        receive.Rights = flights.Create(files[..message->Rights->Count]);
        // He can reach them from here on, whatever a search has found so far.
        if (hasSockets && receive.Rights != null)
            flights.NoteChange(message->Receiver);
        return receive.Rights != null;
    }

    // Copies bytes of a message, all of them or none.
    private bool Give(SocketMessage* message, uint from, uint count, ref FileTransfer transfer, out SystemCallResult failure)
    {
        failure = default;
        TransferStatus status = transfer.Prepare(count, willGive: true);
        if (status != TransferStatus.Ok)
        {
            failure = transfer.Stop(status);
            return false;
        }
        PageAccess access = bytes.Prepare(message->Receiver, message->Position + from, count, willWrite: false);
        if (!access.IsOk)
        {
            failure = access.Status == MemoryStatus.OutOfMemory ? transfer.Finish(Errno.ENOMEM) : transfer.Stop(in access);
            return false;
        }
        for (uint done = 0; done < count;)
        {
            access = bytes.Piece(message->Receiver, message->Position + from + done, count - done, willWrite: false, out Span<byte> piece);
            bool isGiven = access.IsOk && transfer.Give(piece) == TransferStatus.Ok;
            Panic.Unless(isGiven, "sockets: a message that was there could not be copied"u8);
            done += (uint)piece.Length;
        }
        return true;
    }
}
