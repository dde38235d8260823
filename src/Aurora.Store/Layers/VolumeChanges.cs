using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>What a set knows about a volume: whether it comes or goes, its newest layer, what is kept and dropped of its history.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VolumeChanges
{
    /// <summary>What the merge of the volume table sees; must be first.</summary>
    public LayerObject Entry;
    public ulong Volume;

    /// <summary>The layer that makes the volume's state; null when the set does not change it.</summary>
    public Layer* Top;

    /// <summary>What is kept and dropped of its history; null for nothing.</summary>
    public Layer* History;

    /// <summary>Made by this set: nothing below knows it.</summary>
    public bool IsNew;
    public bool IsDropped;

    /// <summary>It ends with nothing to reclaim: what it held is another's, or goes with the cut.</summary>
    public bool IsEnded;

    /// <summary>Record holds a name and flags that replace those below.</summary>
    public bool HasAttributes;

    /// <summary>While a cut is made: the history cannot be read and stays as it is.</summary>
    public bool IsHistoryLeft;

    /// <summary>While a cut is made: the table had a record, and layers that have its root below them and have not been merged.</summary>
    public bool IsInTable;
    public uint RootUsers;

    /// <summary>While a cut is made: a layer is merged into the root that the table has, and takes over its reference.</summary>
    public bool IsRootTaken;

    /// <summary>The root that the table has is no longer the volume's: who is merged into it last takes over its reference.</summary>
    public readonly bool GivesRootUp => Top != null || IsEnded;

    /// <summary>While a cut is made: the root that the table has.</summary>
    public NodePointer OldRoot;

    /// <summary>Attributes as they are made; while a cut is made, the whole record.</summary>
    public VolumeRecord Record;
}
