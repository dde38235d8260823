// Permissions, owners and stamps.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class AttributeCalls
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public static void Register(SystemCallTable table)
    {
        table.Register(90, &ChangeMode);
        table.Register(91, &ChangeModeOpen);
        table.Register(92, &ChangeOwner);
        table.Register(93, &ChangeOwnerOpen);
        table.Register(94, &ChangeOwnerLink);
        table.Register(132, &Utime);
        table.Register(235, &Utimes);
        table.Register(260, &ChangeOwnerAt);
        table.Register(261, &FutimesAt);
        table.Register(268, &ChangeModeAt);
        table.Register(280, &UtimensAt);
        table.Register(452, &ChangeModeAt2);
    }

    private static SystemCallResult ChangeMode(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => ChangeModeOf(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1, 0);

    private static SystemCallResult ChangeModeAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => ChangeModeOf(kernel, thread, a->Int0, a->Arg1, a->UInt2, 0);

    private static SystemCallResult ChangeModeAt2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt3 & ~(FileCall.NoFollow | FileCall.EmptyPath)) != 0
            ? Errno.EINVAL
            : ChangeModeOf(kernel, thread, a->Int0, a->Arg1, a->UInt2, a->UInt3);

    private static SystemCallResult ChangeModeOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return call.File(a->Int0, out OpenFile* file) ? SetMode(ref call, file->Inode, a->UInt1) : call.Failure;
    }

    private static SystemCallResult ChangeModeOf(LinuxKernel kernel, Thread* thread, int directory, ulong path, uint mode, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(directory, path, flags, (flags & FileCall.NoFollow) == 0, out Inode* inode))
            return call.Failure;
        Errno error = inode->IsSymbolicLink ? Errno.EOPNOTSUPP : SetMode(ref call, inode, mode);
        kernel.Files.Inodes.Release(inode);
        return error;
    }

    private static Errno SetMode(ref FileCall call, Inode* inode, uint mode)
    {
        FileCaller caller = call.Caller;
        Errno error = inode->IsProc ? Errno.EPERM : Permissions.CheckOwner(inode, in caller);
        if (error != Errno.Ok)
            return error;
        mode &= InodeMode.PermissionMask;
        if (!caller.IsInGroup(inode->Gid) && !caller.Has(Capability.FileSetId))
            mode &= ~InodeMode.SetGid;
        inode->Mode = (inode->Mode & ~InodeMode.PermissionMask) | mode;
        call.Files.Stamps.TouchStatus(inode);
        call.Tell(inode, InotifyMask.Attributes);
        return Errno.Ok;
    }

    private static SystemCallResult ChangeOwner(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => ChangeOwnerOf(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1, a->UInt2, 0);

    private static SystemCallResult ChangeOwnerLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => ChangeOwnerOf(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1, a->UInt2, FileCall.NoFollow);

    private static SystemCallResult ChangeOwnerAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt4 & ~(FileCall.NoFollow | FileCall.EmptyPath)) != 0
            ? Errno.EINVAL
            : ChangeOwnerOf(kernel, thread, a->Int0, a->Arg1, a->UInt2, a->UInt3, a->UInt4);

    private static SystemCallResult ChangeOwnerOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return call.File(a->Int0, out OpenFile* file) ? SetOwner(ref call, file->Inode, a->UInt1, a->UInt2) : call.Failure;
    }

    private static SystemCallResult ChangeOwnerOf(
        LinuxKernel kernel, Thread* thread, int directory, ulong path, uint uid, uint gid, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(directory, path, flags, (flags & FileCall.NoFollow) == 0, out Inode* inode))
            return call.Failure;
        Errno error = SetOwner(ref call, inode, uid, gid);
        kernel.Files.Inodes.Release(inode);
        return error;
    }

    // -1 leaves an id alone. Without privilege the owner may only choose among its own groups. Set-id bits go, whatever is asked for, and
    // whoever takes them must be allowed to change the mode.
    private static Errno SetOwner(ref FileCall call, Inode* inode, uint uid, uint gid)
    {
        FileCaller caller = call.Caller;
        if (inode->IsProc)
            return Errno.EPERM;
        bool changesUid = uid != uint.MaxValue && uid != inode->Uid;
        bool changesGid = gid != uint.MaxValue && gid != inode->Gid;
        bool isAllowed = caller.Has(Capability.Chown)
            || (caller.Uid == inode->Uid && !changesUid && (!changesGid || caller.IsInGroup(gid)));
        if (!isAllowed && (uid != uint.MaxValue || gid != uint.MaxValue))
            return Errno.EPERM;
        uint lost = SetIdBits.LostToOwner(inode, in caller);
        if (lost != 0 && Permissions.CheckOwner(inode, in caller) is var refusal and not Errno.Ok)
            return refusal;
        inode->Mode &= ~lost;
        if (uid != uint.MaxValue)
            inode->Uid = uid;
        if (gid != uint.MaxValue)
            inode->Gid = gid;
        call.Files.Stamps.TouchStatus(inode);
        if (lost != 0 || uid != uint.MaxValue || gid != uint.MaxValue)
            call.Tell(inode, InotifyMask.Attributes);
        return Errno.Ok;
    }

    private static SystemCallResult Utime(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (a->Arg1 == 0)
            return SetTimes(ref call, FileCall.CurrentDirectory, a->Arg0, 0, default, default, isNow: true);
        if (!call.Read(a->Arg1, out LinuxTimestamp pair))
            return call.Failure;
        // struct utimbuf: two times in seconds.
        var access = new LinuxTimestamp { Seconds = pair.Seconds };
        var modify = new LinuxTimestamp { Seconds = pair.Nanoseconds };
        return SetTimes(ref call, FileCall.CurrentDirectory, a->Arg0, 0, access, modify, isNow: false);
    }

    private static SystemCallResult Utimes(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => SetMicroseconds(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->Arg1);

    private static SystemCallResult FutimesAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => SetMicroseconds(kernel, thread, a->Int0, a->Arg1, a->Arg2);

    private static SystemCallResult SetMicroseconds(LinuxKernel kernel, Thread* thread, int directory, ulong path, ulong times)
    {
        var call = new FileCall(kernel, thread);
        if (times == 0)
            return SetTimes(ref call, directory, path, 0, default, default, isNow: true);
        if (!call.Read(times, out LinuxTimestamp access) || !call.Read(times + (ulong)sizeof(LinuxTimestamp), out LinuxTimestamp modify))
            return call.Failure;
        if (access.Nanoseconds is < 0 or >= 1_000_000 || modify.Nanoseconds is < 0 or >= 1_000_000)
            return Errno.EINVAL;
        access.Nanoseconds *= 1000;
        modify.Nanoseconds *= 1000;
        return SetTimes(ref call, directory, path, 0, access, modify, isNow: false);
    }

    private static SystemCallResult UtimensAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        LinuxTimestamp access = default;
        LinuxTimestamp modify = default;
        bool isNow = a->Arg2 == 0;
        if (!isNow && (!call.Read(a->Arg2, out access) || !call.Read(a->Arg2 + (ulong)sizeof(LinuxTimestamp), out modify)))
            return call.Failure;
        // Then not even the file is looked at.
        if (access.Nanoseconds == LinuxTimestamp.Omit && modify.Nanoseconds == LinuxTimestamp.Omit)
            return Errno.Ok;
        uint known = a->Arg1 == 0 && a->Int0 != FileCall.CurrentDirectory ? 0 : FileCall.NoFollow | FileCall.EmptyPath;
        return (a->UInt3 & ~known) != 0 ? Errno.EINVAL : SetTimes(ref call, a->Int0, a->Arg1, a->UInt3, access, modify, isNow);
    }

    private static bool IsValid(LinuxTimestamp time)
        => time.Nanoseconds is (>= 0 and < NanosecondsPerSecond) or LinuxTimestamp.Now or LinuxTimestamp.Omit;

    // Without a path it is the open file's own.
    private static SystemCallResult SetTimes(
        ref FileCall call, int directory, ulong path, uint flags, LinuxTimestamp access, LinuxTimestamp modify, bool isNow)
    {
        if (path == 0 && directory == FileCall.CurrentDirectory)
            return Errno.EFAULT;
        if (path == 0)
            return call.File(directory, out OpenFile* file) ? ApplyTimes(ref call, file->Inode, access, modify, isNow) : call.Failure;
        if (!call.Resolve(directory, path, flags, (flags & FileCall.NoFollow) == 0, out Inode* inode))
            return call.Failure;
        Errno error = ApplyTimes(ref call, inode, access, modify, isNow);
        call.Files.Inodes.Release(inode);
        return error;
    }

    private static Errno ApplyTimes(ref FileCall call, Inode* inode, LinuxTimestamp access, LinuxTimestamp modify, bool isNow)
    {
        FileCaller caller = call.Caller;
        if (!IsValid(access) || !IsValid(modify))
            return Errno.EINVAL;
        isNow |= access.Nanoseconds == LinuxTimestamp.Now && modify.Nanoseconds == LinuxTimestamp.Now;
        if (inode->IsProc)
            return Errno.EPERM;
        Errno error = Permissions.CheckOwner(inode, in caller);
        // Whoever may write a file may stamp it with the present.
        if (error != Errno.Ok && isNow)
            error = Permissions.Check(inode, in caller, FileAccess.Write);
        if (error != Errno.Ok)
            return error;
        long now = call.Files.Stamps.NowOf(inode);
        inode->AccessTime = Choose(access, inode->AccessTime, now, isNow);
        inode->ModifyTime = Choose(modify, inode->ModifyTime, now, isNow);
        call.Files.Stamps.TouchStatus(inode);
        call.Tell(inode, EventsOf(access, modify));
        return Errno.Ok;
    }

    // One time that is set alone says that the file was read, or written.
    private static uint EventsOf(LinuxTimestamp access, LinuxTimestamp modify)
        => modify.Nanoseconds == LinuxTimestamp.Omit ? InotifyMask.Access
            : access.Nanoseconds == LinuxTimestamp.Omit ? InotifyMask.Modify : InotifyMask.Attributes;

    private static long Choose(LinuxTimestamp wanted, long current, long now, bool isNow)
        => isNow || wanted.Nanoseconds == LinuxTimestamp.Now ? now
            : wanted.Nanoseconds == LinuxTimestamp.Omit ? current : wanted.ToNanoseconds();
}
