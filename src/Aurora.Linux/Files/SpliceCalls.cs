// splice, tee and vmsplice. Bytes are copied once, from the pages of the one side into those of the other; a page that is only shared, as
// Linux may leave it, would not be what a checkpoint saw. A call waits only while nothing can be moved at all: it keeps its files meanwhile
// (CallFiles), and Progress has what was moved when a page of a file made it wait in the middle. Errors come in Linux's order.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SpliceCalls
{
    private const uint NonBlocking = 2;
    private const uint KnownFlags = 15;

    // What tee copies in one call: both sides' pages must be there at once, since neither pipe moves before all of it has been copied.
    private const uint MostOfTee = 64 * 1024;

    public static void Register(SystemCallTable table)
    {
        table.Register(275, &Splice);
        table.Register(276, &Tee);
        table.Register(278, &SpliceMemory);
    }

    private static SystemCallResult Splice(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (a->Arg4 == 0)
            return 0L;
        if ((a->UInt5 & ~KnownFlags) != 0)
            return Errno.EINVAL;
        if (SyncCalls.IsAfterWrite(thread))
            return SyncCalls.AwaitWrite(kernel, thread);
        var call = new FileCall(kernel, thread);
        var copy = new CopyPositions
        {
            SourceAddress = a->Arg1,
            TargetAddress = a->Arg3,
            Length = Math.Min(a->Arg4, FileTransfer.MaxBytes),
        };
        if (!call.File(a->Int0, out copy.Source) || !call.File(a->Int2, out copy.Target))
            return call.Failure;
        bool fromPipe = copy.Source->Kind == FileKind.Pipe;
        bool toPipe = copy.Target->Kind == FileKind.Pipe;
        if ((fromPipe && copy.SourceIsPositioned) || (toPipe && copy.TargetIsPositioned))
            return Errno.ESPIPE;
        if (!copy.Read(ref call))
            return call.Failure;
        if (!copy.Source->IsReadable || !copy.Target->IsWritable)
            return Errno.EBADF;
        if (copy.Source->Inode->IsAnonymousFile || copy.Target->Inode->IsAnonymousFile)
            return Errno.EINVAL;
        bool isStarted = CopyPositions.IsStarted(thread);
        bool mayWait = (a->UInt5 & NonBlocking) == 0;
        bool mayWaitForBytes = mayWait && (isStarted || !copy.Source->IsNonBlocking);
        bool mayWaitForRoom = mayWait && (isStarted || !copy.Target->IsNonBlocking);
        if (fromPipe && toPipe)
            return BetweenPipes(ref call, ref copy, mayWaitForBytes && mayWaitForRoom);
        if (fromPipe)
            return FromPipe(ref call, ref copy, mayWaitForBytes);
        return toPipe ? IntoPipe(ref call, ref copy, mayWaitForRoom) : Errno.EINVAL;
    }

    // Reads the file straight into the pipe's pages, as far as there is room.
    private static SystemCallResult IntoPipe(ref FileCall call, ref CopyPositions copy, bool mayWait)
    {
        Pipe* pipe = copy.Target->Inode->Pipe;
        Thread* thread = call.Thread;
        FileOperations? operations = call.Files.OpenFiles.OperationsOf(copy.Source);
        if (operations is null || (copy.SourceIsPositioned && !operations.IsSeekable(copy.Source)) || !copy.AreValid)
            return Errno.EINVAL;
        copy.Start(ref call);
        SystemCallResult result = SystemCallResult.Done((long)thread->Call.Progress);
        while (thread->Call.Progress < copy.Length)
        {
            ulong before = thread->Call.Progress;
            if (!pipe->HasReader)
            {
                if (before == 0)
                    call.Kernel.Signals.Send(thread, SignalInfo.FromKernel(Signal.SIGPIPE));
                result = Errno.EPIPE;
                break;
            }
            if (pipe->Free == 0)
            {
                if (before == 0)
                    result = mayWait ? WaitOn(ref call, &pipe->Writable) : Errno.EAGAIN;
                break;
            }
            result = ReadIntoRoom(ref call, ref copy, pipe, operations);
            if (!copy.GoesOn(ref call, before, ref result))
                break;
        }
        return copy.Settle(ref call, result);
    }

    private static SystemCallResult ReadIntoRoom(ref FileCall call, ref CopyPositions copy, Pipe* pipe, FileOperations operations)
    {
        Thread* thread = call.Thread;
        ulong done = thread->Call.Progress;
        PageAccess page = call.Files.Pipes.Room(pipe, 0, out Span<byte> room);
        if (!call.Check(in page))
            return call.Failure;
        room = room[..(int)Math.Min((ulong)room.Length, copy.Length - done)];
        fixed (byte* memory = room)
        {
            var transfer = new FileTransfer(call.Files.Transfers, thread, memory, (ulong)room.Length, done)
            {
                IsPositioned = copy.SourceIsPositioned,
                Position = copy.SourceOffset + done,
            };
            SystemCallResult result = operations.Read(copy.Source, ref transfer);
            thread->Call.Progress = transfer.Done;
            call.Files.Pipes.Put(pipe, (uint)(transfer.Done - done));
            // Who has something to give does not wait for more.
            bool isShort = result.Outcome == SystemCallOutcome.Blocked && result.IsInterruptible && transfer.Done > 0;
            return isShort ? SystemCallResult.Done((long)transfer.Done) : result;
        }
    }

    private static SystemCallResult FromPipe(ref FileCall call, ref CopyPositions copy, bool mayWait)
    {
        Pipe* pipe = copy.Source->Inode->Pipe;
        Thread* thread = call.Thread;
        FileOperations? operations = call.Files.OpenFiles.OperationsOf(copy.Target);
        bool isPlaced = !copy.TargetIsPositioned || (operations is not null && operations.IsSeekable(copy.Target));
        bool refusesAppend = !CopyPositions.IsStarted(thread) && (copy.Target->Flags & OpenFlags.Append) != 0;
        if (operations is null || !isPlaced || refusesAppend || !copy.AreValid)
            return Errno.EINVAL;
        copy.Start(ref call);
        ulong start = thread->Call.Progress;
        SystemCallResult result = SystemCallResult.Done((long)start);
        while (thread->Call.Progress < copy.Length)
        {
            ulong before = thread->Call.Progress;
            if (pipe->Length == 0)
            {
                if (before == 0 && pipe->HasWriter)
                    result = mayWait ? WaitOn(ref call, &pipe->Readable) : Errno.EAGAIN;
                break;
            }
            result = WriteBytes(ref call, ref copy, pipe);
            if (!copy.GoesOn(ref call, before, ref result))
                break;
        }
        if (thread->Call.Progress != start)
            call.Files.Notices.Tell(copy.Target, InotifyMask.Modify);
        return copy.Settle(ref call, result);
    }

    private static SystemCallResult WriteBytes(ref FileCall call, ref CopyPositions copy, Pipe* pipe)
    {
        Thread* thread = call.Thread;
        ulong done = thread->Call.Progress;
        PageAccess page = call.Files.Pipes.Bytes(pipe, 0, out ReadOnlySpan<byte> bytes);
        if (!call.Check(in page))
            return call.Failure;
        bytes = bytes[..(int)Math.Min((ulong)bytes.Length, copy.Length - done)];
        fixed (byte* memory = bytes)
        {
            var transfer = new FileTransfer(call.Files.Transfers, thread, memory, (ulong)bytes.Length, done)
            {
                IsPositioned = copy.TargetIsPositioned,
                Position = copy.TargetOffset + done,
            };
            SystemCallResult result = ReadWriteCalls.MoveUntold(call.Kernel, copy.Target, ref transfer, isWrite: true);
            thread->Call.Progress = transfer.Done;
            call.Files.Pipes.Taken(pipe, (uint)(transfer.Done - done));
            return result;
        }
    }

    private static SystemCallResult BetweenPipes(ref FileCall call, ref CopyPositions copy, bool mayWait)
    {
        Pipe* source = copy.Source->Inode->Pipe;
        Pipe* target = copy.Target->Inode->Pipe;
        Thread* thread = call.Thread;
        if (source == target)
            return Errno.EINVAL;
        copy.Start(ref call);
        SystemCallResult result = default;
        while (thread->Call.Progress < copy.Length)
        {
            ulong before = thread->Call.Progress;
            if (!IsReady(ref call, source, target, mayWait, out result))
                break;
            result = PutBytes(ref call, ref copy, source, target);
            if (!copy.GoesOn(ref call, before, ref result))
                break;
        }
        ulong done = thread->Call.Progress;
        return result.Outcome == SystemCallOutcome.Done && done > 0 ? SystemCallResult.Done((long)done) : result;
    }

    private static SystemCallResult PutBytes(ref FileCall call, ref CopyPositions copy, Pipe* source, Pipe* target)
    {
        Thread* thread = call.Thread;
        ulong done = thread->Call.Progress;
        PageAccess page = call.Files.Pipes.Bytes(source, 0, out ReadOnlySpan<byte> bytes);
        if (!call.Check(in page))
            return call.Failure;
        fixed (byte* memory = bytes)
        {
            var transfer = new FileTransfer(call.Files.Transfers, thread, memory, Math.Min((ulong)bytes.Length, copy.Length - done), done);
            SystemCallResult result = call.Files.Pipes.PutSome(target, ref transfer, mayWait: false);
            thread->Call.Progress = transfer.Done;
            call.Files.Pipes.Taken(source, (uint)(transfer.Done - done));
            return result;
        }
    }

    // True when the one pipe has bytes and the other room. Otherwise the result of the call: what it has moved, the end, or a wait.
    private static bool IsReady(ref FileCall call, Pipe* source, Pipe* target, bool mayWait, out SystemCallResult result)
    {
        bool hasMoved = call.Thread->Call.Progress > 0;
        result = SystemCallResult.Done((long)call.Thread->Call.Progress);
        if (source->Length == 0)
        {
            if (!hasMoved && source->HasWriter)
                result = mayWait ? WaitOn(ref call, &source->Readable) : Errno.EAGAIN;
            return false;
        }
        if (!target->HasReader)
        {
            call.Kernel.Signals.Send(call.Thread, SignalInfo.FromKernel(Signal.SIGPIPE));
            result = hasMoved ? result : Errno.EPIPE;
            return false;
        }
        if (target->Free > 0)
            return true;
        if (!hasMoved)
            result = mayWait ? WaitOn(ref call, &target->Writable) : Errno.EAGAIN;
        return false;
    }

    private static SystemCallResult Tee(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if ((a->UInt3 & ~KnownFlags) != 0)
            return Errno.EINVAL;
        if (a->Arg2 == 0)
            return 0L;
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* source) || !call.File(a->Int1, out OpenFile* target))
            return call.Failure;
        if (!source->IsReadable || !target->IsWritable)
            return Errno.EBADF;
        if (source->Kind != FileKind.Pipe || target->Kind != FileKind.Pipe || source->Inode == target->Inode)
            return Errno.EINVAL;
        bool mayWait = (a->UInt3 & NonBlocking) == 0 && !source->IsNonBlocking && !target->IsNonBlocking;
        Pipe* from = source->Inode->Pipe;
        Pipe* to = target->Inode->Pipe;
        if (!IsReady(ref call, from, to, mayWait, out SystemCallResult result))
            return result;
        uint bytes = (uint)Math.Min(Math.Min(a->Arg2, MostOfTee), Math.Min(from->Length, to->Free));
        if (!CopyAhead(ref call, from, to, bytes, isOnlyPrepared: true) || !CopyAhead(ref call, from, to, bytes, isOnlyPrepared: false))
            return call.Failure;
        kernel.Files.Pipes.Put(to, bytes);
        return SystemCallResult.Done(bytes);
    }

    // Copies the first bytes of a pipe behind those of another; at first only makes all pages ready, so that then nothing waits.
    private static bool CopyAhead(ref FileCall call, Pipe* from, Pipe* to, uint bytes, bool isOnlyPrepared)
    {
        for (uint done = 0; done < bytes; )
        {
            PageAccess page = call.Files.Pipes.Room(to, done, out Span<byte> room);
            if (!call.Check(in page))
                return false;
            page = call.Files.Pipes.Bytes(from, done, out ReadOnlySpan<byte> piece);
            if (!call.Check(in page))
                return false;
            int count = (int)Math.Min(bytes - done, (uint)Math.Min(piece.Length, room.Length));
            if (!isOnlyPrepared)
                piece[..count].CopyTo(room);
            done += (uint)count;
        }
        return true;
    }

    private static SystemCallResult SpliceMemory(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if ((a->UInt3 & ~KnownFlags) != 0)
            return Errno.EINVAL;
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        if (a->Arg2 > FileState.MaxVectors)
            return Errno.EINVAL;
        var vectors = new Span<UserVector>(kernel.Files.Vectors, (int)a->Arg2);
        if (!call.ReadVectors(a->Arg1, vectors))
            return call.Failure;
        if (!ReadWriteCalls.AddUp(vectors, out ulong total))
            return Errno.EINVAL;
        if (total == 0)
            return 0L;
        if (file->Kind != FileKind.Pipe)
            return Errno.EBADF;
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, vectors.Length, total, thread->Call.Progress);
        bool mayWait = (a->UInt3 & NonBlocking) == 0;
        Pipe* pipe = file->Inode->Pipe;
        if (!file->IsWritable)
            return kernel.Files.Pipes.GiveSome(pipe, ref transfer, mayWait && !file->IsNonBlocking);
        SystemCallResult result = kernel.Files.Pipes.PutSome(pipe, ref transfer, mayWait);
        if (result.Outcome == SystemCallOutcome.Done && transfer.Error == Errno.EPIPE)
            kernel.Signals.Send(thread, SignalInfo.FromKernel(Signal.SIGPIPE));
        return result;
    }

    private static SystemCallResult WaitOn(ref FileCall call, WaitQueue* queue)
    {
        call.Kernel.Scheduler.BlockOn(call.Thread, queue);
        return SystemCallResult.Blocked;
    }
}
