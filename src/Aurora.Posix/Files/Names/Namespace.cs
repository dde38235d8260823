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

    private readonly PageAllocator _pages;

    internal Namespace(PageAllocator pages) => _pages = pages;

    /// <summary>The group it belongs to; none while it is spare.</summary>
    public ObjectTracker Tracker { get; private set; }

    /// <summary>The root directory; null until it is made or restored.</summary>
    public Inode* Root { get; internal set; }

    /// <summary>The directory /proc; null when the tree has none.</summary>
    public Inode* ProcRoot { get; internal set; }

    public int EntryCount { get; internal set; }

    /// <summary>While the tree is taken out of memory: the directory that has come to (<see cref="TreeEnd"/>).</summary>
    internal Inode* EndsAt { get; set; }

    internal DirectoryEntry** Buckets { get; private set; }

    /// <summary>Chosen with the first entry.</summary>
    internal ulong HashKey0 { get; set; }
    internal ulong HashKey1 { get; set; }

    /// <summary>A spare one becomes the empty tree of a group; false when memory is short.</summary>
    internal bool Open(ObjectTracker tracker)
    {
        Buckets = (DirectoryEntry**)_pages.Allocate(BucketPages);
        Tracker = Buckets == null ? default : tracker;
        return Buckets != null;
    }

    /// <summary>The tree is empty and the group goes: it is spare again.</summary>
    internal void Close()
    {
        Panic.Unless(Root == null && ProcRoot == null && EntryCount == 0, "namespace: closed with files in it"u8);
        _pages.Free(Buckets, BucketPages);
        Buckets = null;
        Tracker = default;
    }
}
