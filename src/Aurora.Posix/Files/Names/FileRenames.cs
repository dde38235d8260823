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
public sealed unsafe class FileRenames(FileState state, FileStamps stamps, NameTable names, NameChanges changes)
{
    /// <summary>Moves a name, replacing what had the new one; atomic.</summary>
    public Errno Rename(
        in FileCaller caller, Inode* oldDirectory, ReadOnlySpan<byte> oldName, Inode* newDirectory, ReadOnlySpan<byte> newName, RenameFlags flags)
    {
        if (oldDirectory->IsProc || newDirectory->IsProc || oldDirectory->Header.Group != newDirectory->Header.Group)
            return Errno.EXDEV;
        if (newDirectory->IsOrphan)
            return Errno.ENOENT;
        DirectoryEntry* source = names.Find(oldDirectory, oldName);
        DirectoryEntry* victim = names.Find(newDirectory, newName);
        if (source == null)
            return Errno.ENOENT;
        if (victim == null && (flags & RenameFlags.Exchange) != 0)
            return Errno.ENOENT;
        if (victim != null && (flags & RenameFlags.NoReplace) != 0)
            return Errno.EEXIST;
        Errno error = CheckMove(in caller, source, newDirectory, victim);
        if (error != Errno.Ok)
            return error;
        if ((flags & RenameFlags.Exchange) != 0)
            return Exchange(in caller, source, victim);
        if (victim != null && victim->Target == source->Target)
            return Errno.Ok;
        if (victim != null)
        {
            error = CheckReplacement(source->Target, victim->Target);
            if (error != Errno.Ok)
                return error;
        }
        return Move(source, newDirectory, newName, victim);
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

    private static Errno CheckReplacement(Inode* moved, Inode* victim)
    {
        if (moved->IsDirectory && !victim->IsDirectory)
            return Errno.ENOTDIR;
        if (!moved->IsDirectory && victim->IsDirectory)
            return Errno.EISDIR;
        return victim->IsDirectory && victim->EntryCount != 0 ? Errno.ENOTEMPTY : Errno.Ok;
    }

    private Errno Move(DirectoryEntry* source, Inode* newDirectory, ReadOnlySpan<byte> newName, DirectoryEntry* victim)
    {
        Inode* moved = source->Target;
        // The new entry first: if there is no memory for it, nothing has happened.
        DirectoryEntry* entry = names.AllocateEntry(newName);
        if (entry == null)
            return Errno.ENOSPC;
        if (victim != null)
            changes.Remove(victim);
        changes.TakeOut(source);
        names.FreeEntry(source);
        state.TrackerOf(&newDirectory->Header).Register(&entry->Header, Base.ObjectKind.DirectoryEntry);
        names.Connect(entry, newDirectory, moved);
        stamps.TouchContents(newDirectory);
        return Errno.Ok;
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
        names.Retarget(first, secondTarget);
        names.Retarget(second, firstTarget);
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

    /// <summary>True when a directory is another one or lies below it.</summary>
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
