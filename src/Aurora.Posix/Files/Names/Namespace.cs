// The directory tree of one consistency group, as far as it is not in inodes and entries: its roots, and the index of its names. Entries
// are found through one hash table keyed by directory and name, under a secret that every boot chooses anew; each directory also has the
// list of its entries in id order. /proc is part of every tree: its top directory is an ordinary pinned inode, what is below it is made on
// demand (ProcFileSystem). /dev consists of ordinary device inodes made with the image (StandardTree).
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>A group's tree of names; <see cref="NameTable"/> and those above it act on it.</summary>
public sealed unsafe class Namespace
{
    internal const uint BucketCount = BucketPages * PageSize.Bytes / 8;

    private const int BucketPages = 64;

    internal Namespace(PageAllocator pages, ObjectTracker tracker)
    {
        Tracker = tracker;
        Buckets = (DirectoryEntry**)pages.Allocate(BucketPages);
        Panic.Unless(Buckets != null, "namespace: no memory for the index"u8);
    }

    public ObjectTracker Tracker { get; }

    /// <summary>The root directory; null until it is made or restored.</summary>
    public Inode* Root { get; internal set; }

    /// <summary>The directory /proc; null when the tree has none.</summary>
    public Inode* ProcRoot { get; internal set; }

    public int EntryCount { get; internal set; }

    internal DirectoryEntry** Buckets { get; }

    /// <summary>Chosen with the first entry.</summary>
    internal ulong HashKey0 { get; set; }
    internal ulong HashKey1 { get; set; }
}
