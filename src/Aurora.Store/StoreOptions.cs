using Aurora.Base;

namespace Aurora.Store;

/// <summary>How to make a new store.</summary>
public struct FormatOptions
{
    /// <summary>The store's identity: random, not zero. Every block of the log carries it.</summary>
    public ulong UuidLow;
    public ulong UuidHigh;

    /// <summary>The size of the log ring in blocks; zero chooses 1/16 of the device, between 64 blocks and 64 MiB.</summary>
    public uint LogBlocks;
}

/// <summary>How to open a store. Zero means the default everywhere; docs/disk-format.md gives the memory formula.</summary>
public struct OpenOptions
{
    /// <summary>Tree nodes kept in memory (4 KiB each); default 1024, minimum 64.</summary>
    public int CachedNodes;

    /// <summary>Pages of the space map kept in memory (4 KiB each); default 512, minimum 32.</summary>
    public int CachedSpacePages;

    /// <summary>The most memory, in bytes, one of the two overlays of not yet indexed changes may take (about 64 bytes a page); default 32 MiB.</summary>
    public ulong OverlayBytes;

    /// <summary>How much commit time may pass before the index is brought up to date, in nanoseconds; default 2 s.</summary>
    public ulong CutIntervalNanoseconds;

    /// <summary>Commits with more data than this, in bytes, write data before the record instead of beside it; default 1 MiB.</summary>
    public uint OrderedCommitBytes;

    /// <summary>Which checkpoints without a name are kept, and how long.</summary>
    public RetentionOptions Retention;

    /// <summary>Leaves the device in the dark about freed blocks, instead of telling it with Discard.</summary>
    public bool NoDiscard;

    /// <summary>How many pages a second of commit time the maintenance fiber reads to verify them; default 64. <see cref="NoScrub"/> turns it off.</summary>
    public uint ScrubPagesPerSecond;

    public bool NoScrub;

    /// <summary>Replay the log in memory but never write to the device.</summary>
    public bool ReadOnly;

    /// <summary>A fiber runs <see cref="ObjectStore.RunMaintenance"/>; otherwise Submit brings the index up to date itself when it must.</summary>
    public bool BackgroundMaintenance;

    /// <summary>A root with so many references is copied for the next one; default 60,000.</summary>
    internal uint MostRootReferences;

    /// <summary>Commits of so many operations have their layer built apart (see LayerBuilder); default 2,048.</summary>
    internal uint FewestApart;

    /// <summary>A cut that walks along a layer looks after so many elements whether it is time to give way; default 1,024.</summary>
    internal uint ElementsPerLook;

    /// <summary>A merge of an object's pages does after so many entries; default 64.</summary>
    internal uint EntriesPerLook;

    /// <summary>Takes an image of format version 1, of which the next cut makes one of this version.</summary>
    internal bool Upgrade;

    /// <summary>Deliberate bugs, for tests that prove that the tests find them.</summary>
    internal SeededFaults Seeded;
}

/// <summary>
/// History that thins with age: every commit since the last cuts, then one checkpoint each FineSpacing until it is FineSpan old, then one each CoarseSpacing until
/// CoarseSpan, then none. In nanoseconds of commit time; zero means one a second for a minute, one a minute for an hour. Named checkpoints stay until dropped.
/// </summary>
public struct RetentionOptions
{
    /// <summary>Only named checkpoints are kept.</summary>
    public bool IsOff;
    public ulong FineSpacing;
    public ulong FineSpan;
    public ulong CoarseSpacing;
    public ulong CoarseSpan;
}

/// <summary>What a commit is, for the history.</summary>
public unsafe struct CommitInfo
{
    /// <summary>The longest name, in bytes.</summary>
    public const int MaxNameBytes = 64;

    public Epoch Epoch;

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public ulong RealtimeNanoseconds;

    /// <summary>The length of <see cref="Name"/> in bytes. A named commit is kept until it is dropped; zero is an ordinary one.</summary>
    public int NameLength;

    /// <summary>UTF-8.</summary>
    public fixed byte Name[MaxNameBytes];
}

/// <summary>A checkpoint that can still be read.</summary>
public unsafe struct CheckpointInfo
{
    /// <summary>The commit's place in the order of all commits: the key of <see cref="ObjectStore.OpenView"/>.</summary>
    public ulong Sequence;

    /// <summary>Epoch, time and name.</summary>
    public CommitInfo Commit;

    /// <summary>Bytes of page data the commit wrote.</summary>
    public ulong Bytes;

    /// <summary>True when it has a root of its own and stays until dropped.</summary>
    public bool IsKept;

    /// <summary>True when the store keeps it by its own decision and may drop it again.</summary>
    public bool IsAutomatic;
}

/// <summary>
/// The bounds of one commit: what it takes of the overlay, and of the log. A commit takes BytesPerPage for each page or hole, BytesPerObject and its length
/// for each record (and for each object named otherwise), and BytesPerPage for each page a clone's source has changed since the last cut.
/// Objects that are named after the first clone, with ids within 131,072 of each other, take BytesPerObject once: after that an operation
/// on one takes BytesPerPage and the length of its record. In the log a page takes at most 40 bytes, a record its length and 40 more. A
/// commit beyond either bound is refused as CommitTooLarge.
/// </summary>
public struct CommitBudget
{
    /// <summary>Bytes of overlay.</summary>
    public ulong Bytes;

    /// <summary>Blocks of log, with 3,984 bytes for entries in each.</summary>
    public ulong LogBlocks;
    public uint BytesPerPage;
    public uint BytesPerObject;
}

/// <summary>Counters since the store was opened, and its present state.</summary>
public struct StoreStatistics
{
    public ulong Commits;
    public ulong DataPagesWritten;
    public ulong LogBlocksWritten;
    public ulong Flushes;
    public ulong Cuts;
    public ulong NodesWritten;
    public ulong SpacePagesWritten;
    public ulong PagesRead;
    public ulong NodesRead;

    /// <summary>Commits that had to wait for the log, the overlay or space.</summary>
    public ulong Stalls;

    /// <summary>Checkpoints that retention keeps now, and those it has dropped.</summary>
    public ulong AutomaticCheckpoints;
    public ulong CheckpointsDropped;
    public ulong BlocksDiscarded;

    /// <summary>Pages of data and leaves read and verified in the background, complete rounds, and faults found.</summary>
    public ulong PagesScrubbed;
    public ulong ScrubRounds;
    public ulong ScrubFaults;
    public ulong TotalBlocks;
    public ulong FreeBlocks;

    /// <summary>Freed, but still needed by a superblock or the recent history.</summary>
    public ulong PendingFreeBlocks;
    public ulong LogBlocksUsed;
    public ulong LogBlocksTotal;
    public ulong OverlayBytesUsed;
    public ulong DurableSequence;
    public ulong LastSequence;
}
