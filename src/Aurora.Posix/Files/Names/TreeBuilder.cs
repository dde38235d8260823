// Builds and reads directory trees from outside: image tools on the host, tests, and the kernel's first boot. Works on behalf of root and
// with absolute paths; reports errors as errno values. Names are read as they are needed, here and now; contents must be in memory, or
// whoever gets EAGAIN reads them.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Creates, fills, reads and lists files of a namespace by path. Attributes are given complete; no umask applies.</summary>
public sealed unsafe class TreeBuilder
{
    private readonly Namespace* _space;
    private readonly FileServices _files;
    private readonly Credentials* _root;
    private readonly FileContext* _context;

    /// <summary>A builder for a namespace whose root exists. Its context lives as long as the builder and is not captured.</summary>
    public TreeBuilder(FileServices files, Namespace* space)
    {
        _space = space;
        _files = files;
        byte* page = (byte*)_files.State.Pages.Allocate(1);
        Panic.Unless(page != null && space->Root != null, "tree builder: no memory or no root"u8);
        _root = (Credentials*)page;
        _root->Capabilities = CapabilitySets.OfRoot;
        _context = (FileContext*)(page + (PageSize.Bytes / 2));
        _context->Root = _context->CurrentDirectory = space->Root;
        files.State.TrackerOf(space).Lend(&_context->Header);
    }

    private FileCaller Caller => new() { Credentials = _root, Context = _context };

    /// <summary>Makes a file of any type but a symbolic link; existing directories are fine when a directory is wanted.</summary>
    public Errno Make(ReadOnlySpan<byte> path, uint mode, ulong device = 0)
    {
        FileCaller caller = Caller;
        Errno error = Walk(in caller, path, WalkFlags.AllowMissing, out WalkResult found);
        if (error != Errno.Ok)
            return error;
        if (found.Inode != null)
        {
            bool isWanted = found.Inode->IsDirectory && (mode & InodeMode.TypeMask) == InodeMode.Directory;
            error = isWanted ? Errno.Ok : Errno.EEXIST;
        }
        else
        {
            error = _files.Creation.Make(in caller, found.Directory, found.Name, mode, device, out Inode* created);
            _files.Inodes.Release(created);
        }
        _files.Inodes.Release(ref found);
        return error;
    }

    /// <summary>Makes a directory and those above it that are missing.</summary>
    public Errno MakeDirectories(ReadOnlySpan<byte> path, uint permissions = 0x1ED)
    {
        for (int end = 1; end <= path.Length; end++)
        {
            if (end < path.Length && path[end] != '/')
                continue;
            Errno error = Make(path[..end], InodeMode.Directory | permissions);
            if (error != Errno.Ok && error != Errno.EEXIST)
                return error;
        }
        return Errno.Ok;
    }

    public Errno MakeLink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> target)
    {
        FileCaller caller = Caller;
        Errno error = Walk(in caller, path, WalkFlags.AllowMissing, out WalkResult found);
        if (error != Errno.Ok)
            return error;
        error = found.Inode != null ? Errno.EEXIST : _files.Creation.MakeLink(in caller, found.Directory, found.Name, target);
        _files.Inodes.Release(ref found);
        return error;
    }

    /// <summary>Gives an existing file a second name.</summary>
    public Errno MakeHardLink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> existing)
    {
        Errno error = Find(existing, follow: false, out Inode* target);
        if (error != Errno.Ok)
            return error;
        FileCaller caller = Caller;
        error = Walk(in caller, path, WalkFlags.AllowMissing, out WalkResult found);
        if (error == Errno.Ok)
        {
            error = found.Inode != null ? Errno.EEXIST : _files.Creation.Link(in caller, target, found.Directory, found.Name);
            _files.Inodes.Release(ref found);
        }
        _files.Inodes.Release(target);
        return error;
    }

    /// <summary>Removes a file or an empty directory.</summary>
    public Errno Remove(ReadOnlySpan<byte> path)
    {
        FileCaller caller = Caller;
        Errno error = Walk(in caller, path, WalkFlags.None, out WalkResult found);
        if (error != Errno.Ok)
            return error;
        do
        {
            if (found.Directory == null)
                error = Errno.EBUSY;
            else if (found.Inode->IsDirectory)
                error = _files.Removal.RemoveDirectory(in caller, found.Directory, found.Name);
            else
                error = _files.Removal.Unlink(in caller, found.Directory, found.Name);
        }
        while (MustRepeat(error));
        _files.Inodes.Release(ref found);
        return error;
    }

    /// <summary>The inode at a path, held: release it through <see cref="Inodes.Release(Inode*)"/>.</summary>
    public Errno Find(ReadOnlySpan<byte> path, bool follow, out Inode* inode)
    {
        FileCaller caller = Caller;
        Errno error;
        do
            error = _files.Walks.Resolve(in caller, _space->Root, path, follow ? WalkFlags.FollowLast : WalkFlags.None, out inode);
        while (MustRepeat(error));
        return error;
    }

    /// <summary>Sets owner, permissions and stamps of a file.</summary>
    public void SetAttributes(Inode* inode, uint permissions, uint uid, uint gid, long modifyTime)
    {
        inode->Mode = (inode->Mode & InodeMode.TypeMask) | (permissions & InodeMode.PermissionMask);
        inode->Uid = uid;
        inode->Gid = gid;
        inode->ModifyTime = inode->AccessTime = inode->ChangeTime = modifyTime;
        _files.MarkChanged(&inode->Header);
    }

    /// <summary>Writes bytes into a regular file.</summary>
    public Errno Write(Inode* inode, ulong position, ReadOnlySpan<byte> bytes)
    {
        PageAccess access = _files.Data.Write(inode, position, bytes);
        return FileData.ErrorOf(in access);
    }

    /// <summary>Reads bytes of a regular file; fewer than asked for only at its end.</summary>
    public Errno Read(Inode* inode, ulong position, Span<byte> bytes, out int count)
    {
        PageAccess access = _files.Data.Read(inode, position, bytes, out count);
        return FileData.ErrorOf(in access);
    }

    /// <summary>Sets the length of a regular file.</summary>
    public Errno Resize(Inode* inode, ulong size)
    {
        PageAccess access = _files.Data.Truncate(inode, size);
        return FileData.ErrorOf(in access);
    }

    /// <summary>
    /// Ok with the entry after a position of a directory, or null at the end; start with zero and go on with <see
    /// cref="DirectoryEntry.Position"/>.
    /// </summary>
    public Errno Next(Inode* directory, ulong position, out DirectoryEntry* entry)
    {
        FileCaller caller = Caller;
        Errno error;
        do
            error = _files.Names.Next(in caller, directory, position, out entry);
        while (MustRepeat(error));
        return error;
    }

    /// <summary>Makes sure that what an entry leads to is in memory.</summary>
    public Errno Follow(DirectoryEntry* entry)
    {
        FileCaller caller = Caller;
        Errno error;
        do
            error = _files.Names.Follow(in caller, entry);
        while (MustRepeat(error));
        return error;
    }

    private Errno Walk(in FileCaller caller, ReadOnlySpan<byte> path, WalkFlags flags, out WalkResult found)
    {
        Errno error;
        do
            error = _files.Walks.Walk(in caller, _space->Root, path, flags, out found);
        while (MustRepeat(error));
        return error;
    }

    // What was missing has been read.
    private bool MustRepeat(Errno error)
    {
        if (error != Errno.EIOCBQUEUED)
            return false;
        _files.Loader.ServeAll();
        return true;
    }
}
