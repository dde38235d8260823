using System.Runtime.InteropServices;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>What a restore has read of a state, and what of it stays in memory (<see cref="StagedStates"/>).</summary>
internal unsafe struct StagedState
{
    /// <summary>How many kinds of objects there may be.</summary>
    public const int KindCount = 64;

    /// <summary>Which; none when nobody knows, or the place is free.</summary>
    public StoredState State;

    /// <summary>The records that are below those of files, from the first one on.</summary>
    public RecordStage Records;

    /// <summary>Those are all that there are.</summary>
    public bool IsWhole;

    /// <summary>How many records there are of each kind, when somebody has counted all of them.</summary>
    public bool IsCounted;
    public fixed int Counts[KindCount];

    /// <summary>What was read of names and inodes: a <see cref="StagedRead"/> each, with the records behind it.</summary>
    public RecordStage Reads;

    /// <summary>The read that the next one is expected to be.</summary>
    public RecordStage.Cursor NextRead;

    /// <summary>A restore that has come to its end has made it: what there is to read has been read.</summary>
    public bool IsComplete;

    /// <summary>It was used so late.</summary>
    public ulong LastUse;

    public readonly long Bytes => Records.PageBytes + Reads.PageBytes;
}

/// <summary>What precedes the records of a read in the stage: what was asked for, and how it ended.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StagedRead
{
    public const int Size = 24;

    /// <summary>The last id that was asked for; the one before the first is the id in the stage.</summary>
    public ulong Last;

    /// <summary>As many records as were asked for, and as there were.</summary>
    public int Most;
    public int Count;

    /// <summary>A <see cref="StoreStatus"/>.</summary>
    public int Status;
    public int Padding;
}
