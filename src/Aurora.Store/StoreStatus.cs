namespace Aurora.Store;

/// <summary>The outcome of a store operation. Everything but Ok and Hole is a failure; <see cref="ObjectStore.LastFault"/> names the place.</summary>
public enum StoreStatus : byte
{
    Ok,

    /// <summary>The page has never been written, or was truncated: it reads as zeroes.</summary>
    Hole,

    /// <summary>The object has no record, or the checkpoint does not exist.</summary>
    NotFound,

    /// <summary>An argument is outside its documented range.</summary>
    BadArgument,

    /// <summary>A record or name is longer than the format allows, or does not fit the caller's buffer.</summary>
    TooLong,

    /// <summary>One commit needs more log space or overlay memory than the whole store has.</summary>
    CommitTooLarge,

    /// <summary>The page allocator has no memory left.</summary>
    OutOfMemory,

    /// <summary>The disk is full: nothing was committed, nothing acknowledged is lost, and deleting still works.</summary>
    NoSpace,

    /// <summary>A block's contents do not match the checksum kept with the pointer to it.</summary>
    BadChecksum,

    /// <summary>A structure on the disk is impossible although its checksum is right, or a record below the watermark is missing.</summary>
    Corrupt,

    /// <summary>The device holds no Aurora store.</summary>
    NotAStore,

    /// <summary>The store was written by a format version this code does not know.</summary>
    UnknownVersion,

    /// <summary>The store has the format from before volumes: <see cref="ObjectStore.Upgrade"/> brings it up to date.</summary>
    OldVersion,

    /// <summary>A stream of a volume ended before its end, or could not be written.</summary>
    StreamEnded,

    /// <summary>A stream is of another kind of volume than is to be received.</summary>
    WrongKind,

    /// <summary>The store uses a feature or a checksum algorithm this code does not know.</summary>
    UnknownFeature,

    /// <summary>The device failed a read, write or flush.</summary>
    DeviceError,

    /// <summary>An earlier write or flush failed, so nothing can be committed until the store is opened again.</summary>
    Poisoned,

    /// <summary>The store was opened for reading only.</summary>
    ReadOnly,

    /// <summary>The commit is not durable yet.</summary>
    Pending,

    /// <summary>A large commit of the volume is open: nothing else changes its state.</summary>
    Busy,

    /// <summary>A check found a block that is counted as used although nothing refers to it.</summary>
    Leaked,

    /// <summary>A check found a block whose reference count is not the number of references to it.</summary>
    WrongCount,
}
