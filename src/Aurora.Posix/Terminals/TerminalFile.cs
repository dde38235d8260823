// The terminal as an open file: reads and writes of programs, readiness, and which terminal an open gets. /dev/console and /dev/ttyS0 are the
// console; a node of /dev/pts is its pseudo-terminal; /dev/tty is the controlling terminal of whoever opens it. The terminal is the open
// file's attachment, captured by id. When its master has been closed a pseudo-terminal is as Linux leaves it: reads find the end, but those
// that waited fail, and so does all else.
using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>Serves the terminal devices (<see cref="TerminalDrivers"/>).</summary>
public sealed unsafe class TerminalFile : FileOperations
{
    private const int PieceBytes = 256;
    private const int LongestExpansion = 8;

    private readonly TerminalService _terminals;
    private readonly ThreadScheduler _scheduler;
    private readonly TerminalControl _control;

    public TerminalFile(TerminalService terminals, ThreadScheduler scheduler, TerminalControl control)
    {
        _terminals = terminals;
        _scheduler = scheduler;
        _control = control;
    }

    /// <inheritdoc/>
    public override Errno Open(OpenFile* file, in FileCaller caller)
    {
        Inode* inode = file->Inode;
        bool isOwn = inode->Device == DeviceNumber.ControllingTerminal;
        bool isNode = DeviceNumber.Major(inode->Device) == DeviceNumber.PseudoTerminals;
        Terminal* terminal = isNode ? (Terminal*)inode->Terminal : !isOwn ? _terminals.ConsoleOf(&file->Header)
            : caller.Thread == null ? null : TerminalJobs.ControllingTerminal(caller.Thread);
        if (terminal == null)
            return isNode ? Errno.EIO : Errno.ENXIO;
        Errno error = _terminals.Pseudo.Open(terminal, in caller);
        if (error != Errno.Ok)
            return error;
        file->Attachment = &terminal->Header;
        if (!isOwn && caller.Thread != null && (file->Flags & OpenFlags.NoControllingTerminal) == 0)
            _terminals.Jobs.Opened(caller.Thread, terminal, file->IsReadable);
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override void Close(OpenFile* file)
    {
        if (Of(file)->IsPseudo)
            _terminals.Pseudo.Close(Of(file));
    }

    /// <inheritdoc/>
    public override bool Linked(OpenFile* file)
    {
        if (!IsSound(file))
            return false;
        if (Of(file)->IsPseudo)
            Of(file)->Pseudo.Slaves++;
        return true;
    }

    /// <summary>The attachment may come from a record: everything here takes it for a terminal.</summary>
    public override bool IsSound(OpenFile* file)
    {
        if (file->Attachment == null || file->Attachment->Kind != ObjectKind.Terminal)
            return false;
        if (file->Inode->Device == DeviceNumber.ControllingTerminal)
            return true;
        return file->Inode->IsTerminal ? Of(file)->IsPseudo && Of(file)->Pseudo.Device == file->Inode->Device : !Of(file)->IsPseudo;
    }

    /// <inheritdoc/>
    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        Terminal* terminal = Of(file);
        if (terminal->IsHungUp)
            return IsUnderWay(transfer.Thread) ? transfer.Finish(Errno.EIO) : 0;
        Errno error = IsUnderWay(transfer.Thread) ? Errno.Ok : _terminals.Jobs.CheckRead(transfer.Thread, terminal);
        if (error != Errno.Ok)
            return transfer.Finish(error);
        int wanted = (int)Math.Min(transfer.Remaining, Terminal.InputBytes);
        if (wanted == 0)
            return 0;
        switch (TerminalReads.Readable(terminal, wanted, out int count))
        {
            case ReadReadiness.Bytes:
                return Give(terminal, ref transfer, count);
            case ReadReadiness.EndOfFile:
                if (terminal->HasLine)
                    _terminals.Reads.Consume(terminal, 0);
                return 0;
            default:
                return AwaitInput(file, terminal, ref transfer, wanted);
        }
    }

