using System;
using System.Collections.Generic;
using System.IO;

namespace Aurora.Images.Root;

/// <summary>What an entry of a root file system is.</summary>
public enum RootEntryKind
{
    Directory,
    File,
    SymbolicLink,

    /// <summary>A further name of a file that came earlier.</summary>
    HardLink,
    CharacterDevice,
    BlockDevice,
    Fifo,

    /// <summary>A socket: only who bound it can give it meaning, so it is counted and left out.</summary>
    Socket,
}

/// <summary>One entry of a root file system to be written into an image. Parents come before their children.</summary>
public sealed record RootEntry
{
    /// <summary>The absolute path in the guest.</summary>
    public required string Path { get; init; }
    public required RootEntryKind Kind { get; init; }

    /// <summary>The permission bits, set-id and sticky bits among them.</summary>
    public int Mode { get; init; } = 0x1ED; // rwxr-xr-x
    public int UserId { get; init; }
    public int GroupId { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public long ModifiedNanoseconds { get; init; }

    /// <summary>What a symbolic link says, or the path a hard link shares.</summary>
    public string Target { get; init; } = "";

    /// <summary>The number of a device.</summary>
    public (uint Major, uint Minor) Device { get; init; }

    /// <summary>Opens a file's contents. It is called once, when the entry is reached, before the next entry is asked for.</summary>
    public Func<Stream>? Open { get; init; }

    /// <summary>Finds out which parts of the opened contents are stored; null: all, up to the end of the stream.</summary>
    public Func<Stream, FileLayout>? Layout { get; init; }

    /// <summary>Extended attributes, ACLs not among them.</summary>
    public IReadOnlyList<(string Name, byte[] Value)> Attributes { get; init; } = [];

    /// <summary>What is at this place but was left out, in words; null: nothing.</summary>
    public string? LeftOut { get; init; }
}
