// The record of a volume in the volume table; its key is the volume's number, its root the object tree. A volume that has been dropped and
// whose blocks are not all reclaimed yet keeps its record under a key with DroppedBit. One that holds the parts of a large commit has
// HiddenBit in its number, and so lies between those that are listed and those that are dropped.
using System;
using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>What a volume is for.</summary>
[Flags]
public enum VolumeFlags : uint
{
    None = 0,

    /// <summary>Never changes: a base for clones. Commits to it are refused.</summary>
    Image = 1,

    /// <summary>
    /// Being received, or of a group that is being made: it does not hold everything yet. A machine that starts drops it.
    /// </summary>
    Partial = 2,

    /// <summary>A consistency group lives in it: a machine runs it. The first volume has one without saying so.</summary>
    Group = 4,

    /// <summary>A region: memory that programs persist themselves. It has one object.</summary>
    Region = 8,

    /// <summary>All there are.</summary>
    Known = Image | Partial | Group | Region,
}

/// <summary>The record of a volume in the volume table.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal unsafe struct VolumeRecord
{
    public const int Size = 168;

    /// <summary>In the key of a volume that has been dropped.</summary>
    public const ulong DroppedBit = 1UL << 63;

    /// <summary>In the number of a volume that holds a large commit which is not finished (LargeCommits): nobody can ask for it.</summary>
    public const ulong HiddenBit = 1UL << 62;

    /// <summary>The last number of a volume, hidden or not: the number of the next one still has neither bit.</summary>
    public const ulong LastNumber = HiddenBit - 2;

    /// <summary>Kept checkpoints by sequence.</summary>
    public NodePointer History;
    public VolumeFlags Flags;
    public int NameLength;

    /// <summary>The volume it was cloned from; 0 for none.</summary>
    public ulong Parent;

    /// <summary>The commit of the parent whose state it started with; 0 when it started empty.</summary>
    public ulong ParentSequence;

    /// <summary>When it was made, in nanoseconds since 1970.</summary>
    public ulong CreatedNanoseconds;

    /// <summary>The volume's last commit in the trees: its sequence, epoch, time and bytes; 0 when there is none.</summary>
    public ulong LastSequence;
    public ulong LastEpoch;
    public ulong LastNanoseconds;
    public ulong LastBytes;

    /// <summary>The time of the last checkpoint that was kept automatically.</summary>
    public ulong LastKeptNanoseconds;

    /// <summary>Checkpoints that were kept automatically, when they were last counted.</summary>
    public uint AutomaticCount;

    /// <summary>
    /// Before this second since 1970 none of them is too old: retention need not look. Zero, as in images of builds that did not know it,
    /// when that is not known.
    /// </summary>
    public uint NextDueSeconds;
    public fixed byte Name[VolumeInfo.MaxNameBytes];

    /// <summary>The newest commit in the trees; sequence 0 when there is none.</summary>
    public CheckpointInfo LastCommit
    {
        readonly get
        {
            var info = new CheckpointInfo { Sequence = LastSequence, Bytes = LastBytes };
            info.Commit.Epoch = new Base.Epoch(LastEpoch);
            info.Commit.RealtimeNanoseconds = LastNanoseconds;
            return info;
        }
        set
        {
            LastSequence = value.Sequence;
            LastEpoch = value.Commit.Epoch.Value;
            LastNanoseconds = value.Commit.RealtimeNanoseconds;
            LastBytes = value.Bytes;
        }
    }

    /// <summary>Takes over name and flags.</summary>
    public void TakeAttributes(in VolumeRecord other)
    {
        Flags = other.Flags;
        NameLength = other.NameLength;
        for (int i = 0; i < VolumeInfo.MaxNameBytes; i++)
            Name[i] = other.Name[i];
    }
}

/// <summary>A volume: a named root in the store, with objects and a history of its own.</summary>
public unsafe struct VolumeInfo
{
    /// <summary>The longest name, in bytes.</summary>
    public const int MaxNameBytes = 64;

    public VolumeId Id;
    public VolumeFlags Flags;

    /// <summary>The volume it was cloned from; none when it started empty.</summary>
    public VolumeId Parent;

    /// <summary>The commit of the parent whose state it started with.</summary>
    public ulong ParentSequence;

    /// <summary>When it was made, in nanoseconds since 1970.</summary>
    public ulong CreatedNanoseconds;

    /// <summary>Its newest commit; 0 when it has had none of its own.</summary>
    public ulong LastSequence;

    /// <summary>The epoch of that one.</summary>
    public Base.Epoch LastEpoch;
    public int NameLength;

    /// <summary>UTF-8.</summary>
    public fixed byte Name[MaxNameBytes];
}
