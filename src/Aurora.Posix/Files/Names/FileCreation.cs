using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Makes files and links. Inodes it hands out are held; the caller releases them.</summary>
public sealed unsafe class FileCreation(
    FileState state, Inodes inodes, NameTable names, NameChanges changes, NameRoom room,
    FileNotices notices, FileEnvironment environment)
{
    /// <summary>The most names one inode may have.</summary>
    public const uint MaxLinksOfInode = 65000;

    /// <summary>Makes the root directory of a new tree; false when memory is exhausted.</summary>
    public bool CreateRoot(Namespace* space)
    {
        Panic.Unless(space->Root == null && space->Tree == null, "namespace: a second root"u8);
        if (!MakeTree(space, firstDirectory: 1))
            return false;
        Inode* root = inodes.CreateNamed(state.TrackerOf(space), InodeMode.Directory | 0x1ED, 0, 0);
        if (root == null)
            return false;
        root->Flags = InodeFlags.Root;
        root->Parent = root;
        space->Root = root;
        space->Tree->Root = root->Header.Id;
        return true;
    }

    /// <summary>Begins the books of a tree; false when memory is exhausted.</summary>
    internal bool MakeTree(Namespace* space, ulong firstDirectory)
    {
        FileTree* tree = state.Trees.Allocate();
        if (tree == null)
            return false;
        tree->NextDirectory = firstDirectory;
        state.TrackerOf(space).Register(&tree->Header, ObjectKind.FileTree);
        space->Tree = tree;
        return true;
    }

    /// <summary>
    /// Makes a file of any type but a symbolic link, owned by the caller; the mode is complete (umask applied, and
    /// <see cref="WithoutForeignGroup"/> before). The new inode is held. Directories with set-group-id pass on their group, and to
    /// directories the bit itself.
    /// </summary>
    public Errno Make(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, uint mode, ulong device, out Inode* created)
    {
        created = null;
        Errno error = CheckAddition(in caller, directory, name, out uint hash);
        return error != Errno.Ok ? error : MakeChecked(in caller, directory, name, hash, mode, device, out created);
    }

    /// <summary>As above, where a walk has just found that there is no such file.</summary>
    public Errno Make(in FileCaller caller, ref WalkResult found, uint mode, ulong device)
    {
        if (found.Directory->IsOfQueues && (mode & InodeMode.TypeMask) == InodeMode.Regular)
        {
            mode &= InodeMode.PermissionMask;
            return state.Queues!.Make(in caller, found.Directory->Header.Group, found.Name, mode, out found.Inode);
        }
        Errno error = found.Directory->IsProc ? Errno.EPERM : CheckAddition(in caller, found.Directory);
        return error != Errno.Ok ? error
            : MakeChecked(in caller, found.Directory, found.Name, found.Hash, mode, device, out found.Inode);
    }

    private Errno MakeChecked(
        in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, uint hash, uint mode, ulong device, out Inode* created)
    {
        created = null;
        Inode* inode = NewInode(in caller, directory, mode);
        if (inode == null)
            return room.Lack(in caller, Errno.ENOSPC);
        inode->Device = device;
        return Publish(in caller, directory, name, hash, inode, out created);
    }

    /// <summary>Makes a symbolic link.</summary>
    public Errno MakeLink(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        if (target.IsEmpty)
            return Errno.ENOENT;
        if (target.Length > Inode.MaxTargetBytes)
            return Errno.ENAMETOOLONG;
        Errno error = CheckAddition(in caller, directory, name, out uint hash);
        if (error != Errno.Ok)
            return error;
        Inode* inode = NewInode(in caller, directory, InodeMode.SymbolicLink | InodeMode.AccessMask);
        if (inode == null)
            return room.Lack(in caller, Errno.ENOSPC);
        if (!inodes.SetTarget(state.TrackerOf(&inode->Header), inode, target))
        {
            inodes.Release(inode);
            return room.Lack(in caller, Errno.ENOSPC);
        }
        error = Publish(in caller, directory, name, hash, inode, out Inode* created);
        inodes.Release(created);
        return error;
    }

    /// <summary>Gives a file another name. Directories have one name only.</summary>
    public Errno Link(in FileCaller caller, Inode* target, Inode* directory, ReadOnlySpan<byte> name)
    {
        if (target->IsDirectory || (target->IsQueue && directory->IsOfQueues))
            return Errno.EPERM;
        if (target->IsProc || target->IsMemoryFile || target->IsAnonymousFile || target->IsTerminal || target->IsQueue
            || directory->IsOfQueues || target->Header.Group != directory->Header.Group)
            return Errno.EXDEV;
        if (target->NameCount == 0 && (target->Flags & InodeFlags.Linkable) == 0)
            return Errno.ENOENT;
        if (target->NameCount >= MaxLinksOfInode)
            return Errno.EMLINK;
        Errno error = Permissions.CheckLink(target, in caller);
        uint hash = 0;
        if (error == Errno.Ok)
            error = CheckAddition(in caller, directory, name, out hash);
        if (error != Errno.Ok)
            return error;
        if (!changes.Add(directory, name, hash, target))
            return Lack(in caller, directory, hash);
        notices.TellSelf(target, InotifyMask.Attributes);
        notices.TellCreation(directory, name, target);
        target->Flags &= ~InodeFlags.Linkable;
        if (target->NameCount == 1)
        {
            inodes.EndFormerName(target);
            ShownNames.Show(target->FirstName);
        }
        return Errno.Ok;
    }

    /// <summary>Whether the caller may add this name to a directory, and the store has room for it.</summary>
    private Errno CheckAddition(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, out uint hash)
    {
        hash = 0;
        if (directory->IsProc)
            return Errno.EPERM;
        if (directory->IsOrphan)
            return Errno.ENOENT;
        if (ServedPlaces.IsAt(in caller, directory, name))
            return Errno.EEXIST;
        hash = names.HashOf(directory, name);
        Errno unknown = names.Find(in caller, directory, name, hash, out DirectoryEntry* present);
        if (unknown != Errno.Ok || present != null)
            return unknown != Errno.Ok ? unknown : Errno.EEXIST;
        return CheckAddition(in caller, directory);
    }

    private Errno CheckAddition(in FileCaller caller, Inode* directory)
    {
        Errno denied = Permissions.Check(directory, in caller, FileAccess.Write | FileAccess.Execute);
        if (denied != Errno.Ok)
            return denied;
        return environment.Space.IsFullFor(directory->Header.Group) ? Errno.ENOSPC : Errno.Ok;
    }

    /// <summary>
    /// The mode of a file that is asked for in a directory: nobody makes a program that runs as a group he is not in. Asked before the
    /// umask applies, which would hide that it is a program.
    /// </summary>
    public static uint WithoutForeignGroup(in FileCaller caller, Inode* directory, uint mode)
    {
        bool isProgram = (mode & (InodeMode.SetGid | InodeMode.GroupExecute)) == (InodeMode.SetGid | InodeMode.GroupExecute);
        bool isForeign = (directory->Mode & InodeMode.SetGid) != 0 && isProgram
            && !caller.IsInGroup(directory->Gid) && !caller.Has(Capability.FileSetId);
        return isForeign ? mode & ~InodeMode.SetGid : mode;
    }

    /// <summary>The group of what the caller makes in a directory.</summary>
    public static uint GroupIn(in FileCaller caller, Inode* directory)
        => (directory->Mode & InodeMode.SetGid) != 0 ? directory->Gid : caller.Gid;

    private Inode* NewInode(in FileCaller caller, Inode* directory, uint mode)
    {
        bool isPassedOn = (directory->Mode & InodeMode.SetGid) != 0 && (mode & InodeMode.TypeMask) == InodeMode.Directory;
        ObjectTracker tracker = state.TrackerOf(&directory->Header);
        return inodes.CreateNamed(tracker, isPassedOn ? mode | InodeMode.SetGid : mode, caller.Uid, GroupIn(in caller, directory));
    }

    private Errno Publish(
        in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, uint hash, Inode* inode, out Inode* created)
    {
        created = null;
        if (!changes.Add(directory, name, hash, inode))
        {
            inodes.Release(inode);
            return Lack(in caller, directory, hash);
        }
        created = inode;
        notices.TellCreation(directory, name, inode);
        return Errno.Ok;
    }

    // Of names with one hash there may be so many, whatever memory there is.
    private Errno Lack(in FileCaller caller, Inode* directory, uint hash)
        => NameTable.HasRoomFor(directory, hash) ? room.Lack(in caller, Errno.ENOSPC) : Errno.ENOSPC;
}
