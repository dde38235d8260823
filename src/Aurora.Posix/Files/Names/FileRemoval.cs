using System;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Takes names of files away.</summary>
public sealed unsafe class FileRemoval(FileState state, NameTable names, NameChanges changes, FileNotices notices)
{
    /// <summary>As below, of what a walk has just found and does not hold any more.</summary>
    public Errno Unlink(in FileCaller caller, in WalkResult found)
    {
        DirectoryEntry* entry = found.Entry;
        if (found.Directory->IsOfQueues)
            return state.Queues!.Remove(in caller, found.Directory->Header.Group, found.Name);
        if (entry == null)
            return Errno.EPERM;
        Errno error = Permissions.CheckRemoval(found.Directory, entry->Target, in caller);
        if (error != Errno.Ok || entry->Target->IsDirectory)
            return error != Errno.Ok ? error : Errno.EISDIR;
        Remove(entry);
        return Errno.Ok;
    }

    /// <summary>unlink: takes a name of a file that is not a directory.</summary>
    public Errno Unlink(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
    {
        if (directory->IsOfQueues)
            return state.Queues!.Remove(in caller, directory->Header.Group, name);
        Errno error = FindRemovable(caller, directory, name, out DirectoryEntry* entry);
        if (error != Errno.Ok)
            return error;
        if (entry->Target->IsDirectory)
            return Errno.EISDIR;
        Remove(entry);
        return Errno.Ok;
    }

    /// <summary>rmdir: takes away an empty directory.</summary>
    public Errno RemoveDirectory(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
    {
        if (directory->IsOfQueues)
            return state.Queues!.Find(directory->Header.Group, name) == null ? Errno.ENOENT : Errno.ENOTDIR;
        Errno error = FindRemovable(caller, directory, name, out DirectoryEntry* entry);
        if (error != Errno.Ok)
            return error;
        if (!entry->Target->IsDirectory)
            return Errno.ENOTDIR;
        if ((entry->Target->Flags & InodeFlags.Pinned) != 0)
            return Errno.EBUSY;
        error = names.CheckEmpty(in caller, entry->Target);
        if (error == Errno.Ok)
            Remove(entry);
        return error;
    }

    private void Remove(DirectoryEntry* entry)
    {
        if (notices.IsWatching)
            RemoveWatched(entry);
        else
            changes.Remove(entry);
    }

    // A file that nobody uses ends before its directory is told that it has lost the name.
    private void RemoveWatched(DirectoryEntry* entry)
    {
        Span<byte> buffer = stackalloc byte[DirectoryEntry.MaxNameBytes];
        Span<byte> name = buffer[..entry->NameLength];
        DirectoryEntry.NameOf(entry).CopyTo(name);
        Inode* directory = entry->Directory;
        uint events = InotifyMask.Delete | (entry->Target->IsDirectory ? InotifyMask.IsDirectory : 0);
        if (!entry->Target->IsDirectory)
            notices.TellSelf(entry->Target, InotifyMask.Attributes);
        changes.Remove(entry);
        notices.TellName(directory, name, events);
    }

    // The name, if the caller may take it away.
    private Errno FindRemovable(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, out DirectoryEntry* entry)
    {
        entry = null;
        if (directory->IsProc)
            return Errno.EPERM;
        if (ServedPlaces.IsAt(in caller, directory, name))
            return Errno.EBUSY;
        Errno error = names.Find(in caller, directory, name, out entry);
        if (error == Errno.Ok && entry == null)
            error = Errno.ENOENT;
        if (error == Errno.Ok)
            error = names.Follow(in caller, entry);
        return error != Errno.Ok ? error : Permissions.CheckRemoval(directory, entry->Target, in caller);
    }
}
