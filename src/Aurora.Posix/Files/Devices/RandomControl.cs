// ioctl on /dev/random and /dev/urandom (random(4)). The generator is seeded for good before any program runs, so there is nothing to
// count: who asks is told of a full pool, what is said about its size is checked and changes nothing, and bytes that are added are mixed
// in.
using System;
using System.Runtime.InteropServices;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Answers what root says to the random generator, and what anybody asks it.</summary>
internal sealed unsafe class RandomControl(RandomSource random, Transfers transfers)
{
    /// <summary>Bits in the pool, always.</summary>
    public const int PoolBits = 256;

    private const uint GetCount = 0x80045200;
    private const uint AddToCount = 0x40045201;
    private const uint AddEntropy = 0x40085203;
    private const uint ZapCount = 0x5204;
    private const uint ClearPool = 0x5206;
    private const uint Reseed = 0x5207;
    private const int PieceBytes = 512;

    /// <summary>struct rand_pool_info; the bytes follow.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PoolHeader
    {
        public const ulong Size = 8;

        public int Bits;
        public int Bytes;
    }

    public SystemCallResult Control(Thread* thread, uint command, ulong argument)
    {
        if (command == GetCount)
            return WriteCount(thread, argument);
        if (command is not (AddToCount or AddEntropy or ZapCount or ClearPool or Reseed))
            return Errno.EINVAL;
        if (!thread->Process->Credentials.Has(Capability.SysAdmin))
            return Errno.EPERM;
        return command switch
        {
            AddToCount => CheckCount(thread, argument),
            AddEntropy => Mix(thread, argument),
            // Every request takes a new key, and nothing that was mixed in can be taken out.
            _ => Errno.Ok,
        };
    }

    private SystemCallResult WriteCount(Thread* thread, ulong address)
    {
        int bits = PoolBits;
        var transfer = new FileTransfer(transfers, thread, address, sizeof(int), 0);
        TransferStatus status = transfer.Give(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in bits)));
        return status == TransferStatus.Ok ? Errno.Ok : transfer.Stop(status);
    }

    private SystemCallResult CheckCount(Thread* thread, ulong address)
    {
        int bits = 0;
        var transfer = new FileTransfer(transfers, thread, address, sizeof(int), 0);
        TransferStatus status = transfer.Take(MemoryMarshal.AsBytes(new Span<int>(ref bits)));
        return status != TransferStatus.Ok ? transfer.Stop(status) : bits < 0 ? Errno.EINVAL : Errno.Ok;
    }

    private SystemCallResult Mix(Thread* thread, ulong address)
    {
        PoolHeader header = default;
        var read = new FileTransfer(transfers, thread, address, PoolHeader.Size, 0);
        TransferStatus status = read.Take(MemoryMarshal.AsBytes(new Span<PoolHeader>(ref header)));
        if (status != TransferStatus.Ok)
            return read.Stop(status);
        if (header.Bits < 0 || header.Bytes < 0)
            return Errno.EINVAL;
        Span<byte> piece = stackalloc byte[PieceBytes];
        var transfer = new FileTransfer(transfers, thread, address + PoolHeader.Size, (ulong)header.Bytes, thread->Call.Progress);
        while (transfer.Remaining > 0)
        {
            Span<byte> part = piece[..(int)Math.Min(transfer.Remaining, PieceBytes)];
            status = transfer.Take(part);
            if (status != TransferStatus.Ok)
                return status == TransferStatus.Fault ? Errno.EFAULT : transfer.Stop(status);
            random.Reseed(part);
            if (transfer.MustPause())
                return transfer.Pause();
        }
        return Errno.Ok;
    }
}
