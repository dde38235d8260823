// Mounting, which nobody may, since the tree is the group's one tree; and getrandom.
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class OtherCalls
{
    private const uint KnownRandomFlags = 7;
    private const uint InsecureRandom = 4;
    private const uint TrueRandom = 2;
    private const int PieceBytes = 256;

    public static void Register(SystemCallTable table)
    {
        table.Register(155, &NotPermitted);
        table.Register(165, &NotPermitted);
        table.Register(166, &NotPermitted);
        table.Register(318, &GetRandom);
    }

    private static SystemCallResult NotPermitted(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Errno.EPERM;

    private static SystemCallResult GetRandom(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if ((a->UInt2 & ~KnownRandomFlags) != 0 || (a->UInt2 & (InsecureRandom | TrueRandom)) == (InsecureRandom | TrueRandom))
            return Errno.EINVAL;
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, a->Arg0, Math.Min(a->Arg1, int.MaxValue), thread->Call.Progress);
        Span<byte> piece = stackalloc byte[PieceBytes];
        while (transfer.Remaining > 0)
        {
            Span<byte> part = piece[..(int)Math.Min(transfer.Remaining, PieceBytes)];
            TransferStatus status = transfer.Prepare((ulong)part.Length, willGive: true);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            kernel.Files.Random.Fill(part);
            status = transfer.Give(part);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            if (transfer.MustPause())
                return transfer.PauseInterruptibly();
        }
        piece.Clear();
        return transfer.Finish();
    }
}
