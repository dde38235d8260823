// Moving bytes from file to file inside the kernel: sendfile and copy_file_range. The source's pages are the transfer's memory, so there is
// one copy.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class CopyCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(40, &SendFile);
        table.Register(326, &CopyRange);
    }

    private static SystemCallResult SendFile(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var copy = new CopyPositions { SourceAddress = a->Arg2, Length = Math.Min(a->Arg3, FileTransfer.MaxBytes) };
        if (SyncCalls.IsAfterWrite(thread))
            return SyncCalls.AwaitWrite(kernel, thread);
        if (!copy.Read(ref call) || !call.File(a->Int1, out copy.Source))
            return call.Failure;
        if (!copy.Source->IsReadable)
            return Errno.EBADF;
        if (copy.SourceIsPositioned
            && (kernel.Files.OpenFiles.OperationsOf(copy.Source) is not { } operations || !operations.IsSeekable(copy.Source)))
            return Errno.ESPIPE;
        if (!copy.AreValid)
            return Errno.EINVAL;
        if (!call.File(a->Int0, out copy.Target))
            return call.Failure;
        if (!copy.Target->IsWritable)
            return Errno.EBADF;
        bool refusesAppend = !CopyPositions.IsStarted(thread) && copy.Target->Kind != FileKind.Pipe
            && (copy.Target->Flags & OpenFlags.Append) != 0;
        bool isPossible = copy.Source->Kind == FileKind.Regular && !copy.Target->Inode->IsAnonymousFile;
        return !isPossible || refusesAppend ? Errno.EINVAL : Run(ref call, ref copy);
    }

    private static SystemCallResult CopyRange(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var copy = new CopyPositions
        {
            SourceAddress = a->Arg1,
            TargetAddress = a->Arg3,
            Length = Math.Min(a->Arg4, FileTransfer.MaxBytes),
        };
        if (SyncCalls.IsAfterWrite(thread))
            return SyncCalls.AwaitWrite(kernel, thread);
        if (!call.File(a->Int0, out copy.Source) || !call.File(a->Int2, out copy.Target) || !copy.Read(ref call))
            return call.Failure;
        if (a->UInt5 != 0)
            return Errno.EINVAL;
        if (copy.Source->Kind == FileKind.Directory || copy.Target->Kind == FileKind.Directory)
            return Errno.EISDIR;
        if (copy.Source->Kind != FileKind.Regular || copy.Target->Kind != FileKind.Regular)
            return Errno.EINVAL;
        if (CopyPositions.IsStarted(thread) && copy.AreValid)
            return Run(ref call, ref copy);
        if (!copy.Source->IsReadable || !copy.Target->IsWritable || (copy.Target->Flags & OpenFlags.Append) != 0)
            return Errno.EBADF;
        if (!copy.AreValid)
            return Errno.EINVAL;
        ulong from = copy.SourceIsPositioned ? copy.SourceOffset : copy.Source->Offset;
        ulong to = copy.TargetIsPositioned ? copy.TargetOffset : copy.Target->Offset;
        if (from + a->Arg4 < from || to + a->Arg4 < to)
            return Errno.EOVERFLOW;
        // What there is now is what is copied: not what the call itself puts behind it. The call's own word keeps that.
        copy.Length = Math.Min(copy.Length, copy.Source->Inode->Size > from ? copy.Source->Inode->Size - from : 0);
        if (copy.Source->Inode == copy.Target->Inode && from < to + copy.Length && to < from + copy.Length)
            return Errno.EINVAL;
        a->Arg4 = copy.Length;
        return Run(ref call, ref copy);
    }

    private static SystemCallResult Run(ref FileCall call, ref CopyPositions copy)
    {
        Thread* thread = call.Thread;
        copy.Start(ref call);
        ulong start = thread->Call.Progress;
        SystemCallResult result = SystemCallResult.Done((long)start);
        while (thread->Call.Progress < copy.Length)
        {
            ulong before = thread->Call.Progress;
            result = Step(ref call, ref copy);
            if (!copy.GoesOn(ref call, before, ref result))
                break;
        }
        if (thread->Call.Progress != start)
        {
            call.Files.Notices.Tell(copy.Source, InotifyMask.Access);
            call.Files.Notices.Tell(copy.Target, InotifyMask.Modify);
        }
        return copy.Settle(ref call, result);
    }

    // Moves what one page of the source holds. Done: the bytes moved by the whole call so far.
    private static SystemCallResult Step(ref FileCall call, ref CopyPositions copy)
    {
        FileServices files = call.Files;
        Thread* thread = call.Thread;
        ulong done = thread->Call.Progress;
        Inode* source = copy.Source->Inode;
        ulong position = copy.SourceIsPositioned ? copy.SourceOffset + done : copy.Source->Offset;
        if (position >= source->Size)
            return SystemCallResult.Done((long)done);
        int start = (int)(position & PageSize.OffsetMask);
        ulong bytes = Math.Min(Math.Min(copy.Length - done, source->Size - position), (ulong)(PageSize.Bytes - start));
        byte* memory = files.ZeroPage;
        if (source->Data != null)
        {
            PageAccess page = files.Memory.Pages.GetForRead(source->Data, position >> PageSize.Shift);
            if (!call.Check(in page))
                return call.Failure;
            memory = page.Address;
        }
        var transfer = new FileTransfer(files.Transfers, thread, memory + start, bytes, done)
        {
            IsPositioned = copy.TargetIsPositioned,
            Position = copy.TargetOffset + done,
        };
        SystemCallResult result = ReadWriteCalls.MoveUntold(call.Kernel, copy.Target, ref transfer, isWrite: true);
        // The source moves with what the target took, also when the target then has to wait.
        thread->Call.Progress = transfer.Done;
        if (!copy.SourceIsPositioned && transfer.Done != done)
        {
            copy.Source->Offset = position + (transfer.Done - done);
            files.MarkChanged(&copy.Source->Header);
        }
        return result.IsError ? result : result.Outcome == SystemCallOutcome.Done ? SystemCallResult.Done((long)transfer.Done) : result;
    }
}
