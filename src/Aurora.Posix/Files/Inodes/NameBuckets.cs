// The entries of one directory that are in memory, in buckets by the hash of their names. The table grows by one bucket at a time (linear
// hashing, Litwin 1980), by the low bits of the hash; the place of a name begins with the bits of its hash in reverse. So a bucket is one
// stretch of the directory's places, whatever the table's size, and going through the buckets in the order of their places is going through
// the directory:
//
//   bucket of a hash     the low Depth bits of it, where Depth is Level + 1 below Split and Level from there on
//   places of a bucket   2^(25 - Depth) hashes from the reverse of its number on, of sixteen turns each
//
// A bucket is known: then it has exactly the entries that the directory has at its places, in order, whatever the store has; or it has a
// mark in place of a first entry and no entries, and what the store has is what there is. It becomes known by being read as a whole, and
// is unknown again when its entries are dropped as a whole (NameReclaim). That may be only when the store has them, and nothing else at
// their places: what was taken away there must be durable. So it is noted in which capture an entry was taken away last, for each stretch
// of 512 buckets, or for a smaller table as a whole.
//
// Up to four entries there is one bucket, in the inode; up to 32 buckets lie in an object of a slab (SmallNameTable), more in pages of 512
// under two pages, one of pointers and one with their captures. A page that is not there stands for buckets that are not known. Protected
// by the kernel lock.
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Where buckets lie.</summary>
internal enum NameTableShape : byte
{
    One = 0,
    Small = 1,
    Pages = 2,
}

/// <summary>What stands in a bucket that is not known.</summary>
internal enum BucketMark : byte
{
    None = 0,

    /// <summary>Nobody has read it.</summary>
    Unknown = 1,

    /// <summary>The store could not deliver it.</summary>
    Unreadable = 2,

    /// <summary>There was no memory for it; whoever asked is told once.</summary>
    NoMemory = 3,
}

/// <summary>The buckets of a directory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NameBuckets
{
    /// <summary>The only bucket (<see cref="NameTableShape.One"/>).</summary>
    public DirectoryEntry* Only;

    /// <summary>A <see cref="SmallNameTable"/>, or a page of pointers to pages and one of captures.</summary>
    public void* Table;

    /// <summary>Smaller tables: the capture at the latest in which an entry was taken away last (<see
    /// cref="ObjectTracker.NextCapture"/>).</summary>
    public ulong TakenIn;
    public uint Split;

    /// <summary>How many buckets are not known.</summary>
    public uint UnknownCount;

    /// <summary>How many entries are in memory.</summary>
    public uint LoadedCount;
    public byte Level;
    public NameTableShape Shape;

    /// <summary>A mark for which there was no memory: the next who misses something is told.</summary>
    public BucketMark Unsaid;

    /// <summary>Everything the directory has is in memory.</summary>
    public readonly bool IsComplete => UnknownCount == 0;

    public readonly uint Count => (1U << Level) + Split;

    public static BucketMark MarkOf(DirectoryEntry* first)
        => (nuint)first <= (nuint)BucketMark.NoMemory ? (BucketMark)(nuint)first : BucketMark.None;

    public static DirectoryEntry* Marked(BucketMark mark) => (DirectoryEntry*)(nuint)mark;
}

/// <summary>A table of a directory with few entries.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SmallNameTable
{
    public const int Capacity = 32;

    private fixed ulong _buckets[Capacity];

    public static DirectoryEntry** At(void* table, uint index) => (DirectoryEntry**)table + index;
}
