// What the store remembers about its history between cuts. Protected by the kernel lock.

namespace Aurora.Store;

/// <summary>The state of the history that is not in its tree.</summary>
internal sealed class HistoryState
{
    /// <summary>What was found damaged in a volume's history, the last time that something was; and the volume.</summary>
    public StoreFault Fault;
    public VolumeId FaultVolume;
    public bool IsDamageTold;

    /// <summary>The store is open: from here on checkpoints are kept and dropped.</summary>
    public bool IsRecovered;

    /// <summary>Dropped volumes are left, or no cut has told yet: the next ones give back more.</summary>
    public bool IsReclaiming = true;

    /// <summary>The disk is too full: the next cut drops half of the automatic checkpoints.</summary>
    public bool IsPressed;

    /// <summary>Automatic checkpoints of all volumes, when they were last counted.</summary>
    public ulong AutomaticCount;

    /// <summary>
    /// The time of the newest commit. Clocks jump, and not every jump is meant: after one, nothing is dropped for its age before the
    /// time has gone on steadily for FineSpan, so that a commit a day ahead costs nothing when the next one is back.
    /// </summary>
    public ulong NewestTime;
    public ulong SteadySince;
    public bool IsTimeSteady;
    public bool HasTimeLeapt;

    /// <summary>A checkpoint that is about to become a present state must stay; 0 for none.</summary>
    public ulong RollbackTarget;
    public VolumeId RollbackVolume;

    /// <summary>
    /// A checkpoint the next cut gives a root of its own; null for none. The view must stay open until that cut is there.
    /// </summary>
    public StoreView? Promoted;

    /// <summary>The cut that has given the last one its root; it may not be there yet.</summary>
    public ulong PromotedCut;

    /// <summary>The record of that checkpoint.</summary>
    public CheckpointInfo PromotedInfo;

    /// <summary>The volume whose checkpoint that is.</summary>
    public VolumeId PromotedVolume;

    /// <summary>The cut being made is to do it.</summary>
    public bool IsPromotionDue;

    /// <summary>What was found damaged in the history of a volume; Ok when nothing was.</summary>
    public StoreFault FaultOf(VolumeId volume) => FaultVolume == volume ? Fault : default;

    /// <summary>Whether a checkpoint is on its way to becoming a present state.</summary>
    public bool IsTarget(VolumeId volume, ulong sequence) => sequence == RollbackTarget && volume == RollbackVolume;
}
