using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>
/// The checkpointing of one group, as it is kept for it: the slots of the epochs under way, how far they have come, and what keeps the next
/// one from being taken. <see cref="Pipeline"/> leads to it; it never moves. Protected by the kernel lock.
/// </summary>
internal unsafe struct PipelineState
{
    /// <summary>Epochs under way at once.</summary>
    public const int SlotCount = 3;

    [InlineArray(SlotCount)]
    public struct SlotArray
    {
        private EpochSlot _first;
    }

    public SlotArray Slots;

    /// <summary>The next group in the list of those that are checkpointed.</summary>
    public PipelineState* NextGroup;
    public ushort Group;

    /// <summary>The next of those that must be looked at (<see cref="Pipelines"/>).</summary>
    public PipelineState* NextAwake;
    public bool IsAwake;

    /// <summary>The number of the group's volume of the store.</summary>
    public ulong Volume;

    /// <summary>The volume it was cloned from, once somebody has asked; zero for none.</summary>
    public bool IsParentKnown;
    public ulong Parent;

    /// <summary>The group that was last seen with that volume.</summary>
    public ushort ParentGroup;

    /// <summary>When it was looked for (<see cref="Pipelines.Changes"/>).</summary>
    public ulong ParentSought;

    /// <summary>Woken when an epoch becomes durable or is given up, and when an errand is done.</summary>
    public WaitQueue Durable;

    /// <summary>False while the group is not persisted.</summary>
    public bool IsEnabled;

    /// <summary>A checkpoint of the past is about to take the place of all that runs: nothing more is captured.</summary>
    public bool IsRollingBack;

    /// <summary>The group is about to leave memory, or another state to take its place: nothing more is captured or asked for.</summary>
    public bool IsQuiesced;

    /// <summary>
    /// The group stays in memory as it is and never runs again: it could not be brought back whole, or is what it goes back from.
    /// </summary>
    public bool IsSetAside;

    /// <summary>The group is being started: what is asked for will be done once it is captured.</summary>
    public bool IsStarting;

    /// <summary>Its processes are ending, for which they run whatever the store says.</summary>
    public bool IsEnding;

    /// <summary>How often an epoch could not be captured or was refused.</summary>
    public ulong Setbacks;

    /// <summary>Somebody keeps the group's threads from running: it is being brought into memory, or suspended.</summary>
    public bool IsStopped;

    /// <summary>The epoch that the end of the session waits for, or who needs clean pages.</summary>
    public Epoch Awaited;

    /// <summary>With more setbacks it waits no longer.</summary>
    public ulong Patience;

    public Epoch LastCaptured;
    public Epoch LastDurable;

    /// <summary>The newest epoch that captured the whole group: those behind it hold the memory of one mapping each.</summary>
    public Epoch LastWhole;

    /// <summary>Up to here the store has epochs in its order; so many wait for a further one to have its place there.</summary>
    public Epoch LastSubmitted;
    public int SubmissionWaiters;

    /// <summary>The epoch this boot continued from; zero when it started fresh.</summary>
    public ulong RestoredEpoch;

    /// <summary>Why the last commit was refused, while it is being tried again; Ok once one has been taken.</summary>
    public StoreStatus Refusal;

    /// <summary>Epochs up to this one were refused for want of disk space, and those who waited for them have been told.</summary>
    public Epoch RefusedThrough;

    /// <summary>True when an epoch was refused. One that the store has in its order becomes durable, whatever is refused later.</summary>
    public readonly bool IsRefused(Epoch epoch) => epoch > LastSubmitted && epoch <= RefusedThrough;

    /// <summary>A fiber is handing an epoch to the store; a fiber waits for one to become durable, or lets it land.</summary>
    public bool IsFlushing;
    public bool IsCommitting;

    /// <summary>
    /// An epoch could not be handed to the store and never will be. It becomes the <see cref="Failure"/> when those before it are durable.
    /// </summary>
    public bool HasFlushFailed;

    /// <summary>What the store said when it failed for good; Ok until then.</summary>
    public StoreStatus Failure;

    /// <summary>Somebody waits for the next checkpoint: it is due now.</summary>
    public bool IsRequested;

    /// <summary>Somebody waits for the next checkpoint as for output: it is due after the period, and when the group is idle.</summary>
    public bool IsExpected;

    /// <summary>An epoch was undone, and the machine time of the next attempt. Even a request waits until then.</summary>
    public bool MustRetry;
    public ulong RetryNanoseconds;

    /// <summary>The time between the starts of two checkpoints of a busy group.</summary>
    public ulong PeriodNanoseconds;

    /// <summary>The machine time from which the next checkpoint is due without anybody's asking.</summary>
    public ulong PaceNanoseconds;

    public ulong LastCommitNanoseconds;

    /// <summary>Something has been captured since the store was told that it is quiet; and it has not been told yet.</summary>
    public bool IsUnquiet;
    public bool MustWriteWatermark;

    /// <summary>Named checkpoints the store keeps.</summary>
    public int Kept;

    /// <summary>The name that some epoch is to carry.</summary>
    public NameRequest Name;

    /// <summary>Checkpoints discarded because a kernel object contradicted itself.</summary>
    public ulong Violations;

    /// <summary>For tests: so many objects are taken for unsound, whatever they are.</summary>
    public int ProvokedViolations;

    /// <summary>The errand fiber works for the group at the moment.</summary>
    public bool IsServed;
    public ErrandState Errand;
    public HistoryState History;
}
