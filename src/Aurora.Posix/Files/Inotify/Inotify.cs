// inotify. An instance is an open file with watches of inodes and a queue of what they have seen. Each watch and each event is a kernel
// object of its own, so that an event changes one small record.
//
//   Inotify  ── Tree ────────►  its watches, by their numbers (InotifyTree)
//      │     ── FirstEvent ──►  events nobody has read, in the order of their ids (InotifyQueue)
//      │     ── User ────────►  how many instances and watches its user has in the group
//      ▼
//   File: the one open file that it is the attachment of;  Inode->FirstWatch: the watches of all instances on a file or directory
//
// A watch keeps its inode in memory and does not use it: when nobody else does and its last name has gone, the file ends, and its watches
// tell so and end with it. Only nodes of /proc, which live as long as they are held, are held by their watches.
//
// That the queue has overflown is no event object, so that it can be noted when there is no memory for one: it is a mark behind an event,
// or in front of all. Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>An inotify instance. Persistent (<see cref="ObjectKind.Inotify"/>); owned by its open file.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Inotify
{
    public ObjectHeader Header;
    public OpenFile* File;

    /// <summary>Who has made it, by his effective user id, as on Linux: his limits hold.</summary>
    public uint Uid;
    internal InotifyUser* User;

    /// <summary>The most events in the queue: max_queued_events when it was made.</summary>
    public uint Capacity;

    /// <summary>The number of the next watch, unless that is taken.</summary>
    public int NextNumber;
    public int WatchCount;
    internal InotifyWatch* Tree;

    public InotifyEvent* FirstEvent;
    public InotifyEvent* LastEvent;
    public uint EventCount;

    /// <summary>What reads would give now, in bytes.</summary>
    public ulong ReadableBytes;

    /// <summary>Events have been lost, behind this one; behind none: before all there are.</summary>
    public bool HasOverflown;
    public InotifyEvent* OverflownBehind;
    public WaitQueue Readable;

    public readonly bool HasEvents => FirstEvent != null || HasOverflown;

    /// <summary>The next to be read is that events have been lost.</summary>
    public readonly bool IsOverflowNext => HasOverflown && OverflownBehind == null;

    /// <summary>Events and the mark of an overflow.</summary>
    public readonly uint Length => EventCount + (HasOverflown ? 1U : 0);
}

/// <summary>What an instance watches of one inode. Persistent (<see cref="ObjectKind.InotifyWatch"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct InotifyWatch
{
    public ObjectHeader Header;
    public Inotify* Instance;
    public Inode* Inode;

    /// <summary>The watch descriptor.</summary>
    public int Number;

    /// <summary>What it is told, and how (<see cref="InotifyMask"/>).</summary>
    public uint Mask;

    // In the tree of the instance, and among the watches of the inode.
    internal InotifyWatch* Left, Right;
    internal InotifyWatch* NextOfInode, PreviousOfInode;

    public readonly bool IsOneShot => (Mask & InotifyMask.OneShot) != 0;
}

/// <summary>What has happened. Persistent (<see cref="ObjectKind.InotifyEvent"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct InotifyEvent
{
    /// <summary>struct inotify_event, and to what its name is padded.</summary>
    public const int HeadBytes = 16;

    /// <summary>The most that one takes in a read.</summary>
    public const int MostBytes = HeadBytes + DirectoryEntry.MaxNameBytes + 1;

    public ObjectHeader Header;
    public Inotify* Instance;
    internal InotifyEvent* Next, Previous;

    /// <summary>The watch that has seen it, which may have ended.</summary>
    public int Number;
    public uint Mask;

    /// <summary>The same for both sides of a rename; else zero.</summary>
    public uint Cookie;
    public byte NameLength;
    internal fixed byte NameBytes[DirectoryEntry.MaxNameBytes];

    /// <summary>The name in the watched directory; empty for what happened to the watched file itself.</summary>
    public static ReadOnlySpan<byte> NameOf(InotifyEvent* told) => new(told->NameBytes, told->NameLength);

    /// <summary>What it takes in a read, in bytes: with a NUL behind the name, and more of them.</summary>
    public readonly uint BytesToRead => HeadBytes + PaddedName(NameLength);

    internal static uint PaddedName(int length) => length == 0 ? 0 : (uint)(length + HeadBytes) & ~(HeadBytes - 1U);
}

/// <summary>The instances and watches of one user in a group; there while he has an instance. Not captured: counted again.</summary>
internal unsafe struct InotifyUser
{
    public uint Uid;
    public int Instances;
    public int Watches;
    public InotifyUser* Next;
}

/// <summary>The bits of masks, by Linux's values.</summary>
public static class InotifyMask
{
    public const uint Access = 1;
    public const uint Modify = 2;
    public const uint Attributes = 4;
    public const uint CloseWrite = 8;
    public const uint CloseNoWrite = 0x10;
    public const uint Open = 0x20;
    public const uint MovedFrom = 0x40;
    public const uint MovedTo = 0x80;
    public const uint Create = 0x100;
    public const uint Delete = 0x200;
    public const uint DeleteSelf = 0x400;
    public const uint MoveSelf = 0x800;
    public const uint Unmounted = 0x2000;
    public const uint Overflow = 0x4000;
    public const uint Ignored = 0x8000;
    public const uint OnlyDirectory = 1U << 24;
    public const uint DontFollow = 1U << 25;

    /// <summary>IN_EXCL_UNLINK: nothing of open files that have lost their name.</summary>
    public const uint ExcludeUnlinked = 1U << 26;
    public const uint MaskCreate = 1U << 28;
    public const uint MaskAdd = 1U << 29;
    public const uint IsDirectory = 1U << 30;
    public const uint OneShot = 1U << 31;

    /// <summary>What can be asked for (IN_ALL_EVENTS).</summary>
    public const uint AllEvents = 0xFFF;

    /// <summary>What a watch has.</summary>
    public const uint OfWatch = AllEvents | ExcludeUnlinked | OneShot;

    /// <summary>What an event has.</summary>
    public const uint OfEvent = AllEvents | IsDirectory | Ignored;

    /// <summary>What inotify_add_watch takes.</summary>
    public const uint Known
        = OfWatch | Unmounted | Overflow | Ignored | OnlyDirectory | DontFollow | MaskCreate | MaskAdd | IsDirectory;
}
