using System;
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
}

/// <summary>One entry of a root file system to be written into an image. Parents come before their children.</summary>
public sealed record RootEntry
{
    /// <summary>The absolute path in the guest.</summary>
    public required string Path { get; init; }
    public required RootEntryKind Kind { get; init; }

    /// <summary>The permission bits.</summary>
    public int Mode { get; init; } = 0x1ED; // rwxr-xr-x
    public int UserId { get; init; }
    public int GroupId { get; init; }
    public DateTimeOffset Modified { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>What a symbolic link says, or the path a hard link shares.</summary>
    public string Target { get; init; } = "";

    /// <summary>Opens a file's contents. It is called once, when the entry is reached, before the next entry is asked for.</summary>
    public Func<Stream>? Open { get; init; }
}
