// open and its forms, close, and files without names.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>struct open_how.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxOpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}

internal static unsafe class OpenCalls
{
    private const ulong ResolveNoCrossing = 1;
    private const ulong ResolveNoMagicLinks = 2;
    private const ulong ResolveNoSymlinks = 4;
    private const ulong ResolveBeneath = 8;
    private const ulong ResolveInRoot = 16;
    private const ulong ResolveCached = 32;
    private const ulong KnownResolve = 0x3F;
    private const ulong KnownFlags = 0x7FFFC3;
    private const uint TemporaryBit = 0x400000;
    private const uint WithPath = OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
    private const uint MemoryFileCloseOnExec = 1;
    private const uint MemoryFileAllowSealing = 2;
    private const uint MemoryFileKnownFlags = 0x3;
    private const uint RangeUnshare = 2;
    private const uint RangeCloseOnExec = 4;

    public static void Register(SystemCallTable table)
    {
        table.Register(2, &Open);
        table.Register(3, &Close);
        table.Register(85, &Create);
        table.Register(257, &OpenAt);
        table.Register(319, &MemoryFile);
        table.Register(436, &CloseRange);
        table.Register(437, &OpenAt2);
    }

    private static SystemCallResult Open(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Open(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1, a->UInt2, WalkFlags.None);

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Open(kernel, thread, FileCall.CurrentDirectory, a->Arg0, OpenFlags.Create | OpenFlags.WriteOnly | OpenFlags.Truncate, a->UInt1,
            WalkFlags.None);

    private static SystemCallResult OpenAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Open(kernel, thread, a->Int0, a->Arg1, a->UInt2, a->UInt3, WalkFlags.None);

    private static SystemCallResult OpenAt2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (a->Arg3 < (ulong)sizeof(LinuxOpenHow))
            return Errno.EINVAL;
        if (!call.Read(a->Arg2, out LinuxOpenHow how))
            return call.Failure;
        // What a later version of the structure has added must not be asked for.
        if (a->Arg3 > PageSize.Bytes)
            return Errno.E2BIG;
        if (!kernel.IsZero(thread, a->Arg2 + (ulong)sizeof(LinuxOpenHow), a->Arg2 + a->Arg3, Errno.E2BIG, out SystemCallResult refusal))
            return refusal;
        Errno error = Check(in how);
        if (error != Errno.Ok)
            return error;
        WalkFlags walk = WalkFlags.None;
        if ((how.Resolve & ResolveNoCrossing) != 0)
            walk |= WalkFlags.NoCrossing;
        if ((how.Resolve & ResolveNoMagicLinks) != 0)
            walk |= WalkFlags.NoMagicLinks;
        if ((how.Resolve & ResolveNoSymlinks) != 0)
            walk |= WalkFlags.NoLinks;
        if ((how.Resolve & ResolveBeneath) != 0)
            walk |= WalkFlags.Beneath;
        if ((how.Resolve & ResolveInRoot) != 0)
            walk |= WalkFlags.InRoot;
        if ((how.Resolve & ResolveCached) != 0)
            walk |= WalkFlags.Cached;
        return Open(kernel, thread, a->Int0, a->Arg1, (uint)how.Flags, (uint)how.Mode, walk);
    }

    // What open forgives, openat2 refuses, in the order of Linux's build_open_flags.
    private static Errno Check(in LinuxOpenHow how)
    {
        if (how.Flags > uint.MaxValue || (how.Flags & ~KnownFlags) != 0 || (how.Resolve & ~KnownResolve) != 0)
            return Errno.EINVAL;
        if ((how.Resolve & (ResolveBeneath | ResolveInRoot)) == (ResolveBeneath | ResolveInRoot))
            return Errno.EINVAL;
        uint flags = (uint)how.Flags;
        bool makes = (flags & (OpenFlags.Create | TemporaryBit)) != 0;
        if ((how.Mode & ~(ulong)(makes ? InodeMode.PermissionMask : 0)) != 0)
            return Errno.EINVAL;
        bool isTemporary = (flags & TemporaryBit) != 0;
        bool reads = (flags & OpenFlags.AccessMask) == OpenFlags.ReadOnly;
        if (isTemporary && ((flags & (OpenFlags.TemporaryFile | OpenFlags.Create)) != OpenFlags.TemporaryFile || reads))
            return Errno.EINVAL;
        if ((flags & OpenFlags.Path) != 0 && (flags & ~WithPath) != 0)
            return Errno.EINVAL;
        // Walks need not wait, but making and cutting files may have to.
        bool mayWait = (flags & (OpenFlags.Truncate | OpenFlags.Create | TemporaryBit)) != 0;
        return (how.Resolve & ResolveCached) != 0 && mayWait ? Errno.EAGAIN : Errno.Ok;
    }

