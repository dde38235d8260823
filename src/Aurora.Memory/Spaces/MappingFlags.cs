using System;

namespace Aurora.Memory;

/// <summary>Properties of a mapping. The values are part of the record format.</summary>
[Flags]
public enum MappingFlags : ushort
{
    None = 0,

    /// <summary>Stores are seen by everybody who maps the object; otherwise they are private to the address space.</summary>
    Shared = 1,

    /// <summary>Grows down into the gap below it when touched (a stack).</summary>
    GrowsDown = 2,

    /// <summary>The object belongs to this address space alone (anonymous memory, or a clone of the mapped file).</summary>
    OwnsObject = 4,

    /// <summary>No file behind it.</summary>
    Anonymous = 8,

    /// <summary>The program break area.</summary>
    Break = 16,

    /// <summary>For /proc and the stack limit.</summary>
    Stack = 32,

    /// <summary>A fork leaves it out (MADV_DONTFORK).</summary>
    DontFork = 64,

    /// <summary>A fork makes it anew, empty (MADV_WIPEONFORK): private anonymous memory only.</summary>
    WipeOnFork = 128,

    /// <summary>Locked into memory (mlock): counts towards its owner's limit.</summary>
    Locked = 256,

    /// <summary>Shows a region.</summary>
    Region = 512,

    /// <summary>Shows a shared segment (shmat). Pieces of it are never joined: each counts.</summary>
    Segment = 1024,
}
