// A superblock names one state of the trees (a "cut": all commits up to CutSequence, none after) and where the log goes on from
// there. It is 4 KiB, two identical copies side by side, in slot Version & 1, so that the previous one is never touched. It is written only
// after everything it points to has been flushed. Both versions' trees, space map and log stay intact until the next one is durable.
using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>Points at a tree node: where it is and what it must contain. Block 0 is the empty tree.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal struct NodePointer
{
    public ulong Block;
    public ulong Checksum;

    /// <summary>The node's height above the leaves.</summary>
    public byte Level;

    public readonly bool IsEmpty => Block == 0;
}

/// <summary>A cut: the state after a record, and where the log continues.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct Cut
{
    public ulong Number;

    /// <summary>The last commit the trees contain.</summary>
    public ulong Sequence;

    /// <summary>The position in the log (counted since formatting, not modulo the ring) of the first block after it.</summary>
    public ulong LogPosition;

    /// <summary>The checksum of the log block before that position.</summary>
    public ulong LogChain;

    /// <summary>The volume table.</summary>
    public NodePointer Volumes;
}

/// <summary>The one-block root of everything.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4096)]
internal unsafe struct Superblock
{
    public const int MaxSpaceRoots = 64;
    public const int Bytes = 4096;

    public ulong Magic;
    public uint FormatVersion;
    public uint Algorithm;
    public ulong RequiredFeatures;
    public ulong OptionalFeatures;
    public ulong UuidLow;
    public ulong UuidHigh;

    /// <summary>Counts superblock writes; the newest whole one wins.</summary>
    public ulong WriteVersion;

    /// <summary>The mount generation; records after EndSequence carry it or a later one.</summary>
    public ulong Generation;
    public ulong BlockCount;
    public ulong LogBlocks;

    /// <summary>Known durable when this was written: recovery must reach it.</summary>
    public ulong DurableSequence;

    /// <summary>Where this generation's records begin: the last commit of the generation before it.</summary>
    public ulong EndSequence;

    /// <summary>Blocks with a reference in the space map.</summary>
    public ulong UsedBlocks;

    /// <summary>Blocks freed by the current cut, which the previous one still needs.</summary>
    public ulong FreedBlocks;

    /// <summary>Tree nodes among the used blocks (bounds what a cut can need).</summary>
    public ulong NodeBlocks;

    /// <summary>The number of the next volume that is made.</summary>
    public ulong NextVolume;
    public Cut Current;

    /// <summary>The base of the recent history; Number zero when there is none.</summary>
    public Cut Previous;

    /// <summary>Checkpoints of all volumes that were kept automatically, when they were last counted.</summary>
    public ulong AutomaticCount;
    public ulong Reserved0;
    public ulong Reserved2;

    /// <summary>The top of the space map: one <see cref="SpaceEntry"/> for each page of level 2.</summary>
    public fixed byte SpaceRoots[MaxSpaceRoots * SpaceEntry.Bytes];
    public fixed byte Reserved1[4096 - 128 - 128 - 24 - (MaxSpaceRoots * SpaceEntry.Bytes) - 8];

    /// <summary>Over all bytes before it, seeded with the UUID.</summary>
    public ulong Checksum;
}
