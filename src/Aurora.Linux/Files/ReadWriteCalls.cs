// read, write and their vectored and positioned forms.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class ReadWriteCalls
{
    private const ulong AppendFlag = 0x10;
    private const ulong KnownFlags = 0x1F;

    public static void Register(SystemCallTable table)
    {
        table.Register(0, &Read);
        table.Register(1, &Write);
        table.Register(17, &PositionedRead);
        table.Register(18, &PositionedWrite);
        table.Register(19, &ReadVector);
        table.Register(20, &WriteVector);
        table.Register(295, &PositionedReadVector);
        table.Register(296, &PositionedWriteVector);
        table.Register(327, &PositionedReadVector2);
        table.Register(328, &PositionedWriteVector2);
    }

    /// <summary>Moves bytes between an open file and a transfer, after the checks common to all these calls.</summary>
    public static SystemCallResult Move(LinuxKernel kernel, OpenFile* file, ref FileTransfer transfer, bool isWrite)
    {
        if (isWrite ? !file->IsWritable : !file->IsReadable)
            return Errno.EBADF;
        FileOperations? operations = kernel.Files.OperationsOf(file);
        if (operations is null)
            return Errno.ENXIO;
        if (transfer.IsPositioned && !operations.IsSeekable(file))
            return Errno.ESPIPE;
        SystemCallResult result = isWrite ? operations.Write(file, ref transfer) : operations.Read(file, ref transfer);
        if (isWrite && transfer.Thread != null)
            RaiseWriteSignal(kernel, transfer.Thread, result, transfer.Error);
        return result;
    }

    private static SystemCallResult Read(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Single(kernel, thread, a->Int0, a->Arg1, a->Arg2, false, 0, isWrite: false);

    private static SystemCallResult Write(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Single(kernel, thread, a->Int0, a->Arg1, a->Arg2, false, 0, isWrite: true);

    private static SystemCallResult PositionedRead(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Single(kernel, thread, a->Int0, a->Arg1, a->Arg2, true, (long)a->Arg3, isWrite: false);

    private static SystemCallResult PositionedWrite(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Single(kernel, thread, a->Int0, a->Arg1, a->Arg2, true, (long)a->Arg3, isWrite: true);

    private static SystemCallResult ReadVector(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, false, 0, isWrite: false);

    private static SystemCallResult WriteVector(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, false, 0, isWrite: true);

    private static SystemCallResult PositionedReadVector(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, true, (long)a->Arg3, isWrite: false);

    private static SystemCallResult PositionedWriteVector(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, true, (long)a->Arg3, isWrite: true);

    private static SystemCallResult PositionedReadVector2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => CheckFlags(a) is var error && error != Errno.Ok ? error
            : Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3 != ulong.MaxValue, (long)a->Arg3, isWrite: false);

    private static SystemCallResult PositionedWriteVector2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => CheckFlags(a) is var error && error != Errno.Ok ? error
            : Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3 != ulong.MaxValue, (long)a->Arg3, isWrite: true);

    // RWF_HIPRI, DSYNC, SYNC and NOWAIT only hint; RWF_APPEND would need a write of its own kind.
    private static Errno CheckFlags(SystemCallArguments* a)
        => (a->Arg5 & ~KnownFlags) != 0 || (a->Arg5 & AppendFlag) != 0 ? Errno.EOPNOTSUPP : Errno.Ok;

    private static SystemCallResult Single(
        LinuxKernel kernel, Thread* thread, int descriptor, ulong address, ulong length, bool isPositioned, long position, bool isWrite)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(descriptor, out OpenFile* file))
            return call.Failure;
        if (isPositioned && position < 0)
            return Errno.EINVAL;
        if ((long)length < 0)
            return Errno.EINVAL;
        ulong done = thread->Call.Progress;
        var transfer = new FileTransfer(kernel.Files, kernel.Files.User, thread, address, length, done)
        {
            IsPositioned = isPositioned,
            Position = (ulong)position + done,
        };
        return Move(kernel, file, ref transfer, isWrite);
    }

    private static SystemCallResult Vector(
        LinuxKernel kernel, Thread* thread, int descriptor, ulong address, int count, bool isPositioned, long position, bool isWrite)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(descriptor, out OpenFile* file))
            return call.Failure;
        if (count is < 0 or > FileServices.MaxVectors || (isPositioned && position < 0))
            return Errno.EINVAL;
        // One copy serves the whole dispatch: what a read stores may be the vector itself.
        var vectors = new Span<UserVector>(kernel.Files.Vectors, count);
        if (!call.ReadVectors(address, vectors))
            return call.Failure;
        if (!AddUp(vectors, out ulong total))
            return Errno.EINVAL;
        ulong done = thread->Call.Progress;
        var transfer = new FileTransfer(kernel.Files, kernel.Files.User, thread, count, total, done)
        {
            IsPositioned = isPositioned,
            Position = (ulong)position + done,
        };
        return Move(kernel, file, ref transfer, isWrite);
    }

    private static bool AddUp(scoped ReadOnlySpan<UserVector> vectors, out ulong total)
    {
        total = 0;
        foreach (ref readonly UserVector vector in vectors)
        {
            if ((long)vector.Length < 0 || (long)(total + vector.Length) < 0)
                return false;
            total += vector.Length;
        }
        return true;
    }

    // A pipe without readers is told about even when some bytes went in before; the size limit only when nothing could be written.
    private static void RaiseWriteSignal(LinuxKernel kernel, Thread* thread, SystemCallResult result, Errno error)
    {
        if (result.Outcome != SystemCallOutcome.Done)
            return;
        if (error == Errno.EPIPE)
            kernel.Signals.Send(thread, SignalInfo.FromKernel(Signal.SIGPIPE));
        else if (error == Errno.EFBIG && result.IsError)
            kernel.Signals.Send(thread, SignalInfo.FromKernel(Signal.SIGXFSZ));
    }
}
