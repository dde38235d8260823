// Where /dev/pts is: in the directory /dev of a group's root, whatever else has that name there, as what is mounted hides what it lies
// on. So it is in every tree that has a /dev, also of images made before it was. In such a tree /dev/ptmx is missing as well: then it is
// found all the same, and is that of /dev/pts. Who makes and looks through trees, in host tools and at boot, sees what is stored there.
using System;
using System.Runtime.CompilerServices;

namespace Aurora.Posix.Files;

/// <summary>Which names of a tree lead to pseudo-terminals.</summary>
internal static unsafe class TerminalPlace
{
    /// <summary>The directory of the root that it is in, its name there, and both.</summary>
    public static ReadOnlySpan<byte> Devices => "dev"u8;
    public static ReadOnlySpan<byte> Path => "/dev/pts"u8;

    private static ReadOnlySpan<byte> Name => "pts"u8;
    private static ReadOnlySpan<byte> MultiplexerName => "ptmx"u8;

    /// <summary>True when a name in a directory is that of /dev/pts. Each component of each path is asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAt(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
        => name.Length == 3 && name[0] == (byte)'p' && caller.Thread != null && name.SequenceEqual(Name) && IsOfDevices(directory);

    /// <summary>True when it is that of /dev/ptmx, if there is none.</summary>
    public static bool IsMultiplexer(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name)
        => caller.Thread != null && name.SequenceEqual(MultiplexerName) && IsOfDevices(directory);

    // The name of a directory is in memory with it.
    private static bool IsOfDevices(Inode* directory)
        => directory->Parent != null && directory->Parent->IsRoot && directory->FirstName != null
            && DirectoryEntry.NameOf(directory->FirstName).SequenceEqual(Devices);
}
