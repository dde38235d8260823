// What a file was called. Where the name goes that is shown of a file (ShownNames) which is in use (open, mapped, stood in, run), its entry
// is taken out of the tree, so that nobody finds it and the directory may be removed, and goes on as a former name, another object at the
// same place in memory:
//
//   the file        FormerName; until nobody uses it, it is opened by another name, or the first name of a new one
//   the former name Directory, which it holds: so that is there too, with a name or a former one of its own
//
// Paths lead over it as over a name, and so does ".." of a removed directory. A file made without a name (O_TMPFILE) has one from the
// start, as on Linux. No directory that has a former name has a name or entries, so from wherever one begins the way up ends.
// Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Gives files names and takes them away.</summary>
public sealed unsafe class NameChanges(FileState state, FileStamps stamps, Inodes inodes, NameTable names, NameEntries entries)
{
    private const int MaxNumberDigits = 20;

    /// <summary>
    /// Names an inode. The caller has checked that the name is known to be free, and allowed; false when memory is exhausted, or the
    /// directory has no room for a name with this hash.
    /// </summary>
    internal bool Add(Inode* directory, ReadOnlySpan<byte> name, uint hash, Inode* target)
    {
        DirectoryEntry* entry = NameTable.HasRoomFor(directory, hash) ? entries.Allocate(name) : null;
        if (entry == null)
            return false;
        Enter(entry, hash, directory, target);
        stamps.TouchName(directory, target);
        return true;
    }

    /// <summary>Puts an entry where it belongs, and makes it known.</summary>
    internal void Enter(DirectoryEntry* entry, uint hash, Inode* directory, Inode* target)
    {
        names.Connect(entry, hash, directory, target);
        state.TrackerOf(&directory->Header).RegisterAs(&entry->Header, ObjectKind.DirectoryEntry, NameTable.IdOf(entry));
    }

    /// <summary>Takes a name away; with the last one the target ends. While it is in use it remembers the one that was shown of
    /// it.</summary>
    internal void Remove(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        bool isShown = ShownNames.IsShown(entry);
        TakeOut(entry);
        if (target->IsInUse && target->FormerName == null && (isShown || target->NameCount == 0))
        {
            target->StoredName = default;
            BecomeFormer(entry);
            return;
        }
        entries.Free(entry);
        inodes.EndIfUnused(target);
    }

    // The caller frees the entry, and does something about a target without names.
    internal void TakeOut(DirectoryEntry* entry)
    {
        stamps.TouchName(entry->Directory, entry->Target);
        names.Disconnect(entry);
        state.TrackerOf(&entry->Header).Remove(&entry->Header);
    }

    /// <summary>Remembers where a file without a name has been made; false when memory is exhausted.</summary>
    public bool MakeFormerName(Inode* directory, Inode* target)
    {
        Span<byte> buffer = stackalloc byte[1 + MaxNumberDigits];
        var name = new Utf8Writer(buffer);
        name.Append((byte)'#');
        name.AppendDecimal(target->Number);
        DirectoryEntry* entry = entries.Allocate(name.Written);
        if (entry == null)
            return false;
        state.TrackerOf(&directory->Header).Register(&entry->Header, ObjectKind.FormerName);
        ConnectFormer(entry, directory, target);
        return true;
    }

    /// <summary>Puts a former name where it belongs; it holds its directory.</summary>
    internal void ConnectFormer(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        entry->Directory = directory;
        entry->Target = target;
        target->FormerName = entry;
        inodes.Hold(directory);
    }

    // An entry that is in no list any more. What it named is in use, or ends with it.
    private void BecomeFormer(DirectoryEntry* entry)
    {
        entry->NextName = entry->NextInBucket = null;
        entry->Hash = entry->Place = 0;
        entry->TargetId = default;
        entry->TargetType = 0;
        state.TrackerOf(&entry->Target->Header).Register(&entry->Header, ObjectKind.FormerName);
        ConnectFormer(entry, entry->Directory, entry->Target);
    }
}
