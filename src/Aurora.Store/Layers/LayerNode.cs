using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>
/// An element of a layer's skip list, ordered by (Object, Key). Key 0 is the object itself (Block holds a LayerObject*); key p + 1 is page p.
/// Height pointers to the next elements follow.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LayerNode
{
    /// <summary>In a layer of kept checkpoints: their Key is the sequence, and all have a LayerObject.</summary>
    public const ulong HistoryObject = ulong.MaxValue - 1;

    /// <summary>In a layer of volumes: their Key is the volume's, and all have a VolumeChanges.</summary>
    public const ulong VolumeObject = ulong.MaxValue - 2;

    public ulong Object;
    public ulong Key;

    /// <summary>The page's block; 0 is a hole.</summary>
    public ulong Block;
    public ulong Checksum;
    public ulong Height;

    public readonly LayerObject* Info => (LayerObject*)Block;
}

internal enum LayerBase : byte
{
    /// <summary>Pages that are not in the layer are those the object had below it.</summary>
    Same,

    /// <summary>Nothing shows through: the object was deleted or is new.</summary>
    None,

    /// <summary>Pages that are not in the layer are those that BaseObject had below it.</summary>
    Clone,
}

internal enum LayerRecord : byte
{
    /// <summary>The record is the one below the layer.</summary>
    Same,
    Absent,
    Present,
}

/// <summary>What a layer knows about an object besides its pages.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LayerObject
{
    public const int CloneInlineBytes = RecordEntry.MaxInlinePages * MapEntry.Bytes;

    public LayerBase Base;
    public LayerRecord RecordState;

    /// <summary>Counted in <see cref="ChangeCounts.Growing"/>.</summary>
    public bool Grows;

    /// <summary>Entries of <see cref="CloneInline"/>.</summary>
    public byte CloneInlineCount;
    public ushort RecordLength;
    public ushort RecordCapacity;
    public ulong BaseObject;

    /// <summary>Pages from here on do not show through.</summary>
    public ulong Limit;
    public byte* Record;

    /// <summary>Page elements of the object in this layer.</summary>
    public ulong PageCount;

    /// <summary>Their part of <see cref="ChangeCounts.PageNodes"/>.</summary>
    public ulong Nodes;

    /// <summary>
    /// While a cut is made: the shared page map of a clone, or the root of a checkpoint or of a volume, with references already counted.
    /// </summary>
    public NodePointer CloneRoot;

    /// <summary>Of a checkpoint that is kept: the layer whose state it is, when there is no root yet.</summary>
    public Layer* KeptLayer;

    /// <summary>Of a clone: room for as many entries as an object may have inline.</summary>
    public MapEntry* CloneInline;
}
