// The checkpoint pipeline of one consistency group (architecture, section 6). An epoch moves through a slot:
//
//   main loop: Take      stop: freeze dirty lists, capture changed records, note the held output     Free -> Captured
//   flush fiber          clones, ends, truncations, pages and records to the store; Submit           Captured -> Submitted
//   commit fiber         wait until durable; land the frames, release output, wake fsync             Submitted -> Free
//
// Epochs are flushed and acknowledged in order, and at most SlotCount are under way: when the disk is slower than the period, the period
// stretches. A group in which nothing changed takes no checkpoint and writes nothing. When an epoch is taken is in Pace.
//
// A commit that the store refuses for want of memory or disk space is discarded with all captured after it: what they held is changed again,
// and a later epoch with a higher number covers it (numbers may have gaps). When the store fails for good, nothing later can be durable: the
// engine stops (HasFailed) and held output stays held. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Takes, flushes and commits the checkpoints of a group.</summary>
public sealed unsafe partial class CheckpointEngine : CheckpointService
{
    /// <summary>Epochs under way at once.</summary>
    public const int SlotCount = 3;

    /// <summary>The period when nobody chose one.</summary>
    public const ulong DefaultPeriodNanoseconds = 10_000_000;

    private readonly CheckpointServices _services;
    private readonly EpochSlot[] _slots = new EpochSlot[SlotCount];
    private WaitQueue* _durable;
    private FiberQueue* _queues;
    private Epoch _lastCaptured;
    private Epoch _lastDurable;
    private bool _hasFailed;

    public CheckpointEngine(in CheckpointServices services)
    {
        _services = services;
        _budget = new EpochBudget(services.Store.CommitBudget, (ulong)services.Memory.Frames.TotalFrames);
        for (int i = 0; i < SlotCount; i++)
        {
            _slots[i] = new EpochSlot(services.Pages);
            _slots[i].Frozen = (FrozenEpoch*)services.Pages.Allocate(1);
        }
        byte* block = (byte*)services.Pages.Allocate(1);
        Panic.Unless(block != null && _slots[^1].Frozen != null, "checkpoint: no memory for the engine"u8);
        _durable = (WaitQueue*)block;
        _queues = (FiberQueue*)(block + PageSize.Bytes / 2);
    }

    /// <summary>False while the group is not persisted: Poll does nothing, and memory forgets its lists.</summary>
    public bool IsEnabled { get; set; }

    public CheckpointStatistics Statistics { get; } = new();

    public Epoch LastCaptured => _lastCaptured;
    public Epoch LastDurable => _lastDurable;

    /// <summary>Why the last commit was refused, while it is being tried again; Ok once one has been taken.</summary>
    public StoreStatus Refusal { get; private set; }

    /// <summary>What the store said when it failed for good.</summary>
    public StoreStatus Failure { get; private set; }

    /// <inheritdoc/>
    public override bool HasFailed => _hasFailed;

    /// <inheritdoc/>
    public override WaitQueue* Durable => _durable;

    // Where the flush fiber sleeps, and where the commit fiber sleeps.
    private FiberQueue* FlushWork => _queues;
    private FiberQueue* CommitWork => _queues + 1;

    /// <summary>
    /// Starts the numbering after a restored epoch, and after every other in the store: what a rollback has left behind keeps its numbers. All of
    /// them are durable. Blocks.
    /// </summary>
    public StoreStatus ContinueFrom(Epoch restored)
    {
        StoreStatus status = ReadNumbers(out Epoch highest);
        _lastCaptured = _lastDurable = highest > restored ? highest : restored;
        RestoredEpoch = restored.Value;
        if (highest > restored)
            _services.Group.Group->Left.Add(restored, highest);
        _ticketBase = _ticketsAsked = _ticketsServed = _lastDurable.Value << TicketBits;
        return status;
    }

    /// <summary>True while an epoch has been captured and is not yet durable.</summary>
    public bool IsBusy => OldestSlot(SlotState.Captured) is not null || OldestSlot(SlotState.Submitted) is not null;

    private EpochSlot? FreeSlot()
    {
        foreach (EpochSlot slot in _slots)
        {
            if (slot.State == SlotState.Free)
                return slot;
        }
        return null;
    }

    private EpochSlot? OldestSlot(SlotState state)
    {
        EpochSlot? oldest = null;
        foreach (EpochSlot slot in _slots)
        {
            if (slot.State == state && (oldest is null || slot.Epoch < oldest.Epoch))
                oldest = slot;
        }
        return oldest;
    }

    private EpochSlot? NewestCaptured()
    {
        EpochSlot? newest = null;
        foreach (EpochSlot slot in _slots)
        {
            if (slot.State == SlotState.Captured && (newest is null || slot.Epoch > newest.Epoch))
                newest = slot;
        }
        return newest;
    }

    private void Fail(StoreStatus status)
    {
        _hasFailed = true;
        Failure = status;
        _services.Scheduler.WakeAll(_durable);
    }
}
