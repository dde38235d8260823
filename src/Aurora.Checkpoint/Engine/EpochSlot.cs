using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

internal enum SlotState
{
    Free,

    /// <summary>The stop window is over; the flush fiber has it next.</summary>
    Captured,

    /// <summary>The commit is with the store; the commit fiber waits for it.</summary>
    Submitted,
}

/// <summary>One epoch on its way from the stop window to the disk. Slots are made at boot and reused.</summary>
internal sealed unsafe class EpochSlot(PageAllocator pages)
{
    public const int MaxNameBytes = 63;

    public SlotState State;
    public Epoch Epoch;
    public readonly RecordStage Records = new(pages);
    public IdList Ended;
    public FrozenEpoch* Frozen;

    /// <summary>How handing the epoch to the store went.</summary>
    public StoreStatus FlushStatus;
    public StoreCommit* Commit;

    /// <summary>What the parts of an epoch belong to that does not fit into one commit; null for none.</summary>
    public LargeCommit* Large;

    /// <summary>Held output up to here was written before the stop.</summary>
    public ulong OutputPosition;

    /// <summary>Machine time at the start of the stop.</summary>
    public ulong StartNanoseconds;
    public ulong RealtimeNanoseconds;
    public CheckpointSample Sample;
    public readonly byte[] Name = new byte[MaxNameBytes];
    public int NameLength;
}
