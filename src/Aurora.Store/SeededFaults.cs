using System;

namespace Aurora.Store;

/// <summary>Deliberate bugs that the crash suite must detect. Never set outside the tests.</summary>
[Flags]
internal enum SeededFaults
{
    None = 0,

    /// <summary>Commits are acknowledged without a FLUSH.</summary>
    DroppedFlush = 1 << 0,

    /// <summary>Freed blocks are reusable as soon as the cut that frees them begins.</summary>
    EarlyBlockReuse = 1 << 1,

    /// <summary>Recovery does not verify the data of unordered records.</summary>
    SkippedDataCheck = 1 << 2,

    /// <summary>Recovery does not start a new generation and does not chain records.</summary>
    StaleGeneration = 1 << 3,

    /// <summary>A failed write is taken for a success.</summary>
    IgnoredWriteStatus = 1 << 4,

    /// <summary>The watermark claims one commit more than is durable.</summary>
    WatermarkOffByOne = 1 << 5,

    /// <summary>The last entry of a log record is forgotten.</summary>
    LostLogEntry = 1 << 6,

    /// <summary>Commits are acknowledged before their writes have completed.</summary>
    EarlyAcknowledge = 1 << 7,

    /// <summary>Log space is reused before a superblock has made it unnecessary.</summary>
    ReusedLogSpace = 1 << 8,

    /// <summary>The superblock is written without a FLUSH of what it points to.</summary>
    UnflushedCut = 1 << 9,

    /// <summary>A clone does not count its reference on the shared pages.</summary>
    UncountedClone = 1 << 10,

    /// <summary>An ordered commit does not flush its data before its record.</summary>
    UnorderedLargeCommit = 1 << 11,

    /// <summary>A page of the space map is written over the version the last superblock needs.</summary>
    OverwrittenSpacePage = 1 << 12,

    /// <summary>Blocks are discarded as soon as the cut that frees them is durable.</summary>
    EarlyDiscard = 1 << 13,

    /// <summary>The root a rollback takes over does not get a reference.</summary>
    UncountedRollback = 1 << 14,

    /// <summary>Recovery takes the record of a rollback for an empty commit.</summary>
    ForgottenRollback = 1 << 15,

    /// <summary>A named commit does not end its layer: later commits get into its checkpoint.</summary>
    InexactCheckpoint = 1 << 16,

    /// <summary>The branch a rollback leaves takes the place of a named checkpoint of the same state.</summary>
    ForgottenName = 1 << 17,

    /// <summary>What the first cut after a view's frees counts as older than the view.</summary>
    MisjudgedAge = 1 << 18,

    /// <summary>The root that a clone starts from does not get a reference.</summary>
    UncountedBase = 1 << 19,

    /// <summary>A clone does not seal its source's layer: later commits to the source get into it.</summary>
    UnsealedClone = 1 << 20,

    /// <summary>Recovery takes the record of a dropped volume for an empty commit.</summary>
    ForgottenDrop = 1 << 21,

    /// <summary>The objects of a dropped volume are given back when it is dropped, and again when it is reclaimed.</summary>
    DoubleReclaim = 1 << 22,

    /// <summary>Recovery forgets which numbers the log has given to volumes.</summary>
    ReusedVolumeNumber = 1 << 23,

    /// <summary>Recovery takes the last record of a large commit for an empty one.</summary>
    LostSwap = 1 << 24,

    /// <summary>What is left of a large commit that was not finished stays.</summary>
    StayingHidden = 1 << 25,

    /// <summary>Recovery takes the parts of a large commit for durable: it may finish with data that has not arrived.</summary>
    UncheckedParts = 1 << 26,

    /// <summary>Recovery takes each of several joined records by itself.</summary>
    SplitJoined = 1 << 27,
}
