// A name in a directory. Directory order is the order of the entries' object ids, which only grow: a position in a directory (d_off) is
// the id of the last entry seen plus two ("." and ".." are 1 and 2), valid whatever is added or removed, and after a restore. A rename makes a
// new entry. The last name of a file that is in use goes on as a former name, of a kind and with an id of its own (NameChanges.cs).
// Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>One name for one inode. Short and long names come from two slabs; the name's bytes follow the fields.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public unsafe struct DirectoryEntry
{
    public const int MaxNameBytes = 255;
    public const int ShortNameBytes = 39;

    public ObjectHeader Header;
    public Inode* Directory;
    public Inode* Target;

    // The directory's list, in id order.
    public DirectoryEntry* Next;
    public DirectoryEntry* Previous;

    /// <summary>The target's other names.</summary>
    public DirectoryEntry* NextName;
    internal DirectoryEntry* NextInBucket;
    internal uint Hash;
    public byte NameLength;
    internal fixed byte NameBytes[ShortNameBytes];

    /// <summary>The name of an entry in a slab (never of a copy on the stack).</summary>
    public static ReadOnlySpan<byte> NameOf(DirectoryEntry* entry) => new(entry->NameBytes, entry->NameLength);

    /// <summary>The position (d_off) just after this entry.</summary>
    public readonly ulong Position => Header.Id.Value + FirstPosition;

    /// <summary>The position after "." and "..".</summary>
    public const ulong FirstPosition = 2;
}

/// <summary>An entry with room for the longest name.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct LongDirectoryEntry
{
    public DirectoryEntry Entry;
    public fixed byte MoreNameBytes[DirectoryEntry.MaxNameBytes - DirectoryEntry.ShortNameBytes];
}
