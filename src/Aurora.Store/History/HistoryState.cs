// What the store remembers about its history between cuts. Protected by the kernel lock.

namespace Aurora.Store;

/// <summary>The state of the history that is not in its tree.</summary>
internal sealed class HistoryState
{
    /// <summary>What was found damaged in the history; Ok when nothing was.</summary>
    public StoreFault Fault;
    public bool IsDamageTold;

    /// <summary>The store is open: from here on checkpoints are kept and dropped.</summary>
    public bool IsRecovered;

    /// <summary>The disk is too full: the next cut drops half of the automatic checkpoints.</summary>
    public bool IsPressed;

    /// <summary>Automatic checkpoints, when they were last counted.</summary>
    public ulong AutomaticCount;

    /// <summary>
    /// The time of the newest commit. Clocks jump, and not every jump is meant: after one, nothing is dropped for its age before the
    /// time has gone on steadily for FineSpan, so that a commit a day ahead costs nothing when the next one is back.
    /// </summary>
    public ulong NewestTime;
    public ulong SteadySince;
    public bool IsTimeSteady;
    public bool HasTimeLeapt;
    public ulong LastKeptTime;

    /// <summary>A checkpoint on its way to becoming the present state must stay; 0 for none.</summary>
    public ulong RollbackTarget;

    /// <summary>A rollback has been asked for: who reads the device from the next cut on must know what one is.</summary>
    public bool IsRollbackWanted;

    /// <summary>A checkpoint the next cut gives a root of its own; null for none. The view must stay open until then.</summary>
    public StoreView? Promoted;

    /// <summary>The record of that checkpoint.</summary>
    public CheckpointInfo PromotedInfo;

    /// <summary>The history cannot be read: the cut being made leaves it as it is.</summary>
    public bool IsLeftByCut;
}
