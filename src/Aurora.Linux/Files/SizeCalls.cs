// Position and length: lseek, truncate, fallocate, and the hints about access that change nothing.
using Aurora.Base;
using Aurora.Linux.Executive;
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
        FileOperations? operations = kernel.Files.OperationsOf(file);
        if (operations is null || !operations.IsSeekable(file))
            return Errno.ESPIPE;
        long offset = (long)a->Arg1;
        long size = file->Kind == FileKind.Regular ? (long)file->Inode->Size : 0;
        long target;
        switch (a->Int2)
        {
            case SeekSet: target = offset; break;
            case SeekCurrent: target = unchecked((long)file->Offset + offset); break;
            case SeekEnd: target = unchecked(size + offset); break;
            case SeekData or SeekHole:
                if (offset < 0 || offset >= size)
                    return Errno.ENXIO;
                // Every file is data up to its end, where the one hole begins.
                target = a->Int2 == SeekData ? offset : size;
                break;
            default: return Errno.EINVAL;
        }
        if (target < 0)
            return Errno.EINVAL;
        if (file->Kind == FileKind.Device)
            return 0L;
        if ((ulong)target != file->Offset)
        {
            file->Offset = (ulong)target;
            kernel.Files.MarkChanged(&file->Header);
        }
        return SystemCallResult.Done(target);
    }

    private static SystemCallResult Truncate(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if ((long)a->Arg1 < 0)
            return Errno.EINVAL;
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg0, 0, follows: true, out Inode* inode))
            return call.Failure;
        FileCaller caller = call.Caller;
        SystemCallResult result = inode->IsDirectory ? Errno.EISDIR : !inode->IsRegular || inode->IsProc ? Errno.EINVAL
            : Permissions.Check(inode, in caller, FileAccess.Write);
        if (!result.IsError)
            result = SetLength(ref call, inode, a->Arg1);
        kernel.Files.Release(inode);
        return result;
    }

    private static SystemCallResult TruncateOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if ((long)a->Arg1 < 0)
            return Errno.EINVAL;
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        return file->Kind != FileKind.Regular || !file->IsWritable ? Errno.EINVAL : SetLength(ref call, file->Inode, a->Arg1);
    }

    private static SystemCallResult SetLength(ref FileCall call, Inode* inode, ulong size)
    {
        if (size > FileData.MaxFileBytes || (size > inode->Size && size > call.Process->Limits.Soft(Resource.FileSize)))
        {
            call.Kernel.Signals.Send(call.Thread, SignalInfo.FromKernel(Signal.SIGXFSZ));
            return Errno.EFBIG;
        }
        return call.Check(FileData.Truncate(call.Files, inode, size)) ? Errno.Ok : call.Failure;
    }

    // Space is never set aside: the store may run out whatever was promised, so allocation only makes the file longer.
    private static SystemCallResult Allocate(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        long offset = (long)a->Arg2;
        long length = (long)a->Arg3;
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        if (offset < 0 || length <= 0)
            return Errno.EINVAL;
        if (!file->IsWritable)
            return Errno.EBADF;
        if (file->Kind != FileKind.Regular)
            return file->Kind == FileKind.Pipe ? Errno.ESPIPE : Errno.ENODEV;
        if (offset > (long)FileData.MaxFileBytes || length > (long)FileData.MaxFileBytes - offset)
            return Errno.EFBIG;
        ulong end = (ulong)(offset + length);
        uint mode = a->UInt1;
        bool keepsSize = (mode & AllocateKeepSize) != 0;
        switch (mode & ~AllocateKeepSize)
        {
            case 0:
                break;
            case AllocatePunchHole when keepsSize:
            case AllocateZeroRange:
                if (!call.Check(FileData.Punch(kernel.Files, file->Inode, (ulong)offset, (ulong)length, out bool isWhole)))
                    return call.Failure;
                if (!isWhole)
                    return SystemCallResult.Again;
                break;
            default:
                return Errno.EOPNOTSUPP;
        }
        return keepsSize || end <= file->Inode->Size ? Errno.Ok : SetLength(ref call, file->Inode, end);
    }

    private static SystemCallResult Advise(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        if (file->Kind == FileKind.Pipe)
            return Errno.ESPIPE;
        return a->UInt3 > 5 ? Errno.EINVAL : Errno.Ok;
    }

    private static SystemCallResult ReadAhead(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        return !file->IsReadable ? Errno.EBADF : file->Kind != FileKind.Regular ? Errno.EINVAL : Errno.Ok;
    }
}
