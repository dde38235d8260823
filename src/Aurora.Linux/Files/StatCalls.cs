// stat in all its forms, access, and statfs.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class StatCalls
{
    private const long AuroraMagic = 0x41555230;
    private const long ProcMagic = 0x9FA0;
    private const long TerminalMagic = 0x1CD1;
    private const long QueueMagic = 0x19800202;
    private const long AnonymousMagic = 0x09041934;
    private const long SocketMagic = 0x534F434B;
    private const long FlagsAreValid = 0x20; // ST_VALID
    private const long RelativeAccessTimes = 0x1000; // ST_RELATIME

    public static void Register(SystemCallTable table)
    {
        table.Register(4, &Stat);
        table.Register(5, &StatOpen);
        table.Register(6, &StatLink);
        table.Register(21, &Access);
        table.Register(137, &StatFs);
        table.Register(138, &StatFsOpen);
        table.Register(262, &StatAt);
        table.Register(269, &AccessAt);
        table.Register(332, &Statx);
        table.Register(439, &AccessAt2);
    }

    private static SystemCallResult Stat(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => StatPath(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->Arg1, 0);

    private static SystemCallResult StatLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => StatPath(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->Arg1, FileCall.NoFollow);

    private static SystemCallResult StatAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt3 & ~(FileCall.NoFollow | FileCall.EmptyPath | FileCall.NoAutomount)) != 0
            ? Errno.EINVAL
            : StatPath(kernel, thread, a->Int0, a->Arg1, a->Arg2, a->UInt3);

    private static SystemCallResult StatOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.AnyFile(a->Int0, out OpenFile* file))
            return call.Failure;
        return call.Write(a->Arg1, LinuxStat.Of(kernel.Files, file->Inode)) ? Errno.Ok : call.Failure;
    }

    private static SystemCallResult StatPath(LinuxKernel kernel, Thread* thread, int directory, ulong path, ulong result, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(directory, path, flags, (flags & FileCall.NoFollow) == 0, out Inode* inode))
            return call.Failure;
        LinuxStat stat = LinuxStat.Of(kernel.Files, inode);
        kernel.Files.Inodes.Release(inode);
        return call.Write(result, in stat) ? Errno.Ok : call.Failure;
    }

    private static SystemCallResult Statx(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        uint flags = a->UInt2;
        bool isValid = (flags & ~(FileCall.NoFollow | FileCall.EmptyPath | FileCall.NoAutomount | FileCall.StatSync)) == 0
            && (flags & FileCall.StatSync) != FileCall.StatSync && (a->UInt3 & 0x80000000) == 0;
        if (!isValid)
            return Errno.EINVAL;
        if (!call.Resolve(a->Int0, a->Arg1, flags, (flags & FileCall.NoFollow) == 0, out Inode* inode))
            return call.Failure;
        LinuxStatx stat = LinuxStatx.Of(kernel.Files, inode);
        kernel.Files.Inodes.Release(inode);
        return call.Write(a->Arg4, in stat) ? Errno.Ok : call.Failure;
    }

    private static SystemCallResult Access(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => CheckAccess(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1, 0);

    private static SystemCallResult AccessAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => CheckAccess(kernel, thread, a->Int0, a->Arg1, a->UInt2, 0);

    private static SystemCallResult AccessAt2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt3 & ~(FileCall.NoFollow | FileCall.EmptyPath | FileCall.EffectiveAccess)) != 0
            ? Errno.EINVAL
            : CheckAccess(kernel, thread, a->Int0, a->Arg1, a->UInt2, a->UInt3);

    private static SystemCallResult CheckAccess(LinuxKernel kernel, Thread* thread, int directory, ulong address, uint mode, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (mode > 7)
            return Errno.EINVAL;
        if (address == 0 || !call.Path(address, out System.ReadOnlySpan<byte> path))
            return address == 0 ? Errno.EFAULT : call.Failure;
        if (!call.Start(directory, path, out Inode* start))
            return call.Failure;
        FileCaller caller = call.Caller;
        caller.UseRealIds = (flags & FileCall.EffectiveAccess) == 0;
        Inode* inode = start;
        if (path.IsEmpty && (flags & FileCall.EmptyPath) != 0)
        {
            kernel.Files.Inodes.Hold(inode);
        }
        else
        {
            WalkFlags walk = (flags & FileCall.NoFollow) == 0 ? WalkFlags.FollowLast : WalkFlags.None;
            Errno error = call.Files.Walks.Resolve(in caller, start, path, walk, out inode);
            if (error != Errno.Ok)
                return error;
        }
        Errno result = Permissions.Check(inode, in caller, (FileAccess)mode);
        kernel.Files.Inodes.Release(inode);
        return result;
    }

    private static SystemCallResult StatFs(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg0, 0, follows: true, out Inode* inode))
            return call.Failure;
        long magic = MagicOf(inode);
        kernel.Files.Inodes.Release(inode);
        return WriteStatFs(ref call, magic, a->Arg1);
    }

    private static SystemCallResult StatFsOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.AnyFile(a->Int0, out OpenFile* file))
            return call.Failure;
        return WriteStatFs(ref call, MagicOf(file->Inode), a->Arg1);
    }

    private static long MagicOf(Inode* inode)
        => inode->IsOfTerminals ? TerminalMagic : inode->IsOfQueues ? QueueMagic : inode->IsProc ? ProcMagic
            : inode->IsAnonymousFile ? AnonymousMagic : inode->IsAnonymousSocket ? SocketMagic : AuroraMagic;

    private static SystemCallResult WriteStatFs(ref FileCall call, long magic, ulong address)
    {
        call.Files.Space.Describe(out ulong total, out ulong free);
        var result = new LinuxStatFs
        {
            Type = magic,
            BlockSize = PageSize.Bytes,
            FragmentSize = PageSize.Bytes,
            NameLength = DirectoryEntry.MaxNameBytes,
            Flags = magic is ProcMagic or AuroraMagic or TerminalMagic or QueueMagic ? FlagsAreValid | RelativeAccessTimes : FlagsAreValid,
            Id = magic == ProcMagic ? DeviceNumber.ProcFileSystem : magic == TerminalMagic ? DeviceNumber.TerminalFileSystem
                : magic == QueueMagic ? DeviceNumber.QueueFileSystem
                : DeviceNumber.FileSystem,
        };
        if (magic == AuroraMagic)
        {
            result.Blocks = total;
            result.FreeBlocks = free;
            result.AvailableBlocks = free - Math.Min(free, call.Files.Space.KeptForRoot);
            result.Files = (ulong)FileLimits.Default.MaxInodes;
            result.FreeFiles = result.Files - (ulong)call.Files.Inodes.Count;
        }
        return call.Write(address, in result) ? Errno.Ok : call.Failure;
    }
}
