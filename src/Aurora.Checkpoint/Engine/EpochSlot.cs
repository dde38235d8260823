using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

internal enum SlotState
{
    Free,

    /// <summary>The stop window is over; a flush fiber has it next.</summary>
    Captured,

    /// <summary>The commit is with the store; a commit fiber waits for it.</summary>
    Submitted,
}

/// <summary>
/// One epoch of a group on its way from the stop window to the disk; part of its <see cref="PipelineState"/>, and reused.
/// </summary>
internal unsafe struct EpochSlot
{
    public const int MaxNameBytes = 63;

    public SlotState State;
    public Epoch Epoch;

    /// <summary>It holds the memory of one mapping and nothing else of the group (<see cref="EpochCapture.TakeMemory"/>).</summary>
    public bool IsMemory;
    public RecordStage Records;
    public IdList Ended;

    /// <summary>How handing the epoch to the store went.</summary>
    public StoreStatus FlushStatus;
    public StoreCommit* Commit;

    /// <summary>What the parts of an epoch belong to that does not fit into one commit; null for none.</summary>
    public LargeCommit* Large;

    /// <summary>Machine time at the start of the stop.</summary>
    public ulong StartNanoseconds;
    public ulong RealtimeNanoseconds;
    public CheckpointSample Sample;
    public CheckpointPhases Phases;
    public fixed byte Name[MaxNameBytes];
    public int NameLength;
    private FrozenEpoch _frozen;

    /// <summary>
    /// Its commit is durable: how long that took, and what came after the stop, by one look at the clock, so that the parts add up to the
    /// whole. What an epoch that went in parts did before the last one counts as summing.
    /// </summary>
    public void NoteDurable(ulong now)
    {
        CommitTimes times = Commit->Times;
        ulong stopped = StartNanoseconds + Sample.StopNanoseconds;
        ulong durable = Math.Max(now, stopped);
        Sample.DurableNanoseconds = durable - StartNanoseconds;
        ulong summed = Math.Clamp(times.SummedNanoseconds, stopped, durable);
        Phases.SumNanoseconds = summed - stopped;
        Phases.FlushNanoseconds = Math.Min(times.FlushNanoseconds, durable - summed);
        Phases.WriteNanoseconds = durable - summed - Phases.FlushNanoseconds;
    }

    /// <summary>The pages the epoch took; slots are never moved.</summary>
    public FrozenEpoch* Frozen
    {
        get
        {
            fixed (FrozenEpoch* frozen = &_frozen)
                return frozen;
        }
    }
}
