using System;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>The flags of renameat2.</summary>
[Flags]
public enum RenameFlags : uint
{
    None = 0,
    NoReplace = 1,
    Exchange = 2,
}

/// <summary>Moves names of files.</summary>
public sealed unsafe class FileRenames(
    FileStamps stamps, NameTable names, NameEntries entries, NameChanges changes, NameRoom room, FileNotices notices)
{
    /// <summary>Moves a name, replacing what had the new one; atomic.</summary>
    public Errno Rename(
        in FileCaller caller, Inode* oldDirectory, ReadOnlySpan<byte> oldName, Inode* newDirectory, ReadOnlySpan<byte> newName, RenameFlags flags)
    {
        if (oldDirectory->IsOfQueues && newDirectory->IsOfQueues)
            return Errno.EPERM;
        if (oldDirectory->IsProc || newDirectory->IsProc || oldDirectory->Header.Group != newDirectory->Header.Group)
            return Errno.EXDEV;
        if (newDirectory->IsOrphan)
            return Errno.ENOENT;
        if (ServedPlaces.IsAt(in caller, oldDirectory, oldName) || ServedPlaces.IsAt(in caller, newDirectory, newName))
            return Errno.EBUSY;
        Errno error = Find(in caller, oldDirectory, oldName, out DirectoryEntry* source);
        DirectoryEntry* victim = null;
        if (error == Errno.Ok)
            error = Find(in caller, newDirectory, newName, out victim);
        if (error != Errno.Ok)
            return error;
        if (source == null)
            return Errno.ENOENT;
        if (victim == null && (flags & RenameFlags.Exchange) != 0)
            return Errno.ENOENT;
        if (victim != null && (flags & RenameFlags.NoReplace) != 0)
            return Errno.EEXIST;
        error = CheckMove(in caller, source, newDirectory, victim);
        if (error != Errno.Ok)
            return error;
        if ((flags & RenameFlags.Exchange) != 0)
            return Exchange(in caller, source, victim);
        if (victim != null && victim->Target == source->Target)
            return Errno.Ok;
        if (victim != null)
        {
            error = CheckReplacement(in caller, source->Target, victim->Target);
            if (error != Errno.Ok)
                return error;
        }
        return Move(in caller, source, newDirectory, newName, victim);
    }

    // A name, and what it leads to, if there is one.
    private Errno Find(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, out DirectoryEntry* entry)
    {
        Errno error = names.Find(in caller, directory, name, out entry);
        return error == Errno.Ok && entry != null ? names.Follow(in caller, entry) : error;
    }

    private Errno CheckMove(in FileCaller caller, DirectoryEntry* source, Inode* newDirectory, DirectoryEntry* victim)
    {
        Inode* moved = source->Target;
        Errno error = Permissions.CheckRemoval(source->Directory, moved, in caller);
        if (error == Errno.Ok && victim != null)
            error = Permissions.CheckRemoval(newDirectory, victim->Target, in caller);
        if (error == Errno.Ok)
            error = Permissions.Check(newDirectory, in caller, FileAccess.Write | FileAccess.Execute);
        if (error != Errno.Ok)
            return error;
        if ((moved->Flags & InodeFlags.Pinned) != 0 || (victim != null && (victim->Target->Flags & InodeFlags.Pinned) != 0))
            return Errno.EBUSY;
        if (!moved->IsDirectory || source->Directory == newDirectory)
            return Errno.Ok;
        if (IsWithin(newDirectory, moved))
            return Errno.EINVAL;
        // A directory that moves gets another "..", which is a write to it.
        return Permissions.Check(moved, in caller, FileAccess.Write);
    }

    private Errno CheckReplacement(in FileCaller caller, Inode* moved, Inode* victim)
    {
        if (moved->IsDirectory && !victim->IsDirectory)
            return Errno.ENOTDIR;
        if (!moved->IsDirectory && victim->IsDirectory)
            return Errno.EISDIR;
        return victim->IsDirectory ? names.CheckEmpty(in caller, victim) : Errno.Ok;
    }

    private Errno Move(
        in FileCaller caller, DirectoryEntry* source, Inode* newDirectory, ReadOnlySpan<byte> newName, DirectoryEntry* victim)
    {
        Inode* moved = source->Target;
        // The new entry first: if there is no memory or no room for it, nothing has happened.
        uint hash = names.HashOf(newDirectory, newName);
        if (victim == null && !NameTable.HasRoomFor(newDirectory, hash))
            return Errno.ENOSPC;
        DirectoryEntry* entry = entries.Allocate(newName);
        if (entry == null)
            return room.Lack(in caller, Errno.ENOSPC);
        Tell(source, newDirectory, newName, victim);
        if (victim != null)
            changes.Remove(victim);
        bool isShown = ShownNames.IsShown(source);
        changes.TakeOut(source);
        entries.Free(source);
        changes.Enter(entry, hash, newDirectory, moved);
        if (isShown)
            ShownNames.Show(entry);
        stamps.TouchContents(newDirectory);
        return Errno.Ok;
    }

    // From here on nothing fails. A file that is replaced and that nobody uses ends after all this.
    private void Tell(DirectoryEntry* source, Inode* newDirectory, ReadOnlySpan<byte> newName, DirectoryEntry* victim)
    {
        if (!notices.IsWatching)
            return;
        notices.TellMove(source->Directory, DirectoryEntry.NameOf(source), newDirectory, newName, source->Target);
        if (victim != null)
            notices.TellSelf(victim->Target, InotifyMask.Attributes);
        notices.TellSelf(source->Target, InotifyMask.MoveSelf);
    }

    private Errno Exchange(in FileCaller caller, DirectoryEntry* first, DirectoryEntry* second)
    {
        Inode* firstTarget = first->Target;
        Inode* secondTarget = second->Target;
        if (firstTarget == secondTarget)
            return Errno.Ok;
        if (secondTarget->IsDirectory && first->Directory != second->Directory)
        {
            if (IsWithin(first->Directory, secondTarget))
                return Errno.EINVAL;
            Errno error = Permissions.Check(secondTarget, in caller, FileAccess.Write);
            if (error != Errno.Ok)
                return error;
        }
        Tell(first, second->Directory, DirectoryEntry.NameOf(second), null);
        Tell(second, first->Directory, DirectoryEntry.NameOf(first), null);
        bool isFirstShown = ShownNames.IsShown(first);
        bool isSecondShown = ShownNames.IsShown(second);
        names.Retarget(first, secondTarget);
        names.Retarget(second, firstTarget);
        if (isFirstShown)
            ShownNames.Show(second);
        if (isSecondShown)
            ShownNames.Show(first);
        // Retarget detaches a directory's parent when it takes its old name away second; state both afterwards.
        if (firstTarget->IsDirectory)
            firstTarget->Parent = second->Directory;
        if (secondTarget->IsDirectory)
            secondTarget->Parent = first->Directory;
        stamps.TouchContents(first->Directory);
        stamps.TouchContents(second->Directory);
        stamps.TouchStatus(firstTarget);
        stamps.TouchStatus(secondTarget);
        return Errno.Ok;
    }

    /// <summary>True when a directory is another one or lies below it. What is above a directory is always in memory.</summary>
    private static bool IsWithin(Inode* directory, Inode* ancestor)
    {
        while (directory != null)
        {
            if (directory == ancestor)
                return true;
            if (directory->Parent == directory)
                return false;
            directory = directory->Parent;
        }
        return false;
    }
}
