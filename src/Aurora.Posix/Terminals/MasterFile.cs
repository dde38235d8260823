// The master of a pseudo-terminal as an open file. What it reads is what programs have written to the terminal, as it went through output
// processing; what it writes is typed there. In packet mode each read begins with a byte: what has happened to the terminal, alone, or zero
// before data. When the last who had the terminal open has closed it, and all has been read, reads fail until somebody opens it again.
using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>Serves /dev/ptmx.</summary>
public sealed unsafe class MasterFile(
    TerminalService terminals, MasterControl control, ThreadScheduler scheduler, TrackedObjects tracked) : FileOperations
{
    private const int PieceBytes = 256;

    // What the discipline does for one write before others have their turn (TerminalInput.Receive).
    private const long WorkAtOnce = 4096;

    /// <inheritdoc/>
    public override Errno Open(OpenFile* file, in FileCaller caller) => terminals.Pseudo.Make(file, in caller);

    /// <inheritdoc/>
    public override void Close(OpenFile* file) => terminals.Pseudo.CloseMaster(Of(file));

    /// <inheritdoc/>
    public override bool IsSound(OpenFile* file) => IsOfPseudo(file) && Of(file)->Pseudo.Masters == 1;

    /// <inheritdoc/>
    public override bool Linked(OpenFile* file) => IsOfPseudo(file) && ++Of(file)->Pseudo.Masters == 1;

    /// <inheritdoc/>
    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        Terminal* terminal = Of(file);
        if (transfer.Remaining == 0)
            return 0;
        bool hasPackets = terminal->Pseudo.Is(PseudoTerminalFlags.Packets);
        if (hasPackets && terminal->Pseudo.Status != PacketStatus.None)
            return GiveStatus(terminal, ref transfer);
        if (terminal->Unread == 0)
        {
            return terminal->Pseudo.Is(PseudoTerminalFlags.Left) ? transfer.Finish(Errno.EIO)
                : file->IsNonBlocking ? transfer.Finish(Errno.EAGAIN) : transfer.Wait(&terminal->Pseudo.MasterReaders);
        }
        return Give(terminal, ref transfer, hasPackets);
    }

    /// <inheritdoc/>
    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        Terminal* terminal = Of(file);
        Span<byte> piece = stackalloc byte[PieceBytes];
        long work = WorkAtOnce;
        while (transfer.Remaining > 0)
        {
            Span<byte> part = piece[..(int)Math.Min(transfer.Remaining, PieceBytes)];
            TransferStatus status = transfer.Prepare((ulong)part.Length, willGive: false);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            // Only what goes in has been written.
            FileTransfer ahead = transfer;
            status = ahead.Take(part);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            int taken = Type(terminal, part, ref work);
            if (taken == 0)
                return file->IsNonBlocking ? transfer.Finish(Errno.EAGAIN) : transfer.Wait(&terminal->Pseudo.MasterWriters);
            transfer.Skip((ulong)taken);
            // A line that is longer than the ring is looked through for its end, however long it is; what is typed over it takes longer.
            if ((work <= 0 || terminal->InputRoom <= 1) && transfer.Remaining > 0 && transfer.Thread != null)
                return transfer.PauseInterruptibly();
        }
        return transfer.Finish();
    }

    /// <inheritdoc/>
    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        Terminal* terminal = Of(file);
        if (waiter != null)
            scheduler.BlockOn(waiter, &terminal->Pseudo.MasterReaders);
        if (waiter != null && (interest & PollEvents.Writable) != 0)
            scheduler.BlockOn(waiter, &terminal->Pseudo.MasterWriters);
        PollEvents events = terminal->Unread > 0 ? PollEvents.Readable : PollEvents.None;
        if (terminal->Pseudo.Is(PseudoTerminalFlags.Packets) && terminal->Pseudo.Status != PacketStatus.None)
            events |= PollEvents.Priority | PollEvents.Readable;
        if (terminal->Pseudo.Is(PseudoTerminalFlags.Left))
            events |= PollEvents.HangUp;
        return HasRoom(terminal) ? events | PollEvents.Writable : events;
    }

    /// <inheritdoc/>
    public override bool CanPoll(OpenFile* file) => true;

    /// <inheritdoc/>
    public override void Listen(OpenFile* file, ReadyWatch* watch)
    {
        scheduler.Listen(watch, &Of(file)->Pseudo.MasterReaders, (uint)PollEvents.Readable);
        scheduler.Listen(watch, &Of(file)->Pseudo.MasterWriters, (uint)PollEvents.Writable);
    }

    /// <inheritdoc/>
    public override bool CanWatch(OpenFile* file) => true;

    /// <inheritdoc/>
    public override bool Watch(OpenFile* file)
        => scheduler.Watch(&file->Watcher, &Of(file)->Pseudo.MasterReaders, OpenFile.PostedIn);

    /// <inheritdoc/>
    public override SystemCallResult Control(OpenFile* file, Thread* thread, uint command, ulong argument)
        => control.Control(thread, Of(file), command, argument);

    /// <inheritdoc/>
    public override long ReadableBytes(OpenFile* file) => Of(file)->Unread;

    private static Terminal* Of(OpenFile* file) => (Terminal*)file->Attachment;

    private static bool IsOfPseudo(OpenFile* file)
        => file->Attachment != null && file->Attachment->Kind == ObjectKind.Terminal && Of(file)->IsPseudo;

    private static bool HasRoom(Terminal* terminal)
        => !terminal->Pseudo.Is(PseudoTerminalFlags.MasterStopped) && TerminalInput.CanReceive(terminal);

    // What waits behind a full ring may contain a signal that empties it.
    private int Type(Terminal* terminal, ReadOnlySpan<byte> bytes, ref long work)
    {
        if (terminal->Pseudo.Is(PseudoTerminalFlags.MasterStopped))
            return 0;
        int taken = terminals.Input.Receive(terminal, bytes, ref work);
        return taken != 0 ? taken : terminals.Input.ReceiveSignal(terminal, bytes);
    }

    private SystemCallResult GiveStatus(Terminal* terminal, ref FileTransfer transfer)
    {
        byte status = (byte)terminal->Pseudo.Status;
        TransferStatus given = transfer.Give(new ReadOnlySpan<byte>(in status));
        if (given != TransferStatus.Ok)
            return transfer.Stop(given);
        terminal->Pseudo.Status = PacketStatus.None;
        tracked.MarkChanged(&terminal->Header);
        return transfer.Finish();
    }

    private SystemCallResult Give(Terminal* terminal, ref FileTransfer transfer, bool isPacket)
    {
        int head = isPacket ? 1 : 0;
        int count = (int)Math.Min(transfer.Remaining - (ulong)head, (ulong)terminal->Unread);
        TransferStatus status = transfer.Prepare((ulong)(head + count), willGive: true);
        if (status == TransferStatus.Ok && isPacket)
            status = transfer.GiveZeroes(1);
        Span<byte> piece = stackalloc byte[PieceBytes];
        for (int given = 0; given < count && status == TransferStatus.Ok; given += PieceBytes)
        {
            Span<byte> part = piece[..Math.Min(PieceBytes, count - given)];
            for (int i = 0; i < part.Length; i++)
                part[i] = *TerminalRings.ScreenByte(terminal, terminal->Pseudo.MasterTail + (ulong)(given + i));
            status = transfer.Give(part);
        }
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        terminal->Pseudo.MasterTail += (ulong)count;
        tracked.MarkChanged(&terminal->Header);
        scheduler.Wake(&terminal->Pseudo.Room);
        return transfer.Finish();
    }
}
