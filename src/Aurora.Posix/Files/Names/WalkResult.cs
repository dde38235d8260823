using System;
using System.Runtime.CompilerServices;

namespace Aurora.Posix.Files;

/// <summary>How a path is followed.</summary>
[Flags]
public enum WalkFlags : uint
{
    None = 0,

    /// <summary>If the last component is a symbolic link, go where it points.</summary>
    FollowLast = 1,

    /// <summary>The last component need not exist.</summary>
    AllowMissing = 2,

    /// <summary>Any symbolic link in the path is ELOOP (RESOLVE_NO_SYMLINKS).</summary>
    NoLinks = 4,

    /// <summary>The path may not leave the directory it starts in (RESOLVE_BENEATH): absolute paths and climbing out are EXDEV.</summary>
    Beneath = 8,

    /// <summary>The directory it starts in is the root for this walk (RESOLVE_IN_ROOT).</summary>
    InRoot = 16,

    /// <summary>Links of /proc that lead to files rather than to names are ELOOP (RESOLVE_NO_MAGICLINKS).</summary>
    NoMagicLinks = 32,

    /// <summary>The path may not lead from one file system into another, /proc or back: EXDEV (RESOLVE_NO_XDEV).</summary>
    NoCrossing = 64,

    /// <summary>What is not in memory is EAGAIN (RESOLVE_CACHED).</summary>
    Cached = 128,

    /// <summary>Only the file is asked for: the result has neither a directory nor a name.</summary>
    FileOnly = 256,

    /// <summary>A last symbolic link is meant itself, and any file, also with slashes behind: who changes names means the name.</summary>
    Name = 512,
}

/// <summary>What the last component of a path was.</summary>
public enum LastComponent : byte
{
    Name,

    /// <summary>The path was "/", or ended at a magic link of /proc.</summary>
    Root,
    Dot,
    DotDot,
}

/// <summary>Where a path led. Directory and Inode are held; give the result to <see cref="Inodes.Release(ref WalkResult)"/>.</summary>
public unsafe struct WalkResult
{
    /// <summary>The directory that contains the last component; null when there is none (the root).</summary>
    public Inode* Directory;

    /// <summary>The file, or null when it does not exist and need not.</summary>
    public Inode* Inode;

    /// <summary>The name that led to it, until any name changes; null when none did (the root, /proc, a missing file).</summary>
    internal DirectoryEntry* Entry;

    /// <summary>The hash of the last component, if <see cref="Directory"/> has names.</summary>
    internal uint Hash;

    /// <summary>True when the file is in use beside this walk.</summary>
    public readonly bool IsUsedByOthers => Inode->Header.References > 1 || Inode->IsMapped;

    public LastComponent Last;
    public bool HasTrailingSlash;
    private int _nameLength;
    private fixed byte _name[DirectoryEntry.MaxNameBytes + 1];

    /// <summary>A result that holds nothing. The name's bytes stay as they are: none of them is part of it.</summary>
    public static void Clear(out WalkResult result)
    {
        Unsafe.SkipInit(out result);
        result.Directory = null;
        result.Inode = null;
        result.Entry = null;
        result.Hash = 0;
        result.Last = LastComponent.Name;
        result.HasTrailingSlash = false;
        result._nameLength = 0;
    }

    /// <summary>The last component.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            fixed (byte* name = _name)
                return new ReadOnlySpan<byte>(name, _nameLength);
        }
    }

    internal void SetName(ReadOnlySpan<byte> name)
    {
        _nameLength = name.Length;
        fixed (byte* destination = _name)
            name.CopyTo(new Span<byte>(destination, DirectoryEntry.MaxNameBytes));
    }
}
