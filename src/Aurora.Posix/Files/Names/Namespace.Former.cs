// What a file was called last. Where the last name goes of a file that is in use (open, mapped, stood in, run), its entry is taken out
// of the tree, so that nobody finds it and the directory may be removed, and goes on as a former name, another object at the same
// place in memory:
//
//   the file        FormerName; until it ends or gets a name again
//   the former name Directory, which it holds: so that is there too, with a name or a former one of its own
//
// Paths lead over it as over a name, and so does ".." of a removed directory. A file made without a name (O_TMPFILE) has one from the
// start, as on Linux. Nothing that has a former name has a name or entries, so from wherever one begins the way up ends.
// Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

public sealed unsafe partial class Namespace
{
    private const int MaxNumberDigits = 20;

    /// <summary>Remembers where a file without a name has been made; false when memory is exhausted.</summary>
    public bool MakeFormerName(Inode* directory, Inode* target)
    {
        Span<byte> buffer = stackalloc byte[1 + MaxNumberDigits];
        var name = new Utf8Writer(buffer);
        name.Append((byte)'#');
        name.AppendDecimal(target->Header.Id.Value);
        DirectoryEntry* entry = AllocateEntry(name.Written);
        if (entry == null)
            return false;
        Tracker.Register(&entry->Header, ObjectKind.FormerName);
        ConnectFormer(entry, directory, target);
        return true;
    }

    /// <summary>Puts a former name where it belongs; it holds its directory.</summary>
    internal void ConnectFormer(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        entry->Directory = directory;
        entry->Target = target;
        target->FormerName = entry;
        _files.Inodes.Hold(directory);
    }

    // An entry that is in no list any more. What it named is in use, or ends with it.
    private void BecomeFormer(DirectoryEntry* entry)
    {
        entry->Next = entry->Previous = entry->NextName = entry->NextInBucket = null;
        entry->Hash = 0;
        Tracker.Register(&entry->Header, ObjectKind.FormerName);
        ConnectFormer(entry, entry->Directory, entry->Target);
    }
}
