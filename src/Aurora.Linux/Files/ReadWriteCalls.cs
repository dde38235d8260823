// read, write and their vectored and positioned forms. Errors come in the order in which Linux looks for them.
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
    private const uint SyncFlags = 6;
    private const uint NoWaitFlag = 8;
    private const uint AppendFlag = 0x10;
    private const uint KnownFlags = 0x1F;

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

    /// <summary>
    /// Moves bytes between an open file and a transfer, after the checks common to all these calls, and tells those who watch the file.
    /// </summary>
    public static SystemCallResult Move(LinuxKernel kernel, OpenFile* file, ref FileTransfer transfer, bool isWrite)
    {
        ulong before = transfer.Done;
        SystemCallResult result = MoveUntold(kernel, file, ref transfer, isWrite);
        if (transfer.Done != before)
            kernel.Files.Notices.Tell(file, isWrite ? InotifyMask.Modify : InotifyMask.Access);
        return result;
    }

    /// <summary>As <see cref="Move"/>, but nobody is told: a call that moves many pieces tells of them together.</summary>
    public static SystemCallResult MoveUntold(LinuxKernel kernel, OpenFile* file, ref FileTransfer transfer, bool isWrite)
    {
        if (isWrite ? !file->IsWritable : !file->IsReadable)
            return Errno.EBADF;
        FileOperations? operations = kernel.Files.OpenFiles.OperationsOf(file);
        if (operations is null)
            return Errno.ENXIO;
        if (transfer.IsPositioned && file->Kind != FileKind.Regular && !operations.IsSeekable(file))
            return Errno.ESPIPE;
        // Positions are signed, but for those of memory files. Others may have moved the file's own since the call began: what it has done
        // counts.
        if (file->Kind == FileKind.Regular && (long)((transfer.IsPositioned ? transfer.Position : file->Offset) + transfer.Remaining) < 0)
            return transfer.Finish(Errno.EINVAL);
        SystemCallResult result = isWrite ? operations.Write(file, ref transfer) : operations.Read(file, ref transfer);
        if (isWrite && transfer.Thread != null)
            RaiseWriteSignal(kernel, transfer.Thread, result, transfer.Error, transfer.IsOverLimit);
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
        => Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3 != ulong.MaxValue, (long)a->Arg3, isWrite: false, a->UInt5);

    private static SystemCallResult PositionedWriteVector2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Vector(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3 != ulong.MaxValue, (long)a->Arg3, isWrite: true, a->UInt5);

    private static SystemCallResult Single(
        LinuxKernel kernel, Thread* thread, int descriptor, ulong address, ulong length, bool isPositioned, long position, bool isWrite)
    {
        if (isPositioned && position < 0)
            return Errno.EINVAL;
        var call = new FileCall(kernel, thread);
        if (!Begin(ref call, descriptor, isPositioned, isWrite, out OpenFile* file))
            return call.Failure;
        if ((long)length < 0)
            return Errno.EINVAL;
        ulong done = thread->Call.Progress;
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, address, length, done)
        {
            IsPositioned = isPositioned,
            Position = (ulong)position + done,
        };
        SystemCallResult result = Move(kernel, file, ref transfer, isWrite);
        return isWrite ? SyncCalls.AfterWrite(kernel, thread, file, isAsked: false, result) : result;
    }

    private static SystemCallResult Vector(
        LinuxKernel kernel, Thread* thread, int descriptor, ulong address, int count, bool isPositioned, long position, bool isWrite,
        uint flags = 0)
    {
        if (isPositioned && position < 0)
            return Errno.EINVAL;
        var call = new FileCall(kernel, thread);
        if (!Begin(ref call, descriptor, isPositioned, isWrite, out OpenFile* file))
            return call.Failure;
        if (count is < 0 or > FileState.MaxVectors)
            return Errno.EINVAL;
        // One copy serves the whole dispatch: what a read stores may be the vector itself.
        var vectors = new Span<UserVector>(kernel.Files.Vectors, count);
        if (!call.ReadVectors(address, vectors))
            return call.Failure;
        if (!AddUp(vectors, out ulong total))
            return Errno.EINVAL;
        if (isWrite ? !file->IsWritable : !file->IsReadable)
            return Errno.EBADF;
        if (flags != 0 && !Takes(file, flags, isWrite))
            return Errno.EOPNOTSUPP;
        // The end of a file has been read too, and what was asked for may be nothing.
        if (total == 0 && !isWrite)
            kernel.Files.Notices.Tell(file, InotifyMask.Access);
        if (total == 0 && file->Inode->IsAnonymousFile && (!isWrite || file->Kind == FileKind.EventCounter))
            return 0L;
        ulong done = thread->Call.Progress;
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, count, total, done)
        {
            IsPositioned = isPositioned,
            Position = (ulong)position + done,
            IsAppending = (flags & AppendFlag) != 0,
            MustNotWait = (flags & NoWaitFlag) != 0,
        };
        SystemCallResult result = Move(kernel, file, ref transfer, isWrite);
        if (!isWrite && total != 0 && result.Outcome == SystemCallOutcome.Done && result.Value == 0)
            kernel.Files.Notices.Tell(file, InotifyMask.Access);
        return isWrite ? SyncCalls.AfterWrite(kernel, thread, file, (flags & SyncFlags) != 0, result) : result;
    }

    // The descriptor's file; a write that only waits for its commit is over before anything else is looked at. Who has no position cannot
    // be asked for one, whatever it was opened for.
    private static bool Begin(ref FileCall call, int descriptor, bool isPositioned, bool isWrite, out OpenFile* file)
    {
        if (!call.File(descriptor, out file))
            return false;
        if (isWrite && SyncCalls.IsAfterWrite(call.Thread))
        {
            call.Failure = SyncCalls.AwaitWrite(call.Kernel, call.Thread);
            return false;
        }
        call.Failure = Errno.ESPIPE;
        return !isPositioned || call.Files.OpenFiles.OperationsOf(file) is not { } operations || operations.IsSeekable(file);
    }

    // RWF_HIPRI only hints. RWF_NOWAIT is for reads of files: a write may have to wait for more than pages.
    private static bool Takes(OpenFile* file, uint flags, bool isWrite)
        => (flags & ~KnownFlags) == 0 && ((flags & NoWaitFlag) == 0 || (!isWrite && file->Kind == FileKind.Regular));

    public static bool AddUp(scoped ReadOnlySpan<UserVector> vectors, out ulong total)
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
    private static void RaiseWriteSignal(LinuxKernel kernel, Thread* thread, SystemCallResult result, Errno error, bool isOverLimit)
    {
        if (result.Outcome != SystemCallOutcome.Done)
            return;
        if (error == Errno.EPIPE)
            kernel.Signals.Send(thread, SignalInfo.FromKernel(Signal.SIGPIPE));
        else if (isOverLimit && result.IsError)
            kernel.Signals.Send(thread, SignalInfo.FromKernel(Signal.SIGXFSZ));
    }
}
