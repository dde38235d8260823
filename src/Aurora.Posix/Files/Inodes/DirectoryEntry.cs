// A name in a directory. Where it is among the others follows from the name: its place is the hash of the name (NameHash, under the key of
// the group's FileTree) and a turn, which tells names with the same hash apart. Directory and place make its id (FileIds), so the store has
// a directory's names in the order of their places. A position in a directory (d_off) is the place of the last entry seen plus three ("."
// and ".." are 1 and 2), valid whatever is added or removed, and after a restore. A rename makes a new entry. The last name of a file that
// is in use goes on as a former name, of a kind and with an id of its own (NameChanges.cs).
//
// An entry says by number what it leads to, and what type of file that is; the inode is in memory or not. Where it is not, the entry stays
// as it is: whoever takes it away needs the inode first. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What became of the attempt to read what an entry leads to.</summary>
internal enum EntryState : byte
{
    Fine = 0,

    /// <summary>The inode does not exist, cannot be read, or contradicts the entry.</summary>
    Lost = 1,

    /// <summary>There was no memory for it; whoever asked is told once.</summary>
    NoMemory = 2,

    /// <summary>Fine, and nobody has looked it up since it was asked whether it can be spared.</summary>
    Idle = 3,
}

/// <summary>One name for one inode. Short and long names come from two slabs; the name's bytes follow the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct DirectoryEntry
{
    public const int MaxNameBytes = 255;
    public const int ShortNameBytes = 37;

    /// <summary>The position after "." and "..".</summary>
    public const ulong FirstPosition = 2;

    /// <summary>The position after the entry with place zero.</summary>
    private const ulong PositionOfFirst = FirstPosition + 1;

    public ObjectHeader Header;
    public Inode* Directory;

    /// <summary>What it leads to; null while that is not in memory.</summary>
    public Inode* Target;

    /// <summary>The next in the same part of the directory, in the order of their places (NameBuckets).</summary>
    public DirectoryEntry* NextInBucket;

    /// <summary>The target's other names that are in memory.</summary>
    public DirectoryEntry* NextName;

    /// <summary>What it leads to, by the id of its inode.</summary>
    public ObjectId TargetId;
    internal uint Hash;

    /// <summary>Hash and turn, as in the id: what the entries of a directory are in order of.</summary>
    public uint Place;

    /// <summary>The type of file it leads to, as in d_type.</summary>
    public byte TargetType;
    internal EntryState State;
    public byte NameLength;
    internal fixed byte NameBytes[ShortNameBytes];

    /// <summary>The name of an entry in a slab (never of a copy on the stack).</summary>
    public static ReadOnlySpan<byte> NameOf(DirectoryEntry* entry) => new(entry->NameBytes, entry->NameLength);

    /// <summary>True when an entry in a slab has this name, which is not empty. Short ones are compared without a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsNamed(DirectoryEntry* entry, ReadOnlySpan<byte> name)
    {
        int length = entry->NameLength;
        if (length != name.Length)
            return false;
        if (length >= sizeof(ulong))
            return NameOf(entry).SequenceEqual(name);
        byte* own = entry->NameBytes;
        ref byte given = ref MemoryMarshal.GetReference(name);
        // SAFETY: both have length bytes; the pieces overlap and cover all of them.
        if (length >= sizeof(uint))
        {
            return Unsafe.ReadUnaligned<uint>(own) == Unsafe.ReadUnaligned<uint>(ref given)
                && Unsafe.ReadUnaligned<uint>(own + length - sizeof(uint))
                    == Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref given, length - sizeof(uint)));
        }
        return own[0] == given && own[length >> 1] == Unsafe.Add(ref given, length >> 1)
            && own[length - 1] == Unsafe.Add(ref given, length - 1);
    }

    /// <summary>The position (d_off) just after this entry.</summary>
    public readonly ulong Position => Place + PositionOfFirst;

    /// <summary>The first place that is behind a position at or after <see cref="FirstPosition"/>.</summary>
    internal static ulong PlaceAfter(ulong position) => position - FirstPosition;
}

/// <summary>An entry with room for the longest name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LongDirectoryEntry
{
    public DirectoryEntry Entry;
    public fixed byte MoreNameBytes[DirectoryEntry.MaxNameBytes - DirectoryEntry.ShortNameBytes];
}
