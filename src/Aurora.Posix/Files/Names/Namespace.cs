// The directory tree of one consistency group, as far as it is not in inodes and entries: its roots, and what must be known to read the
// rest (FileTree). Each directory knows which of its entries are in memory (NameBuckets). /proc is part of every tree: its top directory is
// an ordinary pinned inode, what is below it is made on demand (ProcFileSystem). /dev consists of ordinary device inodes made with the
// image (StandardTree), but for /dev/pts and /dev/mqueue, which are served as /proc is (ServedPlaces). Every group has room for one; it
// is open from when the group gets files until all of them are out of memory.
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>A group's tree of names; <see cref="NameTable"/> and those above it act on it.</summary>
public unsafe struct Namespace
{
    /// <summary>The root directory; null until it is made or restored.</summary>
    public Inode* Root;

    /// <summary>The directory /proc; null when the tree has none.</summary>
    public Inode* ProcRoot;

    /// <summary>Null until the tree is made, or a record of it restored: older kernels had none.</summary>
    public FileTree* Tree;

    /// <summary>How many entries are in memory.</summary>
    public int EntryCount;

    /// <summary>
    /// Timerfds of real time, and how often that has been set since the group came into memory (<see cref="TimerFiles"/>).
    /// </summary>
    internal TimerFile* FirstRealtime, LastRealtime;
    internal ulong RealtimeChanges;

    /// <summary>Users with inotify instances.</summary>
    internal InotifyUser* FirstInotifyUser;

    /// <summary>Sockets in messages.</summary>
    internal FlightState Flights;

    /// <summary>The numbers and nodes of pseudo-terminals; null while there are none (<see cref="TerminalNodes"/>).</summary>
    internal TerminalNodeTable* Terminals;

    /// <summary>The group it belongs to.</summary>
    public ushort Group { get; private set; }

    /// <summary>The group has files, or may have.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>Being restored from the records of an older kernel, all of them; then it is converted (<see
    /// cref="NameConversion"/>).</summary>
    internal bool IsOld;

    /// <summary>While the tree is taken out of memory: how far that has come (<see cref="TreeEnd"/>).</summary>
    internal TreeEndState End;

    /// <summary>Becomes the empty tree of a group.</summary>
    internal void Open(ushort group)
    {
        Panic.Unless(!IsOpen, "files: a group has a tree already"u8);
        IsOpen = true;
        Group = group;
    }

    /// <summary>The tree is empty and the group goes.</summary>
    internal void Close()
    {
        bool isEmpty = Root == null && ProcRoot == null && Tree == null && EntryCount == 0 && FirstRealtime == null
            && FirstInotifyUser == null && Terminals == null && Flights.Count == 0 && !Flights.Search.HasWork;
        Panic.Unless(isEmpty, "namespace: closed with files in it"u8);
        this = default;
    }
}
