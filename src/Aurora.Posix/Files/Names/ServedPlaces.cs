// Where /dev/pts and /dev/mqueue are: in the directory /dev of a group's root, whatever else has that name there, as what is mounted hides
// what it lies on. So they are in every tree that has a /dev, also of images made before they were. In such a tree /dev/ptmx is missing as
// well: then it is found all the same, and is that of /dev/pts. Who makes and looks through trees, in host tools and at boot, sees what is
// stored there.
using System;
using System.Runtime.CompilerServices;

namespace Aurora.Posix.Files;

/// <summary>Which names of a tree lead to directories that are found, not stored.</summary>
internal static unsafe class ServedPlaces
{
    /// <summary>The directory of the root that they are in, and their paths.</summary>
    public static ReadOnlySpan<byte> Devices => "dev"u8;
    public static ReadOnlySpan<byte> TerminalPath => "/dev/pts"u8;
    public static ReadOnlySpan<byte> QueuePath => "/dev/mqueue"u8;

    private static ReadOnlySpan<byte> TerminalName => "pts"u8;
    private static ReadOnlySpan<byte> QueueName => "mqueue"u8;
    private static ReadOnlySpan<byte> MultiplexerName => "ptmx"u8;

    /// <summary>The directory that a name in a directory leads to; None for others. Each component of each path is asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ProcNode At(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
    {
        bool isPossible = (name.Length == 3 && name[0] == (byte)'p') || (name.Length == 6 && name[0] == (byte)'m' && name[1] == (byte)'q');
        return isPossible && caller.Thread != null ? Find(directory, name) : ProcNode.None;
    }

    /// <summary>True when it is one of them.</summary>
    public static bool IsAt(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
        => At(in caller, directory, name) != ProcNode.None;

    /// <summary>True when it is that of /dev/ptmx, if there is none.</summary>
    public static bool IsMultiplexer(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
        => caller.Thread != null && name.SequenceEqual(MultiplexerName) && IsOfDevices(directory);

    /// <summary>True for such a directory itself.</summary>
    public static bool IsTop(ProcNode node) => node is ProcNode.Terminals or ProcNode.Queues;

    private static ProcNode Find(Inode* directory, ReadOnlySpan<byte> name)
    {
        ProcNode found = name.SequenceEqual(TerminalName) ? ProcNode.Terminals
            : name.SequenceEqual(QueueName) ? ProcNode.Queues : ProcNode.None;
        return found != ProcNode.None && IsOfDevices(directory) ? found : ProcNode.None;
    }

    // The name of a directory is in memory with it.
    private static bool IsOfDevices(Inode* directory)
        => directory->Parent != null && directory->Parent->IsRoot && directory->FirstName != null
            && DirectoryEntry.NameOf(directory->FirstName).SequenceEqual(Devices);
}