    /// <inheritdoc/>
    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        Terminal* terminal = Of(file);
        if (terminal->IsHungUp)
            return transfer.Finish(Errno.EIO);
        Errno error = IsUnderWay(transfer.Thread) ? Errno.Ok : _terminals.Jobs.CheckWrite(transfer.Thread, terminal);
        if (error != Errno.Ok)
            return transfer.Finish(error);
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (transfer.Remaining > 0)
        {
            int room = terminal->IsOutputStopped ? 0 : _terminals.Line.RoomOf(terminal) / LongestExpansion;
            int count = (int)Math.Min(transfer.Remaining, (ulong)Math.Min(room, PieceBytes));
            if (count == 0)
                return AwaitRoom(file, terminal, ref transfer);
            // The bytes are taken only if all of them go out now.
            TransferStatus status = transfer.Prepare((ulong)count, willGive: false);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            status = transfer.Take(piece[..count]);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            int written = _terminals.Output.Write(terminal, piece[..count]);
            Panic.Unless(written == count, "terminal: took bytes it had no room for"u8);
            // What becomes nothing takes no room.
            if (transfer.MustPause())
                return transfer.PauseInterruptibly();
        }
        return transfer.Finish();
    }

    /// <inheritdoc/>
    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        Terminal* terminal = Of(file);
        if (waiter != null && ((interest & PollEvents.Readable) != 0 || terminal->IsPseudo))
            _scheduler.BlockOn(waiter, &terminal->Readers);
        if (waiter != null && (interest & PollEvents.Writable) != 0)
        {
            _scheduler.BlockOn(waiter, &terminal->Writers);
            _scheduler.BlockOn(waiter, _terminals.Line.SpaceOf(terminal));
        }
        if (terminal->IsHungUp)
            return PollEvents.Readable | PollEvents.Writable | PollEvents.Error | PollEvents.HangUp;
        return (TerminalReads.CanRead(terminal) ? PollEvents.Readable : PollEvents.None)
            | (_terminals.Output.CanWrite(terminal) ? PollEvents.Writable : PollEvents.None);
    }

    /// <inheritdoc/>
    public override bool CanPoll(OpenFile* file) => true;

    /// <inheritdoc/>
    public override void Listen(OpenFile* file, ReadyWatch* watch)
    {
        Terminal* terminal = Of(file);
        _scheduler.Listen(watch, &terminal->Readers, (uint)PollEvents.Readable);
        _scheduler.Listen(watch, &terminal->Writers, (uint)PollEvents.Writable);
        _scheduler.Listen(watch, _terminals.Line.SpaceOf(terminal), (uint)PollEvents.Writable);
    }

    /// <inheritdoc/>
    public override bool CanWatch(OpenFile* file) => true;

    /// <inheritdoc/>
    public override bool Watch(OpenFile* file) => _scheduler.Watch(&file->Watcher, &Of(file)->Readers, OpenFile.PostedIn);

    /// <inheritdoc/>
    public override SystemCallResult Control(OpenFile* file, Thread* thread, uint command, ulong argument)
        => !Of(file)->IsHungUp ? _control.Control(thread, Of(file), command, argument, file->IsReadable)
            : command == TerminalControl.SetForeground ? Errno.ENOTTY : Errno.EIO;

    /// <inheritdoc/>
    public override long ReadableBytes(OpenFile* file)
    {
        if (Of(file)->IsHungUp)
            return -1;
        TerminalReads.Readable(Of(file), Terminal.InputBytes, out int count);
        return count;
    }

    private static Terminal* Of(OpenFile* file) => (Terminal*)file->Attachment;

    // Job control is looked at when a call begins, and again when a signal or a stop has begun it anew, but not when it goes on after a
    // wait: who has become a background process since goes on waiting (n_tty_read, n_tty_write).
    private static bool IsUnderWay(Thread* thread) => thread == null || thread->Call.Phase == CallContinuation.TerminalPhase;

    private static SystemCallResult Sleep(ref FileTransfer transfer, WaitQueue* queue)
    {
        transfer.Thread->Call.Phase = CallContinuation.TerminalPhase;
        return transfer.Wait(queue);
    }

    private SystemCallResult Give(Terminal* terminal, ref FileTransfer transfer, int count)
    {
        TransferStatus status = transfer.Prepare((ulong)count, willGive: true);
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        Span<byte> piece = stackalloc byte[PieceBytes];
        for (int given = 0; given < count; given += PieceBytes)
        {
            int bytes = Math.Min(PieceBytes, count - given);
            TerminalReads.Peek(terminal, given, piece[..bytes]);
            status = transfer.Give(piece[..bytes]);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
        }
        _terminals.Reads.Consume(terminal, count);
        return transfer.Finish();
    }

    // VTIME: the deadline is the call's, and starts again with each byte when there is a minimum.
    private SystemCallResult AwaitInput(OpenFile* file, Terminal* terminal, ref FileTransfer transfer, int wanted)
    {
        bool isRaw = !terminal->Settings.IsCanonical;
        int present = isRaw ? Math.Min(wanted, terminal->InputCount) : 0;
        if (file->IsNonBlocking || transfer.Thread == null)
            return present > 0 ? Give(terminal, ref transfer, present) : Errno.EAGAIN;
        ulong timeout = TerminalReads.TimeoutNanoseconds(terminal);
        if (timeout == 0)
            return present > 0 ? Give(terminal, ref transfer, present) : 0;
        Thread* thread = transfer.Thread;
        if (timeout != ulong.MaxValue)
        {
            ulong now = _scheduler.NowOf(thread);
            if (thread->Call.DeadlineNanoseconds == 0 || thread->Call.Extra0 != (ulong)present)
            {
                thread->Call.DeadlineNanoseconds = now + timeout;
                thread->Call.Extra0 = (ulong)present;
            }
            if (now >= thread->Call.DeadlineNanoseconds)
                return present > 0 ? Give(terminal, ref transfer, present) : 0;
            _scheduler.BlockUntil(thread, thread->Call.DeadlineNanoseconds);
        }
        return Sleep(ref transfer, &terminal->Readers);
    }

    private SystemCallResult AwaitRoom(OpenFile* file, Terminal* terminal, ref FileTransfer transfer)
    {
        if (file->IsNonBlocking || transfer.Thread == null)
            return transfer.Finish(Errno.EAGAIN);
        if (terminal->IsOutputStopped)
            return Sleep(ref transfer, &terminal->Writers);
        return Sleep(ref transfer, _terminals.Line.SpaceOf(terminal));
    }
}
