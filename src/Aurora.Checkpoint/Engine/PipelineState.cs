// What the parts of a group's checkpointing share: the slots of the epochs under way, how far they have come, and what keeps the next one
// from being taken. Plain state: EpochPipeline moves epochs, CheckpointPace says when, CheckpointErrands works on the store's history, and
// each changes only what its own head comment says. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

internal sealed unsafe class PipelineState
{
    /// <summary>Epochs under way at once.</summary>
    public const int SlotCount = 3;

    private const int Queues = 3;

    private readonly FiberQueue* _queues;

    /// <summary>Takes two pages for good; panics when there are none, since this is before anything runs.</summary>
    public PipelineState(PageAllocator pages)
    {
        for (int i = 0; i < SlotCount; i++)
        {
            Slots[i] = new EpochSlot(pages) { Frozen = (FrozenEpoch*)pages.Allocate(1) };
            Panic.Unless(Slots[i].Frozen != null, "checkpoint: no memory for a slot"u8);
        }
        byte* block = (byte*)pages.Allocate(1);
        Panic.Unless(block != null, "checkpoint: no memory for the queues"u8);
        Durable = (WaitQueue*)block;
        _queues = (FiberQueue*)(block + (PageSize.Bytes / 2));
        Panic.Unless(Queues * sizeof(FiberQueue) <= PageSize.Bytes / 2, "checkpoint: the queues do not fit into their page"u8);
    }

    public EpochSlot[] Slots { get; } = new EpochSlot[SlotCount];

    /// <summary>Woken when an epoch becomes durable or is given up, and when an errand is done.</summary>
    public WaitQueue* Durable { get; }

    /// <summary>Where the fibers sleep.</summary>
    public FiberQueue* FlushWork => _queues;
    public FiberQueue* CommitWork => _queues + 1;
    public FiberQueue* ErrandWork => _queues + 2;

    /// <summary>False while the group is not persisted.</summary>
    public bool IsEnabled { get; set; }

    /// <summary>A checkpoint of the past is about to take the place of all that runs: nothing more is captured.</summary>
    public bool IsRollingBack { get; set; }

    public Epoch LastCaptured { get; set; }
    public Epoch LastDurable { get; set; }

    /// <summary>The epoch this boot continued from; zero when it started fresh.</summary>
    public ulong RestoredEpoch { get; set; }

    /// <summary>Why the last commit was refused, while it is being tried again; Ok once one has been taken.</summary>
    public StoreStatus Refusal { get; set; }

    /// <summary>Epochs up to this one were refused for want of disk space, and those who waited for them have been told.</summary>
    public Epoch RefusedThrough { get; set; }

    /// <summary>What the store said when it failed for good; Ok until then.</summary>
    public StoreStatus Failure { get; set; }

    public bool HasFailed => Failure != StoreStatus.Ok;

    /// <summary>Somebody waits for the next checkpoint: it is due now.</summary>
    public bool IsRequested { get; set; }

    /// <summary>An epoch was undone, and the machine time of the next attempt. Even a request waits until then.</summary>
    public bool MustRetry { get; set; }
    public ulong RetryNanoseconds { get; set; }

    /// <summary>The time between the starts of two checkpoints of a busy group.</summary>
    public ulong PeriodNanoseconds { get; set; } = CheckpointEngine.DefaultPeriodNanoseconds;

    /// <summary>The machine time from which the next checkpoint is due without anybody's asking.</summary>
    public ulong PaceNanoseconds { get; set; }

    /// <summary>Held output up to here is part of a captured epoch.</summary>
    public ulong OutputCaptured { get; set; }

    public ulong LastCommitNanoseconds { get; set; }

    /// <summary>Nothing has been captured since the store was told that it is quiet; and it has not been told yet.</summary>
    public bool IsQuiet { get; set; } = true;
    public bool MustWriteWatermark { get; set; }

    /// <summary>Named checkpoints the store keeps.</summary>
    public int Kept { get; set; }

    /// <summary>The name that some epoch is to carry.</summary>
    public NameRequest Name { get; } = new();

    /// <summary>True while an epoch has been captured and is not yet durable.</summary>
    public bool IsBusy => Oldest(SlotState.Captured) is not null || Oldest(SlotState.Submitted) is not null;

    /// <summary>A slot that no epoch is in, or null.</summary>
    public EpochSlot? Free()
    {
        foreach (EpochSlot slot in Slots)
        {
            if (slot.State == SlotState.Free)
                return slot;
        }
        return null;
    }

    public EpochSlot? Oldest(SlotState state)
    {
        EpochSlot? oldest = null;
        foreach (EpochSlot slot in Slots)
        {
            if (slot.State == state && (oldest is null || slot.Epoch < oldest.Epoch))
                oldest = slot;
        }
        return oldest;
    }

    public EpochSlot? NewestCaptured()
    {
        EpochSlot? newest = null;
        foreach (EpochSlot slot in Slots)
        {
            if (slot.State == SlotState.Captured && (newest is null || slot.Epoch > newest.Epoch))
                newest = slot;
        }
        return newest;
    }

    /// <summary>
    /// A checkpoint starts. One that is taken before its time has the next one wait longer, but by no more than a period: requests in a row
    /// would put it off for ever.
    /// </summary>
    public void NoteStart(ulong now)
        => PaceNanoseconds = Math.Min(Math.Max(PaceNanoseconds, now), now + PeriodNanoseconds) + PeriodNanoseconds;

    /// <summary>The next attempt is made at this machine time.</summary>
    public void RetryAt(ulong nanoseconds)
    {
        MustRetry = true;
        RetryNanoseconds = nanoseconds;
    }
}
