// Where the log is, and which commits are on their way into it. Written by CommitLog; by Recovery when the store is opened, and by
// CutWriter, which moves the tail. Protected by the kernel lock.
namespace Aurora.Store;

/// <summary>The state of the log's writing end.</summary>
internal sealed unsafe class LogState
{
    /// <summary>The mount generation, which new records carry.</summary>
    public ulong Generation;

    /// <summary>The last commit with a place in the order.</summary>
    public ulong LastSequence;

    /// <summary>Every commit up to here survives a power cut.</summary>
    public ulong DurableSequence;

    /// <summary>The newest record only carries a watermark, so the log says already that all before it is durable.</summary>
    public bool EndsWithWatermark;

    /// <summary>Where the next record goes.</summary>
    public ulong Position;

    /// <summary>The checksum of the block before Position.</summary>
    public ulong Chain;

    /// <summary>Log blocks before this position may be overwritten.</summary>
    public ulong Tail;

    /// <summary>Commits that are not durable yet, in sequence order.</summary>
    public StoreCommit* FirstInFlight;
    public StoreCommit* LastInFlight;

    /// <summary>A fiber waits for a FLUSH; others wait in the queue Flush.</summary>
    public bool IsFlushing;
}
