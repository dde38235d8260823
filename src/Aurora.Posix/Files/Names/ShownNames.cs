// Which name of a file is shown: in links of /proc/N/fd, in maps, in core files. Of a file with several names it is the one by which it was
// opened, or run, last, also where others have it open by another; when that is taken away while the file is in use, it is what it was
// called (NameChanges.cs), as it would be on Linux. It is part of the inode's record, so a restore shows the same:
//
//   StoredName     the entry, by its id; where the file is used it is in memory and attached, since what leads to files in memory stays
//   FormerName     what it was called, as long as it is in use and not opened by another name; then there is no StoredName
//
// Which of the names of a file that nobody uses is meant shows nowhere. A rename takes it along. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Says which of a file's names is its path.</summary>
public sealed unsafe class ShownNames(FileState state, Inodes inodes)
{
    /// <summary>The name that is shown of a file in use, or was when it had it; null when there is none.</summary>
    internal DirectoryEntry* Of(Inode* inode) => Of(state, inode);

    /// <summary>As above.</summary>
    internal static DirectoryEntry* Of(FileState state, Inode* inode)
    {
        if (inode->FormerName != null)
            return inode->FormerName;
        DirectoryEntry* entry = inode->FirstName;
        if (entry == null || inode->StoredName.IsNone || IsShown(entry))
            return inode->StoredName.IsNone ? null : entry;
        return (DirectoryEntry*)state.TrackerOf(&inode->Header).Find(inode->StoredName, ObjectKind.DirectoryEntry);
    }

    /// <summary>A file is opened, or run, by the name that a walk came over, and nothing has happened to names since.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Open(ref WalkResult found)
    {
        if (found.Entry != null && !IsShown(found.Entry))
            Change(found.Entry);
    }

    private void Change(DirectoryEntry* entry)
    {
        Show(entry);
        inodes.EndFormerName(entry->Target);
        state.MarkChanged(&entry->Target->Header);
    }

    internal static bool IsShown(DirectoryEntry* entry) => entry->Target->StoredName == entry->Header.Id;

    /// <summary>From now on this name is shown; the record of the inode is to be written.</summary>
    internal static void Show(DirectoryEntry* entry) => entry->Target->StoredName = entry->Header.Id;
}
