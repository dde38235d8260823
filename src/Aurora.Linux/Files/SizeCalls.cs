// Position and length: lseek, truncate, fallocate, and the hints about access that change nothing.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SizeCalls
{
    private const int SeekSet = 0;
    private const int SeekCurrent = 1;
    private const int SeekEnd = 2;
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const uint AllocateKeepSize = 1;
    private const uint AllocatePunchHole = 2;
    private const uint AllocateZeroRange = 16;

    public static void Register(SystemCallTable table)
    {
        table.Register(8, &Seek);
        table.Register(76, &Truncate);
        table.Register(77, &TruncateOpen);
        table.Register(187, &ReadAhead);
        table.Register(221, &Advise);
        table.Register(285, &Allocate);
    }

    private static SystemCallResult Seek(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        if (a->UInt2 > SeekHole)
            return Errno.EINVAL;
        // A regular file's position is where it is put.
        if (file->Kind != FileKind.Regular && !HasPosition(kernel, file, out SystemCallResult answer))
            return answer;
        long offset = (long)a->Arg1;
        long size = file->Kind is FileKind.Regular or FileKind.NamedQueue ? (long)file->Inode->Size : 0;
        long target;
        switch (a->Int2)
        {
            case SeekSet: target = offset; break;
            case SeekCurrent: target = unchecked((long)file->Offset + offset); break;
            case SeekEnd: target = unchecked(size + offset); break;
            case SeekData or SeekHole when file->Kind == FileKind.NamedQueue && offset < size:
                target = a->Int2 == SeekData ? offset : size; break;
            case SeekData or SeekHole:
                if (offset < 0 || offset >= size)
                    return Errno.ENXIO;
                if (!FindData(ref call, file->Inode, (ulong)offset, a->Int2 == SeekData, out target, out SystemCallResult result))
                    return result;
                break;
            default: return Errno.EINVAL;
        }
        if (target < 0)
            return Errno.EINVAL;
        if ((ulong)target != file->Offset)
        {
            file->Offset = (ulong)target;
            kernel.Files.MarkChanged(&file->Header);
        }
        return SystemCallResult.Done(target);
    }

    // False with the answer for what has none. Devices have no position; whatever is asked, it is at the beginning.
    private static bool HasPosition(LinuxKernel kernel, OpenFile* file, out SystemCallResult answer)
    {
        FileOperations? operations = kernel.Files.OpenFiles.OperationsOf(file);
        bool isStill = operations is not null && operations.HasStillPosition(file);
        bool isSeekable = operations is not null && operations.IsSeekable(file);
        answer = isStill || isSeekable ? 0L : Errno.ESPIPE;
        return !isStill && isSeekable && file->Kind != FileKind.Device;
    }

    // Data and holes are whole pages. Behind the last data there is nothing: ENXIO; the last hole is behind the end. Progress is the page
    // from which on nothing is known yet.
    private static bool FindData(ref FileCall call, Inode* inode, ulong offset, bool isData, out long target, out SystemCallResult result)
    {
        ulong first = offset >> PageSize.Shift;
        ulong end = PageSize.PagesFor(inode->Size);
        ulong page = Math.Max(first, call.Thread->Call.Progress);
        target = (long)offset;
        result = Errno.ENXIO;
        if (inode->Data == null)
            return !isData;
        PageAccess access = call.Files.Memory.Holes.Seek(inode->Data, ref page, end, isData, out bool isFound);
        call.Thread->Call.Progress = page;
        if (!call.Check(in access) || !isFound)
        {
            result = isFound ? call.Failure : SystemCallResult.Again;
            return false;
        }
        if (page > first)
            target = (long)Math.Min(page << PageSize.Shift, inode->Size);
        return !isData || page < end;
    }

    private static SystemCallResult Truncate(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if ((long)a->Arg1 < 0)
            return Errno.EINVAL;
        if (thread->Call.Phase == LeaseCalls.Phase && thread->Files.IsHeld)
            return TruncateBehindLeases(ref call, a->Arg1);
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg0, 0, follows: true, out Inode* inode))
            return call.Failure;
        FileCaller caller = call.Caller;
        SystemCallResult result = inode->IsDirectory ? Errno.EISDIR : !inode->IsRegular || inode->IsProc ? Errno.EINVAL
            : Permissions.Check(inode, in caller, FileAccess.Write);
        if (!result.IsError && kernel.Files.Proc.IsExecuting(inode))
            result = Errno.ETXTBSY;
        if (!result.IsError)
            result = inode->FirstLease == null ? SetLength(ref call, inode, a->Arg1) : OpenAndTruncate(ref call, inode, a->Arg1);
        kernel.Files.Inodes.Release(inode);
        return result;
    }

    // While it waits for leases the call has the file open for writing.
    private static SystemCallResult OpenAndTruncate(ref FileCall call, Inode* inode, ulong size)
    {
        FileCaller caller = call.Caller;
        Errno error = call.Files.OpenFiles.Open(in caller, inode, OpenFlags.WriteOnly, out OpenFile* file);
        if (error != Errno.Ok)
            return error;
        file->Flags |= OpenFlags.Opening;
        call.Files.Held.Keep(call.Thread, file);
        call.Thread->Call.Phase = LeaseCalls.Phase;
        return TruncateBehindLeases(ref call, size);
    }

    private static SystemCallResult TruncateBehindLeases(ref FileCall call, ulong size)
    {
        Inode* inode = call.Thread->Files.First->Inode;
        return LeaseCalls.Break(call.Kernel, call.Thread, inode, writes: true, mayWait: true, out SystemCallResult result)
            ? SetLength(ref call, inode, size) : result;
    }

    private static SystemCallResult TruncateOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if ((long)a->Arg1 < 0)
            return Errno.EINVAL;
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        bool hasLength = file->Kind is FileKind.Regular or FileKind.NamedQueue;
        return !hasLength || !file->IsWritable ? Errno.EINVAL : SetLength(ref call, file->Inode, a->Arg1);
    }

    // By an open file, if it is its contents that become longer; else by its name, as any change of attributes.
    private static SystemCallResult SetLength(ref FileCall call, Inode* inode, ulong size, OpenFile* by = null)
    {
        bool grows = size > inode->Size;
        if (grows && size > call.Process->Limits.Soft(Resource.FileSize))
        {
            call.Kernel.Signals.Send(call.Thread, SignalInfo.FromKernel(Signal.SIGXFSZ));
            return Errno.EFBIG;
        }
        if (size > FileData.MaxFileBytes)
            return Errno.EFBIG;
        if (inode->IsSealed(grows ? FileSeals.Grow : size < inode->Size ? FileSeals.Shrink : FileSeals.None))
            return Errno.EPERM;
        if (!call.Check(call.Files.Data.Truncate(inode, size)))
            return call.Failure;
        FileCaller caller = call.Caller;
        call.Files.SetIdBits.ContentsChange(inode, in caller);
        if (by == null)
            call.Tell(inode, InotifyMask.Modify);
        else
            call.Files.Notices.Tell(by, InotifyMask.Modify);
        return Errno.Ok;
    }

    // Space is never set aside: the store may run out whatever was promised, so allocation only makes the file longer.
    private static SystemCallResult Allocate(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        long offset = (long)a->Arg2;
        long length = (long)a->Arg3;
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        uint mode = a->UInt1;
        bool keepsSize = (mode & AllocateKeepSize) != 0;
        bool makesHole = (mode & ~AllocateKeepSize) is AllocatePunchHole or AllocateZeroRange;
        if (offset < 0 || length <= 0)
            return Errno.EINVAL;
        if ((mode & ~AllocateKeepSize) != 0 && (!makesHole || ((mode & AllocatePunchHole) != 0 && !keepsSize)))
            return Errno.EOPNOTSUPP;
        if (!file->IsWritable)
            return Errno.EBADF;
        if (file->Kind != FileKind.Regular)
            return file->Kind == FileKind.Pipe ? Errno.ESPIPE : Errno.ENODEV;
        if (offset > (long)FileData.MaxFileBytes || length > (long)FileData.MaxFileBytes - offset)
            return Errno.EFBIG;
        if (makesHole && !PunchHole(ref call, file->Inode, (ulong)offset, (ulong)length, out SystemCallResult result))
            return result;
        ulong end = (ulong)(offset + length);
        if (!keepsSize && end > file->Inode->Size)
            return SetLength(ref call, file->Inode, end, file);
        FileCaller caller = call.Caller;
        if (!makesHole)
            kernel.Files.SetIdBits.ContentsChange(file->Inode, in caller);
        kernel.Files.Notices.Tell(file, InotifyMask.Modify);
        return Errno.Ok;
    }

    // False with the result when it failed, or is not done yet.
    private static bool PunchHole(ref FileCall call, Inode* inode, ulong offset, ulong length, out SystemCallResult result)
    {
        result = Errno.EPERM;
        if (inode->IsSealed(FileSeals.Write | FileSeals.FutureWrite))
            return false;
        bool isPunched = call.Check(call.Files.Data.Punch(inode, offset, length, out bool isWhole));
        result = isPunched ? SystemCallResult.Again : call.Failure;
        FileCaller caller = call.Caller;
        if (isPunched)
            call.Files.SetIdBits.ContentsChange(inode, in caller);
        return isPunched && isWhole;
    }

    private static SystemCallResult Advise(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        if (file->Kind == FileKind.Pipe)
            return Errno.ESPIPE;
        return a->UInt3 > 5 || (long)a->Arg2 < 0 ? Errno.EINVAL : Errno.Ok;
    }

    private static SystemCallResult ReadAhead(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        return !file->IsReadable ? Errno.EBADF : file->Kind != FileKind.Regular ? Errno.EINVAL : Errno.Ok;
    }
}
