// Moving bytes from file to file inside the kernel: sendfile and copy_file_range. The source's pages are the transfer's memory, so there is
// one copy. Extra0 and Extra1 of the call keep the starting positions it was given, Progress what has moved from them. splice and its kin are refused in the way programs know to fall back from.
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
    private const byte StartedPhase = 1;

    public static void Register(SystemCallTable table)
    {
        table.Register(40, &SendFile);
        table.Register(275, &Refuse);
        table.Register(276, &Refuse);
        table.Register(278, &Refuse);
        table.Register(326, &CopyRange);
    }

    /// <summary>Two ends of a copy; a null offset address means the file's own position.</summary>
    private ref struct Copy
    {
        public OpenFile* Source;
        public OpenFile* Target;
        public bool SourceIsPositioned;
        public bool TargetIsPositioned;
        public ulong SourceOffset;
        public ulong TargetOffset;
        public ulong Length;
    }

    private static SystemCallResult Refuse(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Errno.EINVAL;

    private static SystemCallResult SendFile(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var copy = new Copy { SourceIsPositioned = a->Arg2 != 0, Length = Math.Min(a->Arg3, FileTransfer.MaxBytes) };
        if (!call.File(a->Int1, out copy.Source) || !call.File(a->Int0, out copy.Target))
            return call.Failure;
        if (!copy.Source->IsReadable || !copy.Target->IsWritable)
            return Errno.EBADF;
        if (copy.Source->Kind != FileKind.Regular || (copy.Target->Flags & OpenFlags.Append) != 0)
            return Errno.EINVAL;
        if (!ReadOffset(ref call, a->Arg2, ref thread->Call.Extra0, out copy.SourceOffset))
            return call.Failure;
        return Run(ref call, ref copy, a->Arg2, 0);
    }

    private static SystemCallResult CopyRange(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var copy = new Copy
        {
            SourceIsPositioned = a->Arg1 != 0,
            TargetIsPositioned = a->Arg3 != 0,
            Length = Math.Min(a->Arg4, FileTransfer.MaxBytes),
        };
        if (a->UInt5 != 0)
            return Errno.EINVAL;
        if (!call.File(a->Int0, out copy.Source) || !call.File(a->Int2, out copy.Target))
            return call.Failure;
        if (!copy.Source->IsReadable || !copy.Target->IsWritable || (copy.Target->Flags & OpenFlags.Append) != 0)
            return Errno.EBADF;
        if (copy.Source->Kind != FileKind.Regular || copy.Target->Kind != FileKind.Regular)
            return copy.Source->Kind == FileKind.Directory || copy.Target->Kind == FileKind.Directory ? Errno.EISDIR : Errno.EINVAL;
        if (!ReadOffset(ref call, a->Arg1, ref thread->Call.Extra0, out copy.SourceOffset)
            || !ReadOffset(ref call, a->Arg3, ref thread->Call.Extra1, out copy.TargetOffset))
            return call.Failure;
        ulong from = copy.SourceIsPositioned ? copy.SourceOffset : copy.Source->Offset;
        ulong to = copy.TargetIsPositioned ? copy.TargetOffset : copy.Target->Offset;
        bool isStarted = thread->Call.Progress != 0;
        if (!isStarted && copy.Source->Inode == copy.Target->Inode && from < to + copy.Length && to < from + copy.Length)
            return Errno.EINVAL;
        return Run(ref call, ref copy, a->Arg1, a->Arg3);
    }

    // Reads a starting position, once: further dispatches have it in the call's own words, whatever the program's memory says by then.
    private static bool ReadOffset(ref FileCall call, ulong address, ref ulong kept, out ulong offset)
    {
        offset = kept;
        if (address == 0)
            return true;
        // Probed for writing, so that handing the new offset back at the end cannot fail after the bytes have moved.
        if (!call.Probe(address, sizeof(ulong), willWrite: true))
            return false;
        if (call.Thread->Call.Phase != 0)
            return true;
        if (!call.Read(address, out offset))
            return false;
        kept = offset;
        if ((long)offset >= 0)
            return true;
        call.Failure = Errno.EINVAL;
        return false;
    }

    private static SystemCallResult Run(ref FileCall call, ref Copy copy, ulong sourceAddress, ulong targetAddress)
    {
        Thread* thread = call.Thread;
        thread->Call.Phase = StartedPhase;
        ulong nextStep = thread->Call.Progress + FileTransfer.StepBytes;
        SystemCallResult result = SystemCallResult.Done((long)thread->Call.Progress);
        while (thread->Call.Progress < copy.Length)
        {
            ulong before = thread->Call.Progress;
            result = Step(ref call, ref copy);
            if (result.Outcome != SystemCallOutcome.Done || result.IsError || thread->Call.Progress == before)
                break;
            if (thread->Call.Progress < nextStep || thread->Call.Progress == copy.Length)
                continue;
            nextStep = thread->Call.Progress + FileTransfer.StepBytes;
            if (call.Files.Preemption.IsDue)
            {
                result = SystemCallResult.Again;
                break;
            }
        }
        return Settle(ref call, in copy, sourceAddress, targetAddress, result);
    }

    // Positions given by address follow the bytes also when the call must wait: a signal may end it there.
    private static SystemCallResult Settle(ref FileCall call, in Copy copy, ulong sourceAddress, ulong targetAddress, SystemCallResult result)
    {
        ulong done = call.Thread->Call.Progress;
        bool isWritten = (sourceAddress == 0 || call.Write(sourceAddress, copy.SourceOffset + done))
            && (targetAddress == 0 || call.Write(targetAddress, copy.TargetOffset + done));
        if (result.Outcome != SystemCallOutcome.Done)
            return result;
        if (!isWritten)
            return call.Failure;
        return done > 0 ? SystemCallResult.Done((long)done) : result;
    }

    // Moves what one page of the source holds. Done: the bytes moved by the whole call so far.
    private static SystemCallResult Step(ref FileCall call, ref Copy copy)
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
            PageAccess page = files.Memory.GetPageForRead(source->Data, position >> PageSize.Shift);
            if (!call.Check(in page))
                return call.Failure;
            memory = page.Address;
        }
        var transfer = new FileTransfer(files, thread, memory + start, bytes, done)
        {
            IsPositioned = copy.TargetIsPositioned,
            Position = copy.TargetOffset + done,
        };
        SystemCallResult result = ReadWriteCalls.Move(call.Kernel, copy.Target, ref transfer, isWrite: true);
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