    [SkipLocalsInit]
    private static SystemCallResult Open(
        LinuxKernel kernel, Thread* thread, int directory, ulong path, uint flags, uint mode, WalkFlags walk)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase == PipeOperations.OpeningPhase && thread->Files.IsHeld)
            return GoOn(ref call, flags);
        if (thread->Call.Phase == LeaseCalls.Phase && thread->Files.IsHeld)
            return GoOnBehindLeases(ref call, flags);
        if ((flags & OpenFlags.Path) != 0)
            flags &= WithPath;
        if ((flags & OpenFlags.AccessMask) == OpenFlags.AccessMask)
            return Errno.EINVAL;
        if ((flags & OpenFlags.TemporaryFile) == OpenFlags.TemporaryFile)
            return OpenTemporary(ref call, directory, path, flags, mode);
        bool creates = (flags & OpenFlags.Create) != 0;
        bool isExclusive = creates && (flags & OpenFlags.Exclusive) != 0;
        if ((flags & OpenFlags.NoFollow) == 0 && !isExclusive)
            walk |= WalkFlags.FollowLast;
        walk |= creates ? WalkFlags.AllowMissing : WalkFlags.FileOnly;
        if (!call.Walk(directory, path, walk, out WalkResult found))
            return call.Failure;
        SystemCallResult result = OpenFound(ref call, ref found, flags, mode, isExclusive);
        kernel.Files.Inodes.Release(ref found);
        return result;
    }

    private static SystemCallResult OpenFound(ref FileCall call, ref WalkResult found, uint flags, uint mode, bool isExclusive)
    {
        FileCaller caller = call.Caller;
        bool isNew = false;
        // An open that gets no descriptor must not have made, cut or opened anything: whoever waits at a FIFO would take it for a peer.
        if (!Descriptors.FindFree(call.Table, 0, call.DescriptorLimit, out _))
            return Errno.EMFILE;
        if (found.Inode == null)
        {
            if (found.HasTrailingSlash)
                return Errno.EISDIR;
            mode = FileCreation.WithoutForeignGroup(in caller, found.Directory, mode) & InodeMode.PermissionMask & ~call.Context->Umask;
            Errno error = call.Files.Creation.Make(in caller, ref found, InodeMode.Regular | mode, 0);
            if (error != Errno.Ok)
                return error;
            isNew = true;
        }
        else if (isExclusive)
        {
            return Errno.EEXIST;
        }
        else
        {
            Errno error = MayOpen(call.Files, found.Inode, in caller, flags);
            if (error != Errno.Ok)
                return error;
            // Who only looks at a file that others use does not say what they see of it.
            if ((flags & OpenFlags.Path) == 0 || !found.IsUsedByOthers)
                call.Files.ShownNames.Open(ref found);
        }
        return Finish(ref call, found.Inode, flags, isNew);
    }

    private static Errno MayOpen(FileServices files, Inode* inode, in FileCaller caller, uint flags)
    {
        if ((flags & OpenFlags.Directory) != 0 && !inode->IsDirectory)
            return Errno.ENOTDIR;
        if ((flags & OpenFlags.Path) != 0)
            return Errno.Ok;
        if (inode->IsSymbolicLink)
            return Errno.ELOOP;
        bool writes = (flags & OpenFlags.AccessMask) != OpenFlags.ReadOnly || (flags & OpenFlags.Truncate) != 0;
        if (inode->IsDirectory && (writes || (flags & OpenFlags.Create) != 0))
            return Errno.EISDIR;
        if ((flags & OpenFlags.NoAccessTime) != 0 && Permissions.CheckOwner(inode, in caller) != Errno.Ok)
            return Errno.EPERM;
        FileAccess wanted = (flags & OpenFlags.AccessMask) != OpenFlags.WriteOnly ? FileAccess.Read : FileAccess.None;
        Errno denied = Permissions.Check(inode, in caller, writes ? wanted | FileAccess.Write : wanted);
        if (denied != Errno.Ok)
            return denied;
        if (writes && files.Proc.IsExecuting(inode))
            return Errno.ETXTBSY;
        // A FIFO would be asked for packets, and other files know nothing of it.
        return (flags & OpenFlags.Direct) != 0 && inode->Type != InodeMode.Regular ? Errno.EINVAL : Errno.Ok;
    }

    // Truncation waits for a page before anything is changed; a FIFO waits for its other end with the file open, and so does a file for its
    // leases, whose truncation comes after that.
    private static SystemCallResult Finish(ref FileCall call, Inode* inode, uint flags, bool isNew)
    {
        FileServices files = call.Files;
        bool isPath = (flags & OpenFlags.Path) != 0;
        if (inode->IsFifo && !isPath && !PipeOperations.MayOpen(inode, flags))
            return Errno.ENXIO;
        FileCaller caller = call.Caller;
        bool hasLeases = inode->FirstLease != null && !isPath;
        if (!hasLeases && !isNew && !Truncate(ref call, inode, flags))
            return call.Failure;
        Errno error = files.OpenFiles.Open(in caller, inode, flags, out OpenFile* file);
        if (error != Errno.Ok)
            return error;
        file->Flags |= OpenFlags.Opening;
        if (hasLeases)
        {
            files.Held.Keep(call.Thread, file);
            call.Thread->Call.Phase = LeaseCalls.Phase;
            return GoOnBehindLeases(ref call, flags);
        }
        if (!files.Pipes.MustWait(call.Thread, file))
            return Install(ref call, file, flags);
        files.Held.Keep(call.Thread, file);
        return SystemCallResult.Blocked;
    }

    // Does what O_TRUNC asks for, if it does; false with the result of the call when that cannot be done, or not yet.
    private static bool Truncate(ref FileCall call, Inode* inode, uint flags)
    {
        if ((flags & OpenFlags.Truncate) == 0 || !inode->IsRegular || inode->IsProc)
            return true;
        call.Failure = Errno.EPERM;
        if (inode->Size > 0 && inode->IsSealed(FileSeals.Shrink))
            return false;
        FileCaller caller = call.Caller;
        bool isCut = call.Check(call.Files.Data.Truncate(inode, 0));
        if (!isCut)
            return false;
        call.Files.SetIdBits.ContentsChange(inode, in caller);
        call.Tell(inode, InotifyMask.Modify);
        return true;
    }

    // The call holds the file: nobody gets a lease meanwhile that it would have to wait for.
    private static SystemCallResult GoOnBehindLeases(ref FileCall call, uint flags)
    {
        OpenFile* file = call.Thread->Files.First;
        if (!LeaseCalls.Break(call.Kernel, call.Thread, file->Inode, file->IsWritable, !file->IsNonBlocking, out SystemCallResult result))
            return result;
        if (!Truncate(ref call, file->Inode, flags))
            return call.Failure;
        call.Files.OpenFiles.Hold(file);
        return Install(ref call, file, flags);
    }

    // The name the FIFO had may be gone by now.
    private static SystemCallResult GoOn(ref FileCall call, uint flags)
    {
        OpenFile* file = call.Thread->Files.First;
        if (call.Files.Pipes.MustWait(call.Thread, file))
            return SystemCallResult.Blocked;
        // The descriptor's own reference; the call's goes with the call.
        call.Files.OpenFiles.Hold(file);
        return Install(ref call, file, flags);
    }

    private static SystemCallResult Install(ref FileCall call, OpenFile* file, uint flags)
    {
        bool closes = (flags & OpenFlags.CloseOnExec) != 0;
        Errno error = call.Files.Descriptors.Install(call.Table, file, 0, call.DescriptorLimit, closes, out int descriptor);
        if (error != Errno.Ok)
        {
            call.Files.OpenFiles.Release(file);
            return error;
        }
        file->Flags &= ~OpenFlags.Opening;
        call.Files.MarkChanged(&file->Header);
        call.Files.Notices.Tell(file, InotifyMask.Open);
        return SystemCallResult.Done(descriptor);
    }

    private static SystemCallResult OpenTemporary(ref FileCall call, int directory, ulong path, uint flags, uint mode)
    {
        if ((flags & OpenFlags.AccessMask) == OpenFlags.ReadOnly)
            return Errno.EINVAL;
        if (!call.Resolve(directory, path, 0, follows: true, out Inode* place))
            return call.Failure;
        FileCaller caller = call.Caller;
        Errno error = !place->IsDirectory ? Errno.ENOTDIR : place->IsProc ? Errno.EOPNOTSUPP
            : Permissions.Check(place, in caller, FileAccess.Write | FileAccess.Execute);
        mode = FileCreation.WithoutForeignGroup(in caller, place, mode) & InodeMode.PermissionMask & ~call.Context->Umask;
        uint gid = FileCreation.GroupIn(in caller, place);
        SystemCallResult result = error;
        if (error == Errno.Ok)
        {
            InodeFlags kind = (flags & OpenFlags.Exclusive) != 0 ? InodeFlags.None : InodeFlags.Linkable;
            result = OpenNameless(ref call, place, mode, gid, flags & ~OpenFlags.TemporaryFile, kind, default, FileSeals.None);
        }
        call.Files.Inodes.Release(place);
        return result;
    }

    private static SystemCallResult MemoryFile(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if ((a->UInt1 & ~MemoryFileKnownFlags) != 0)
            return Errno.EINVAL;
        if (!call.Path(a->Arg0, out ReadOnlySpan<byte> name))
            return call.Failure;
        if (name.Length > Inode.MaxMemoryFileName)
            return Errno.EINVAL;
        uint flags = OpenFlags.ReadWrite | OpenFlags.LargeFile;
        if ((a->UInt1 & MemoryFileCloseOnExec) != 0)
            flags |= OpenFlags.CloseOnExec;
        FileSeals seals = (a->UInt1 & MemoryFileAllowSealing) != 0 ? FileSeals.None : FileSeals.Seal;
        return OpenNameless(ref call, null, InodeMode.AccessMask, call.Caller.Gid, flags, InodeFlags.MemoryFile, name, seals);
    }

    private static SystemCallResult OpenNameless(
        ref FileCall call, Inode* place, uint mode, uint gid, uint flags, InodeFlags kind, ReadOnlySpan<byte> name, FileSeals seals)
    {
        uint uid = call.Caller.Uid;
        Inode* inode = place != null
            ? call.Files.Inodes.CreateNamed(call.Group, InodeMode.Regular | mode, uid, gid)
            : call.Files.Inodes.Create(call.Group, InodeMode.Regular | mode, uid, gid);
        FileCaller caller = call.Caller;
        if (inode == null)
            return call.Files.Room.Lack(in caller, Errno.ENOSPC);
        inode->Flags |= kind;
        inode->Seals = seals;
        if (!call.Files.Inodes.SetTarget(call.Group, inode, name)
            || (place != null && !call.Files.Changes.MakeFormerName(place, inode)))
        {
            call.Files.Inodes.Release(inode);
            return call.Files.Room.Lack(in caller, Errno.ENOMEM);
        }
        SystemCallResult result = Finish(ref call, inode, flags, isNew: true);
        call.Files.Inodes.Release(inode);
        return result;
    }

    private static SystemCallResult Close(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        int left = ProcessLife.UnitsPerStep;
        Descriptors descriptors = kernel.Files.Descriptors;
        return descriptors.ReleaseLocks(call.Table, a->Int0, ref left) ? descriptors.Close(call.Table, a->Int0) : SystemCallResult.Again;
    }

    private static SystemCallResult CloseRange(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        uint flags = a->UInt2;
        if (a->UInt0 > a->UInt1 || (flags & ~(RangeUnshare | RangeCloseOnExec)) != 0)
            return Errno.EINVAL;
        if ((flags & RangeUnshare) != 0 && kernel.ProcessFiles.PrepareExec(thread->Process) != Errno.Ok)
            return Errno.ENOMEM;
        if ((flags & RangeCloseOnExec) == 0)
        {
            int left = ProcessLife.UnitsPerStep;
            return kernel.Files.Descriptors.CloseRange(call.Table, a->UInt0, a->UInt1, ref left) ? Errno.Ok : SystemCallResult.Again;
        }
        int descriptor = a->UInt0 > int.MaxValue ? -1 : Descriptors.NextOpen(call.Table, (int)a->UInt0);
        for (; descriptor >= 0 && (uint)descriptor <= a->UInt1; descriptor = Descriptors.NextOpen(call.Table, descriptor + 1))
            kernel.Files.Descriptors.SetCloseOnExec(call.Table, descriptor, true);
        return Errno.Ok;
    }
}
