using Aurora.Base;

namespace Aurora.Store;

/// <summary>What kind of structure a <see cref="StoreFault"/> was found in.</summary>
public enum FaultPlace : byte
{
    None,
    Device,
    Superblock,
    Log,
    ObjectTree,
    PageTree,
    HistoryTree,
    SpaceMap,
    Data,
    VolumeTable,

    /// <summary>A stream that is received; the number is that of the frame.</summary>
    Stream,
}

/// <summary>A failure and where it was found; fields that do not apply are zero.</summary>
public struct StoreFault
{
    public StoreStatus Status;
    public FaultPlace Place;

    /// <summary>The object whose data or pages are concerned.</summary>
    public ObjectId Object;

    /// <summary>The page of the object (data, page tree), the object id (object tree) or the sequence (log, history tree).</summary>
    public ulong Page;

    /// <summary>The block on the device.</summary>
    public BlockNumber Block;

    /// <summary>The value found: the version, the feature bits or the reference count on the disk, where that is what is wrong.</summary>
    public ulong Found;
}
