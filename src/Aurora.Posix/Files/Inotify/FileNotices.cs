// What happens to files, told to those who watch them or the directories they are in. Where nobody watches anything that is one look at a
// number. Otherwise it is told to the watches of the directory, with the name that is shown of the file (ShownNames) or by which it was
// meant, then to those of the file itself; the names lead there, and need not say that somebody watches.
//
// What a dispatch of a call has done is told before it is over: a call that waits in between may end there, and a checkpoint has both or
// neither. Which call makes which events, and in which order, is as on Linux. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Tells watches of files and directories.</summary>
public sealed unsafe class FileNotices
{
    private readonly FileState _state;
    private readonly InotifyQueue _queue;
    private readonly InotifyWatches _watches;

    internal FileNotices(FileState state, InotifyQueue queue, InotifyWatches watches)
    {
        _state = state;
        _queue = queue;
        _watches = watches;
    }

    /// <summary>Somebody watches something: only then anything must be told.</summary>
    public bool IsWatching
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _state.InotifyWatches.Count != 0;
    }

    /// <summary>Something has been done with an open file.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tell(OpenFile* file, uint events)
    {
        if (IsWatching)
            TellOpen(file, events);
    }

    /// <summary>
    /// Something has been done to a file that was meant by a name, until any name changes, or, if that is null, by an open file.
    /// </summary>
    public void Tell(Inode* inode, DirectoryEntry* name, uint events)
    {
        if (IsWatching)
            TellBoth(inode, name != null && name->Target == inode ? name : NameOf(inode), events, isUnlinked: false);
    }

    /// <summary>Something has happened to a file, whatever its names.</summary>
    public void TellSelf(Inode* inode, uint events)
    {
        if (inode->FirstWatch != null)
            Tell(inode, OfType(inode, events), 0, default, isUnlinked: false);
    }

    /// <summary>A name in a directory has come or gone.</summary>
    public void TellName(Inode* directory, ReadOnlySpan<byte> name, uint events)
    {
        if (directory->FirstWatch != null)
            Tell(directory, events, 0, name, isUnlinked: false);
    }

    /// <summary>A file or directory has got a name.</summary>
    public void TellCreation(Inode* directory, ReadOnlySpan<byte> name, Inode* file)
    {
        if (directory->FirstWatch != null)
            TellName(directory, name, OfType(file, InotifyMask.Create));
    }

    /// <summary>A file has got a name instead of another.</summary>
    public void TellMove(Inode* oldDirectory, ReadOnlySpan<byte> oldName, Inode* newDirectory, ReadOnlySpan<byte> newName, Inode* file)
    {
        if (oldDirectory->FirstWatch == null && newDirectory->FirstWatch == null)
            return;
        uint cookie = TakeCookie(file);
        Tell(oldDirectory, OfType(file, InotifyMask.MovedFrom), cookie, oldName, isUnlinked: false);
        Tell(newDirectory, OfType(file, InotifyMask.MovedTo), cookie, newName, isUnlinked: false);
    }

    // No other rename of the group has the same one, before there have been four thousand million objects.
    private uint TakeCookie(Inode* file)
    {
        uint cookie = (uint)_state.TrackerOf(&file->Header).TakeId().Value;
        return cookie != 0 ? cookie : (uint)_state.TrackerOf(&file->Header).TakeId().Value;
    }

    private void TellOpen(OpenFile* file, uint events)
    {
        if (file->Kind == FileKind.PathOnly)
            return;
        DirectoryEntry* name = NameOf(file->Inode);
        TellBoth(file->Inode, name, events, isUnlinked: name != null && name == file->Inode->FormerName);
    }

    private void TellBoth(Inode* inode, DirectoryEntry* name, uint events, bool isUnlinked)
    {
        events = OfType(inode, events);
        if (name != null && name->Directory->FirstWatch != null)
            Tell(name->Directory, events, 0, DirectoryEntry.NameOf(name), isUnlinked);
        if (inode->FirstWatch != null)
            Tell(inode, events, 0, default, isUnlinked);
    }

    // Its watches may end with this.
    private void Tell(Inode* watched, uint events, uint cookie, ReadOnlySpan<byte> name, bool isUnlinked)
    {
        for (InotifyWatch* watch = watched->FirstWatch, next; watch != null; watch = next)
        {
            next = watch->NextOfInode;
            bool isExcluded = isUnlinked && (watch->Mask & InotifyMask.ExcludeUnlinked) != 0;
            if ((watch->Mask & events & InotifyMask.AllEvents) == 0 || isExcluded)
                continue;
            _queue.Append(watch->Instance, watch->Number, events, cookie, name);
            if (watch->IsOneShot)
                _watches.End(watch);
        }
    }

    // Directories are said to be such, but not of themselves when they move, as on Linux.
    private static uint OfType(Inode* inode, uint events)
        => inode->IsDirectory && (events & InotifyMask.MoveSelf) == 0 ? events | InotifyMask.IsDirectory : events;

    private DirectoryEntry* NameOf(Inode* inode)
    {
        DirectoryEntry* shown = ShownNames.Of(_state, inode);
        return shown != null ? shown : inode->FirstName;
    }
}
