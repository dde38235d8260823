// Making, linking, moving and removing names.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class NameCalls
{
    private const uint RenameWhiteout = 4;

    public static void Register(SystemCallTable table)
    {
        table.Register(82, &Rename);
        table.Register(83, &MakeDirectory);
        table.Register(84, &RemoveDirectory);
        table.Register(86, &Link);
        table.Register(87, &Unlink);
        table.Register(88, &SymbolicLink);
        table.Register(89, &ReadLink);
        table.Register(133, &MakeNode);
        table.Register(258, &MakeDirectoryAt);
        table.Register(259, &MakeNodeAt);
        table.Register(263, &UnlinkAt);
        table.Register(264, &RenameAt);
        table.Register(265, &LinkAt);
        table.Register(266, &SymbolicLinkAt);
        table.Register(267, &ReadLinkAt);
        table.Register(316, &RenameAt2);
    }

    private static SystemCallResult MakeDirectory(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => MakeDirectory(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1);

    private static SystemCallResult MakeDirectoryAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => MakeDirectory(kernel, thread, a->Int0, a->Arg1, a->UInt2);

    private static SystemCallResult MakeDirectory(LinuxKernel kernel, Thread* thread, int directory, ulong path, uint mode)
    {
        var call = new FileCall(kernel, thread);
        mode = InodeMode.Directory | (mode & (InodeMode.AccessMask | InodeMode.Sticky));
        return Make(ref call, directory, path, mode, 0, allowsSlash: true);
    }

    private static SystemCallResult MakeNode(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => MakeNode(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->UInt1, a->UInt2);

    private static SystemCallResult MakeNodeAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => MakeNode(kernel, thread, a->Int0, a->Arg1, a->UInt2, a->UInt3);

    private static SystemCallResult MakeNode(LinuxKernel kernel, Thread* thread, int directory, ulong path, uint mode, uint device)
    {
        var call = new FileCall(kernel, thread);
        uint type = mode & InodeMode.TypeMask;
        if (type == 0)
            type = InodeMode.Regular;
        bool isDevice = type is InodeMode.CharacterDevice or InodeMode.BlockDevice;
        if (type == InodeMode.Directory || (isDevice && !call.Caller.Has(Capability.MakeNode)))
            return Errno.EPERM;
        if (type is not (InodeMode.Regular or InodeMode.Fifo or InodeMode.Socket) && !isDevice)
            return Errno.EINVAL;
        mode = type | (mode & InodeMode.PermissionMask);
        return Make(ref call, directory, path, mode, isDevice ? device : 0, allowsSlash: false);
    }

    private static SystemCallResult Make(ref FileCall call, int directory, ulong path, uint mode, ulong device, bool allowsSlash)
    {
        if (!call.Walk(directory, path, WalkFlags.AllowMissing | WalkFlags.Name, out WalkResult found))
            return call.Failure;
        Errno error = CheckFree(in found, allowsSlash);
        if (error == Errno.Ok)
        {
            FileCaller caller = call.Caller;
            mode = FileCreation.WithoutForeignGroup(in caller, found.Directory, mode) & ~call.Context->Umask;
            error = call.Files.Creation.Make(in caller, ref found, mode, device);
        }
        call.Files.Inodes.Release(ref found);
        return error;
    }

    private static Errno CheckFree(in WalkResult found, bool allowsSlash)
        => found.Inode != null ? Errno.EEXIST : found.HasTrailingSlash && !allowsSlash ? Errno.ENOENT : Errno.Ok;

    private static SystemCallResult SymbolicLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => SymbolicLink(kernel, thread, a->Arg0, FileCall.CurrentDirectory, a->Arg1);

    private static SystemCallResult SymbolicLinkAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => SymbolicLink(kernel, thread, a->Arg0, a->Int1, a->Arg2);

    private static SystemCallResult SymbolicLink(LinuxKernel kernel, Thread* thread, ulong target, int directory, ulong path)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Walk(directory, path, WalkFlags.AllowMissing | WalkFlags.Name, out WalkResult found))
            return call.Failure;
        SystemCallResult result = CheckFree(in found, allowsSlash: false);
        if (!result.IsError)
        {
            FileCaller caller = call.Caller;
            result = call.Path(target, out ReadOnlySpan<byte> text)
                ? call.Files.Creation.MakeLink(in caller, found.Directory, found.Name, text)
                : call.Failure;
        }
        kernel.Files.Inodes.Release(ref found);
        return result;
    }

    private static SystemCallResult Link(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Link(kernel, thread, FileCall.CurrentDirectory, a->Arg0, FileCall.CurrentDirectory, a->Arg1, 0);

    private static SystemCallResult LinkAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt4 & ~(FileCall.Follow | FileCall.EmptyPath)) != 0
            ? Errno.EINVAL
            : Link(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3, a->UInt4);

    private static SystemCallResult Link(
        LinuxKernel kernel, Thread* thread, int oldDirectory, ulong oldPath, int newDirectory, ulong newPath, uint flags)
    {
        var call = new FileCall(kernel, thread);
        // Not everybody to whom a descriptor was handed may make a name of it.
        if ((flags & FileCall.EmptyPath) != 0 && !call.Caller.Has(Capability.DacReadSearch))
            return Errno.ENOENT;
        if (!call.Resolve(oldDirectory, oldPath, flags, (flags & FileCall.Follow) != 0, out Inode* target))
            return call.Failure;
        if (!call.Walk(newDirectory, newPath, WalkFlags.AllowMissing | WalkFlags.Name, out WalkResult found))
        {
            kernel.Files.Inodes.Release(target);
            return call.Failure;
        }
        Errno error = CheckFree(in found, allowsSlash: false);
        if (error == Errno.Ok)
        {
            FileCaller caller = call.Caller;
            error = call.Files.Creation.Link(in caller, target, found.Directory, found.Name);
        }
        kernel.Files.Inodes.Release(ref found);
        kernel.Files.Inodes.Release(target);
        return error;
    }

    private static SystemCallResult Unlink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Remove(kernel, thread, FileCall.CurrentDirectory, a->Arg0, isDirectory: false);

    private static SystemCallResult RemoveDirectory(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Remove(kernel, thread, FileCall.CurrentDirectory, a->Arg0, isDirectory: true);

    private static SystemCallResult UnlinkAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt2 & ~FileCall.RemoveDirectory) != 0
            ? Errno.EINVAL
            : Remove(kernel, thread, a->Int0, a->Arg1, (a->UInt2 & FileCall.RemoveDirectory) != 0);

    [SkipLocalsInit]
    private static SystemCallResult Remove(LinuxKernel kernel, Thread* thread, int directory, ulong path, bool isDirectory)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Walk(directory, path, WalkFlags.Name, out WalkResult found))
            return call.Failure;
        FileCaller caller = call.Caller;
        Errno error;
        bool isFolder = found.Inode->IsDirectory;
        // Who takes a name away does not keep what it leads to.
        kernel.Files.Inodes.ReleaseFile(ref found);
        if (found.Last == LastComponent.Name && found.HasTrailingSlash && !isDirectory)
            error = isFolder ? Errno.EISDIR : Errno.ENOTDIR;
        else if (found.Last != LastComponent.Name)
            error = !isDirectory ? Errno.EISDIR : found.Last switch
            {
                LastComponent.Dot => Errno.EINVAL,
                LastComponent.DotDot => Errno.ENOTEMPTY,
                _ => Errno.EBUSY,
            };
        else
            error = isDirectory
                ? call.Files.Removal.RemoveDirectory(in caller, found.Directory, found.Name)
                : call.Files.Removal.Unlink(in caller, in found);
        kernel.Files.Inodes.Release(ref found);
        return error;
    }

    private static SystemCallResult Rename(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Rename(kernel, thread, FileCall.CurrentDirectory, a->Arg0, FileCall.CurrentDirectory, a->Arg1, 0);

    private static SystemCallResult RenameAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Rename(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3, 0);

    private static SystemCallResult RenameAt2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Rename(kernel, thread, a->Int0, a->Arg1, a->Int2, a->Arg3, a->UInt4);

    private static SystemCallResult Rename(
        LinuxKernel kernel, Thread* thread, int oldDirectory, ulong oldPath, int newDirectory, ulong newPath, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (flags > (RenameWhiteout | 3) || (flags & RenameWhiteout) != 0 || flags == 3)
            return Errno.EINVAL;
        if (!call.Walk(oldDirectory, oldPath, WalkFlags.Name, out WalkResult source))
            return call.Failure;
        if (!call.Walk(newDirectory, newPath, WalkFlags.AllowMissing | WalkFlags.Name, out WalkResult target))
        {
            kernel.Files.Inodes.Release(ref source);
            return call.Failure;
        }
        Errno error = CheckRename(in source, in target, (RenameFlags)flags);
        if (error == Errno.Ok)
        {
            FileCaller caller = call.Caller;
            // As for a name that is taken away.
            kernel.Files.Inodes.ReleaseFile(ref target);
            error = call.Files.Renames.Rename(in caller, source.Directory, source.Name, target.Directory, target.Name, (RenameFlags)flags);
        }
        kernel.Files.Inodes.Release(ref target);
        kernel.Files.Inodes.Release(ref source);
        return error;
    }

    // In Linux's order. A slash behind a name says that it is a directory's: the new one of what is moved there, or of what is exchanged.
    private static Errno CheckRename(in WalkResult source, in WalkResult target, RenameFlags flags)
    {
        bool exchanges = (flags & RenameFlags.Exchange) != 0;
        if (source.Last != LastComponent.Name)
            return Errno.EBUSY;
        bool isTaken = target.Last != LastComponent.Name || target.Inode != null;
        if ((flags & RenameFlags.NoReplace) != 0 && isTaken)
            return Errno.EEXIST;
        if (target.Last != LastComponent.Name)
            return Errno.EBUSY;
        if (exchanges && target.Inode == null)
            return Errno.ENOENT;
        Inode* named = exchanges ? target.Inode : source.Inode;
        bool isWrong = (target.HasTrailingSlash && !named->IsDirectory) || (source.HasTrailingSlash && !source.Inode->IsDirectory);
        return isWrong ? Errno.ENOTDIR : Errno.Ok;
    }

    private static SystemCallResult ReadLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => ReadLink(kernel, thread, FileCall.CurrentDirectory, a->Arg0, a->Arg1, a->Int2);

    private static SystemCallResult ReadLinkAt(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => ReadLink(kernel, thread, a->Int0, a->Arg1, a->Arg2, a->Int3);

    private static SystemCallResult ReadLink(LinuxKernel kernel, Thread* thread, int directory, ulong path, ulong buffer, int size)
    {
        var call = new FileCall(kernel, thread);
        if (size <= 0)
            return Errno.EINVAL;
        // An empty path names the descriptor's own link, opened with O_PATH and O_NOFOLLOW.
        uint flags = directory == FileCall.CurrentDirectory ? 0 : FileCall.EmptyPath;
        if (!call.Resolve(directory, path, flags, follows: false, out Inode* inode))
            return call.Failure;
        SystemCallResult result = Errno.EINVAL;
        if (inode->IsSymbolicLink)
        {
            FileCaller caller = call.Caller;
            Errno error = kernel.Files.Walks.ReadTarget(inode, in caller, out ReadOnlySpan<byte> target);
            target = target[..Math.Min(target.Length, size)];
            result = error != Errno.Ok ? error : call.WriteBytes(buffer, target) ? SystemCallResult.Done(target.Length) : call.Failure;
        }
        kernel.Files.Inodes.Release(inode);
        return result;
    }
}
