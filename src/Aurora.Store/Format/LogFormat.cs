// The log: a ring of blocks. A commit is a record of one or more whole blocks at consecutive positions; each block is a part with this
// header and entries that never cross a block. Position p lives in block LogStart + p % LogBlocks; positions never repeat, so an old lap
// is never taken for a new one. Each block carries the checksum of the block before it (the chain) and its own.
using System;
using System.Runtime.InteropServices;

namespace Aurora.Store;

[Flags]
internal enum LogFlags : ushort
{
    None = 0,

    /// <summary>The data was flushed before the record was written, so recovery need not verify it.</summary>
    Ordered = 1,

    /// <summary>Only carries a watermark.</summary>
    Watermark = 2,

    /// <summary>The next record belongs to it: both count, or neither.</summary>
    Joined = 4,
}

[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct LogBlockHeader
{
    public const int Bytes = 112;
    public const int PayloadBytes = 4096 - Bytes;

    public uint Magic;
    public ushort Version;
    public LogFlags Flags;
    public ulong UuidLow;
    public ulong UuidHigh;
    public ulong Generation;
    public ulong Sequence;
    public ulong Position;

    /// <summary>The checksum of the block before this one.</summary>
    public ulong Chain;

    /// <summary>All commits up to this one were durable when the record was built.</summary>
    public ulong Watermark;
    public uint Part;
    public uint Parts;
    public uint UsedBytes;
    public uint Reserved0;

    /// <summary>Blocks of data in the whole record.</summary>
    public ulong DataBlocks;

    /// <summary>The volume whose commit it is.</summary>
    public ulong Volume;
    public ulong Reserved1;

    /// <summary>Over the whole block with this field zero, seeded with the UUID and the position.</summary>
    public ulong Checksum;
}

internal enum LogEntryKind : byte
{
    None = 0,

    /// <summary>Count pages from Page on in Count blocks from Block on; their checksums follow.</summary>
    Pages = 1,

    /// <summary>Count pages from Page on are holes.</summary>
    Holes = 2,

    /// <summary>Length bytes of record follow.</summary>
    Record = 3,
    Delete = 4,

    /// <summary>Pages from Page on are gone.</summary>
    Truncate = 5,

    /// <summary>Object's pages become those that the object named by Page has at this point.</summary>
    Clone = 6,

    /// <summary>Epoch in Object, time in Page; Length bytes of name follow. The first entry of every commit.</summary>
    CommitInfo = 7,

    /// <summary>The kept checkpoint with the sequence in Page is dropped.</summary>
    DropCheckpoint = 8,

    /// <summary>From here on the volume's state is that of its kept checkpoint with the sequence in Page. Alone in its commit.</summary>
    Rollback = 9,

    /// <summary>A new, empty volume. Count is its flags, Length bytes of name follow. Alone in the volume's first commit.</summary>
    CreateVolume = 10,

    /// <summary>
    /// As above, with the state that the volume in Page has at this point, or had at its kept checkpoint with the sequence in Block.
    /// </summary>
    CloneVolume = 11,

    /// <summary>The volume ends. Alone in its commit.</summary>
    DropVolume = 12,

    /// <summary>The volume's name and flags are as in CreateVolume. Alone in its commit.</summary>
    SetVolume = 13,

    /// <summary>
    /// The volume's state becomes that of the hidden volume in Page, which ends. Block counts the pages that its parts have written. Alone
    /// in its commit, which is the volume's newest one.
    /// </summary>
    TakeVolume = 14,
}

/// <summary>The head of a log entry; entries are multiples of 8 bytes long.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct LogEntry
{
    public const int Bytes = 32;

    public LogEntryKind Kind;
    public byte Reserved;

    /// <summary>Bytes that follow (Record, CommitInfo, names of volumes), before padding.</summary>
    public ushort Length;
    public uint Count;
    public ulong Object;
    public ulong Page;
    public ulong Block;

    /// <summary>The entry's whole length in bytes.</summary>
    public readonly int TotalBytes => Kind switch
    {
        LogEntryKind.Pages => Bytes + ((int)Count * 8),
        LogEntryKind.Record or LogEntryKind.CommitInfo or LogEntryKind.CreateVolume or LogEntryKind.CloneVolume
            or LogEntryKind.SetVolume => Bytes + ((Length + 7) & ~7),
        _ => Bytes,
    };
}
