// A socket as an open file. Reads and writes are receives and sends without anything beside the bytes. What it is ready for is what Linux
// says of it, bit by bit. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Operations on sockets.</summary>
public sealed unsafe class SocketOperations(
    SocketSender sender, SocketReceiver receiver, SocketClosing closing, UserMemory user, ThreadWaker waker) : FileOperations
{
    // SIOCOUTQ, and FIONREAD of a listener, which has nothing to read.
    private const uint UnreadByOthers = 0x5411;
    private const uint Readable = 0x541B;

    private const PollEvents Writable = PollEvents.Writable | PollEvents.WriteBand;

    /// <summary>What /proc shows of a socket cannot be opened.</summary>
    public override Errno Open(OpenFile* file, in FileCaller caller) => Errno.ENXIO;

    public override void Close(OpenFile* file) => closing.Close(file);

    public override bool IsSound(OpenFile* file)
        => file->Attachment != null && file->Attachment->Kind == ObjectKind.Socket && Of(file)->File == file;

    public override void Restored(OpenFile* file)
    {
        if (Of(file)->Type == SocketType.Datagram && SocketRoom.IsPeerFull(Of(file)))
            SocketRoom.Enlist(Of(file));
    }

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        if (transfer.Remaining == 0)
            return transfer.Finish();
        var receive = default(SocketReceive);
        SystemCallResult result = Receive(file, ref transfer, ref receive, transfer.MayWait);
        if (receive.Rights != null)
            receiver.EndRights(receive.Rights);
        return result;
    }

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        Socket* socket = Of(file);
        var send = default(SocketSend);
        bool mayWait = !file->IsNonBlocking && transfer.MayWait;
        if (socket->Type == SocketType.Stream)
            return sender.SendStream(socket, ref transfer, ref send, mayWait);
        return sender.PreparePacket(socket, ref transfer, ref send, mayWait, out SystemCallResult failure)
            ? sender.SendPacket(socket, null, ref transfer, ref send, mayWait) : failure;
    }

    /// <summary>Receives from a socket of any type.</summary>
    public SystemCallResult Receive(OpenFile* file, ref FileTransfer transfer, ref SocketReceive receive, bool mayWait)
    {
        Socket* socket = Of(file);
        mayWait &= !file->IsNonBlocking && (receive.Flags & SocketFlags.DontWait) == 0;
        return socket->Type == SocketType.Stream ? receiver.ReceiveStream(socket, ref transfer, ref receive, mayWait)
            : receiver.ReceivePacket(socket, ref transfer, ref receive, mayWait);
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        Socket* socket = Of(file);
        if (waiter != null)
        {
            waker.BlockOn(waiter, &socket->Readable);
            waker.BlockOn(waiter, &socket->Writable);
        }
        PollEvents ready = socket->Error != 0 ? PollEvents.Error : PollEvents.None;
        if ((socket->Shut & SocketWays.Receive) != 0)
            ready |= PollEvents.ReadHangUp | PollEvents.Readable;
        if (socket->Shut == SocketWays.Both || (socket->IsConnectionBased && socket->State == SocketState.Closed))
            ready |= PollEvents.HangUp;
        if (socket->FirstMessage != null || socket->FirstPending != null)
            ready |= PollEvents.Readable;
        return CanSend(socket) ? ready | Writable : ready;
    }

    // A datagram socket with a peer that takes nothing now hears of it when that changes.
    private static bool CanSend(Socket* socket)
    {
        if (!socket->HasRoom)
            return false;
        if (socket->Type == SocketType.Stream || !SocketRoom.IsPeerFull(socket))
            return true;
        SocketRoom.Enlist(socket);
        return false;
    }

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
    {
        waker.Listen(watch, &Of(file)->Readable, (uint)PollEvents.Readable);
        waker.Listen(watch, &Of(file)->Writable, (uint)Writable);
    }

    public override bool CanWatch(OpenFile* file) => true;

    public override bool Watch(OpenFile* file)
        => waker.Watch(&file->Watcher, &Of(file)->Readable, OpenFile.PostedIn)
            && waker.Watch(&file->Watcher, &Of(file)->Writable, OpenFile.PostedOut);

    // Of datagrams, what the first one has.
    public override long ReadableBytes(OpenFile* file)
    {
        Socket* socket = Of(file);
        if (socket->IsListening)
            return -1;
        long bytes = 0;
        for (SocketMessage* message = socket->FirstMessage; message != null; message = message->Next)
        {
            bytes += message->Left;
            if (socket->Type == SocketType.Datagram)
                break;
        }
        return bytes;
    }

    public override SystemCallResult Control(OpenFile* file, Thread* thread, uint command, ulong argument)
    {
        Socket* socket = Of(file);
        if (command == Readable && socket->IsListening)
            return Errno.EINVAL;
        if (command != UnreadByOthers)
            return Errno.ENOTTY;
        AccessResult access = user.Write((AddressSpace*)thread->Process->AddressSpace, new VirtualAddress(argument), (int)socket->Charged);
        if (access.Status == MemoryStatus.WouldBlock)
        {
            waker.BlockOn(thread, access.Wait);
            return SystemCallResult.BlockedUninterruptible;
        }
        return access.IsOk ? Errno.Ok : access.Status == MemoryStatus.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
    }

    internal static Socket* Of(OpenFile* file) => (Socket*)file->Attachment;
}
