using System;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>/dev/null.</summary>
internal sealed unsafe class NullDevice : FileOperations
{
    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer) => 0L;

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        transfer.Skip(transfer.Remaining);
        return transfer.Finish();
    }

    public override bool IsSeekable(OpenFile* file) => true;
}

/// <summary>/dev/zero and /dev/full: both read as zeroes; the one swallows, the other has no room.</summary>
internal sealed unsafe class ZeroDevice(bool isFull) : FileOperations
{
    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        while (transfer.Remaining > 0)
        {
            TransferStatus status = transfer.GiveZeroes(Math.Min(transfer.Remaining, FileTransfer.StepBytes));
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            if (transfer.MustPause())
                return transfer.PauseInterruptibly();
        }
        return transfer.Finish();
    }

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        if (isFull)
            return Errno.ENOSPC;
        transfer.Skip(transfer.Remaining);
        return transfer.Finish();
    }

    public override bool IsSeekable(OpenFile* file) => true;
}

/// <summary>/dev/random and /dev/urandom, which are the same: the generator is seeded before any program runs. Writes add entropy.</summary>
internal sealed unsafe class RandomDevice(RandomSource random, RandomControl control) : FileOperations
{
    private const int PieceBytes = 512;

    public override SystemCallResult Control(OpenFile* file, Thread* thread, uint command, ulong argument)
        => control.Control(thread, command, argument);

    // As on Linux, only the one that could once run dry can be watched; it is readable.
    public override bool CanPoll(OpenFile* file) => file->Inode->Device == DeviceNumber.Random;

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
        => CanPoll(file) ? PollEvents.Readable : base.Poll(file, interest, waiter);

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (transfer.Remaining > 0)
        {
            Span<byte> part = piece[..(int)Math.Min(transfer.Remaining, PieceBytes)];
            TransferStatus status = transfer.Prepare((ulong)part.Length, willGive: true);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            random.Fill(part);
            status = transfer.Give(part);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            if (transfer.MustPause())
                return transfer.PauseInterruptibly();
        }
        piece.Clear();
        return transfer.Finish();
    }

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (transfer.Remaining > 0)
        {
            Span<byte> part = piece[..(int)Math.Min(transfer.Remaining, PieceBytes)];
            TransferStatus status = transfer.Take(part);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            random.Reseed(part);
            if (transfer.MustPause())
                return transfer.PauseInterruptibly();
        }
        return transfer.Finish();
    }
}
