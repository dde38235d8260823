using Aurora.Posix.Persistence;

namespace Aurora.Checkpoint;

/// <summary>The newest checkpoints of a group, as they were when somebody last asked (<see cref="HistoryList"/>).</summary>
internal unsafe struct HistoryState
{
    /// <summary>A ring: the entry of the n-th checkpoint read is at n modulo the capacity. Null until somebody has asked.</summary>
    public SlsHistoryEntry* Entries;
    public ulong Read;
    public ulong Asked;
    public ulong Served;
}
