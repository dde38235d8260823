namespace Aurora.Base;

/// <summary>Why a record could not be restored.</summary>
public enum RestoreStatus : byte
{
    Ok,

    /// <summary>The payload's length or a field's value is impossible.</summary>
    BadRecord,

    /// <summary>The record's version is newer than this kernel.</summary>
    UnknownVersion,

    /// <summary>A referenced object does not exist or is of another kind.</summary>
    MissingReference,
    OutOfMemory,

    /// <summary>The group relies on processor features that this machine lacks.</summary>
    OtherMachine,

    /// <summary>What is stored of a region that the group shows cannot be read.</summary>
    UnreadableRegion,
}
