// dup, fcntl except locks, ioctl.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class DescriptorCalls
{
    private const uint DuplicateFd = 0;
    private const uint GetFd = 1;
    private const uint SetFd = 2;
    private const uint GetFlags = 3;
    private const uint SetFlags = 4;
    private const uint DuplicateFdCloseOnExec = 1030;
    private const uint SetPipeSize = 1031;
    private const uint GetPipeSize = 1032;
    private const uint FdCloseOnExec = 1;

    private const uint IoctlReadable = 0x541B;
    private const uint IoctlNonBlocking = 0x5421;
    private const uint IoctlNoCloseOnExec = 0x5450;
    private const uint IoctlCloseOnExec = 0x5451;
    private const uint IoctlAsync = 0x5452;

    // Files share no pages, and where they lie is not told.
    private const uint IoctlClone = 0x40049409;
    private const uint IoctlCloneRange = 0x4020940D;
    private const uint IoctlExtents = 0xC020660B;

    public static void Register(SystemCallTable table)
    {
        table.Register(16, &Ioctl);
        table.Register(32, &Duplicate);
        table.Register(33, &Duplicate2);
        table.Register(72, &Control);
        table.Register(292, &Duplicate3);
    }

    private static SystemCallResult Duplicate(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return call.AnyFile(a->Int0, out OpenFile* file) ? Install(ref call, file, 0, false) : call.Failure;
    }

    private static SystemCallResult Duplicate2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (a->Int0 == a->Int1)
            return call.AnyFile(a->Int0, out _) ? SystemCallResult.Done(a->Int0) : call.Failure;
        return DuplicateTo(ref call, a->Int0, a->Int1, false);
    }

    private static SystemCallResult Duplicate3(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (a->Int0 == a->Int1 || (a->UInt2 & ~OpenFlags.CloseOnExec) != 0)
            return Errno.EINVAL;
        return DuplicateTo(ref call, a->Int0, a->Int1, (a->UInt2 & OpenFlags.CloseOnExec) != 0);
    }

    private static SystemCallResult DuplicateTo(ref FileCall call, int from, int to, bool closeOnExec)
    {
        if (!call.AnyFile(from, out OpenFile* file))
            return call.Failure;
        if ((uint)to >= DescriptorTable.MaxDescriptors || (ulong)to >= call.DescriptorLimit)
            return Errno.EBADF;
        int left = ProcessLife.UnitsPerStep;
        if (!call.Files.Descriptors.ReleaseLocks(call.Table, to, ref left))
            return SystemCallResult.Again;
        call.Files.OpenFiles.Hold(file);
        Errno error = call.Files.Descriptors.InstallAt(call.Table, file, to, closeOnExec);
        if (error == Errno.Ok)
            return SystemCallResult.Done(to);
        call.Files.OpenFiles.Release(file);
        return error;
    }

    private static SystemCallResult Install(ref FileCall call, OpenFile* file, int minimum, bool closeOnExec)
    {
        call.Files.OpenFiles.Hold(file);
        Errno error = call.Files.Descriptors.Install(call.Table, file, minimum, call.DescriptorLimit, closeOnExec, out int descriptor);
        if (error == Errno.Ok)
            return SystemCallResult.Done(descriptor);
        call.Files.OpenFiles.Release(file);
        return error;
    }

    private static SystemCallResult Control(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.AnyFile(a->Int0, out OpenFile* file))
            return call.Failure;
        bool isPath = file->Kind == FileKind.PathOnly;
        switch (a->UInt1)
        {
            case DuplicateFd or DuplicateFdCloseOnExec:
                if ((long)a->Arg2 < 0 || a->Arg2 >= call.DescriptorLimit)
                    return Errno.EINVAL;
                return Install(ref call, file, (int)a->Arg2, a->UInt1 == DuplicateFdCloseOnExec);
            case GetFd:
                return Descriptors.IsCloseOnExec(call.Table, a->Int0) ? (long)FdCloseOnExec : 0L;
            case SetFd:
                kernel.Files.Descriptors.SetCloseOnExec(call.Table, a->Int0, (a->Arg2 & FdCloseOnExec) != 0);
                return Errno.Ok;
            case GetFlags:
                return (long)file->Flags;
        }
        return isPath ? Errno.EBADF : ControlFile(ref call, file, a);
    }

    private static SystemCallResult ControlFile(ref FileCall call, OpenFile* file, SystemCallArguments* a)
    {
        switch (a->UInt1)
        {
            case SetFlags:
                FileCaller caller = call.Caller;
                if ((a->UInt2 & ~file->Flags & OpenFlags.NoAccessTime) != 0 && Permissions.CheckOwner(file->Inode, in caller) != Errno.Ok)
                    return Errno.EPERM;
                // Of pipes it would ask for packets, and other files know nothing of it.
                if ((a->UInt2 & ~file->Flags & OpenFlags.Direct) != 0 && file->Kind != FileKind.Regular)
                    return Errno.EINVAL;
                Errno error = SetAsync(ref call, file, a->Int0, (a->UInt2 & OpenFlags.Async) != 0, otherwise: Errno.Ok);
                if (error != Errno.Ok)
                    return error;
                file->Flags = (file->Flags & ~OpenFlags.Changeable) | (a->UInt2 & OpenFlags.Changeable);
                break;
            case OwnerCalls.SetOwner or OwnerCalls.GetOwner or OwnerCalls.SetOwnerEx or OwnerCalls.GetOwnerEx
                or OwnerCalls.SetSignal or OwnerCalls.GetSignal:
                return OwnerCalls.Control(ref call, file, a->UInt1, a->Arg2);
            case SealCalls.AddSeals or SealCalls.GetSeals:
                return SealCalls.Control(ref call, file, a->UInt1, a->Arg2);
            case LeaseCalls.SetLease or LeaseCalls.GetLease:
                return LeaseCalls.Control(ref call, file, a->UInt1, a->Int0, a->Arg2);
            case SetPipeSize:
                return file->Kind == FileKind.Pipe ? PipeCalls.Resize(ref call, file->Inode->Pipe, a->Arg2) : Errno.EBADF;
            case GetPipeSize:
                return file->Kind == FileKind.Pipe ? (long)file->Inode->Pipe->Capacity : Errno.EBADF;
            case LockCalls.GetLock or LockCalls.SetLock or LockCalls.SetLockWait
                or LockCalls.OpenFileGetLock or LockCalls.OpenFileSetLock or LockCalls.OpenFileSetLockWait:
                return LockCalls.Control(ref call, a->Int0, file, a->UInt1, a->Arg2);
            default:
                return Errno.EINVAL;
        }
        call.Files.MarkChanged(&file->Header);
        return Errno.Ok;
    }

    // A file of which nobody can be told keeps its flag as it is; what the call says to that is up to the call.
    private static Errno SetAsync(ref FileCall call, OpenFile* file, int descriptor, bool isOn, Errno otherwise)
    {
        if (isOn == ((file->Flags & OpenFlags.Async) != 0))
            return Errno.Ok;
        FileWatching watching = call.Files.Watching;
        if (!watching.IsPossible(file))
            return otherwise;
        if (!isOn)
        {
            watching.End(file);
            return Errno.Ok;
        }
        Errno error = watching.Begin(file, descriptor);
        if (error == Errno.Ok && file->Owner.Id == 0 && file->Kind == FileKind.Device)
            OwnerCalls.SetToForeground(ref call, file);
        return error;
    }

    private static SystemCallResult Ioctl(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        switch (a->UInt1)
        {
            case IoctlCloseOnExec or IoctlNoCloseOnExec:
                kernel.Files.Descriptors.SetCloseOnExec(call.Table, a->Int0, a->UInt1 == IoctlCloseOnExec);
                return Errno.Ok;
            case IoctlNonBlocking or IoctlAsync:
                if (!call.Read(a->Arg2, out int isOn))
                    return call.Failure;
                if (a->UInt1 == IoctlAsync)
                    return SetAsync(ref call, file, a->Int0, isOn != 0, otherwise: Errno.ENOTTY);
                file->Flags = isOn != 0 ? file->Flags | OpenFlags.NonBlocking : file->Flags & ~OpenFlags.NonBlocking;
                kernel.Files.MarkChanged(&file->Header);
                return Errno.Ok;
        }
        if (a->UInt1 is IoctlClone or IoctlCloneRange or IoctlExtents && file->Kind == FileKind.Regular)
            return Errno.EOPNOTSUPP;
        FileOperations? operations = kernel.Files.OpenFiles.OperationsOf(file);
        if (operations is null)
            return Errno.ENOTTY;
        if (a->UInt1 != IoctlReadable || operations.ReadableBytes(file) is not (>= 0 and var bytes))
            return operations.Control(file, thread, a->UInt1, a->Arg2);
        return call.Write(a->Arg2, (int)Math.Min(bytes, int.MaxValue)) ? Errno.Ok : call.Failure;
    }
}
