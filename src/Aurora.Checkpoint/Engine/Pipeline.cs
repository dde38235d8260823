// The way of a group's epochs: a value that is passed where the checkpointing of one group is meant. Plain state: EpochCapture and
// EpochWriter move epochs, CheckpointPace says when, CheckpointErrands works on the store's history, and each changes only what its own
// head comment says. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The checkpointing of one group.</summary>
internal readonly unsafe struct Pipeline(ObjectTracker group, PipelineState* state)
{
    public readonly ObjectTracker Group = group;
    public readonly PipelineState* State = state;

    public VolumeId Volume => new(State->Volume);
    public WaitQueue* Durable => &State->Durable;
    public bool HasFailed => State->Failure != StoreStatus.Ok;

    /// <summary>True while an epoch has been captured and is not yet durable.</summary>
    public bool IsBusy => Oldest(SlotState.Captured) != null || Oldest(SlotState.Submitted) != null;

    /// <summary>A slot that no epoch is in, or null.</summary>
    public EpochSlot* Free()
    {
        for (int i = 0; i < PipelineState.SlotCount; i++)
        {
            if (Slot(i)->State == SlotState.Free)
                return Slot(i);
        }
        return null;
    }

    /// <summary>A slot that is free while another one is as well, or null.</summary>
    public EpochSlot* FreeButOne()
    {
        EpochSlot* free = null;
        for (int i = 0; i < PipelineState.SlotCount; i++)
        {
            if (Slot(i)->State != SlotState.Free)
                continue;
            if (free != null)
                return free;
            free = Slot(i);
        }
        return null;
    }

    /// <summary>
    /// The epoch that leaves this state next, or null: none does any more once one has failed, behind one that could not be flushed none is
    /// flushed, and while a fiber is about one no other is.
    /// </summary>
    public EpochSlot* NextFrom(SlotState state)
        => HasFailed || IsHeld(state) ? null : Oldest(state);

    private bool IsHeld(SlotState state)
        => state == SlotState.Captured ? State->HasFlushFailed || State->IsFlushing : State->IsCommitting;

    private EpochSlot* Oldest(SlotState state)
    {
        EpochSlot* oldest = null;
        for (int i = 0; i < PipelineState.SlotCount; i++)
        {
            if (Slot(i)->State == state && (oldest == null || Slot(i)->Epoch < oldest->Epoch))
                oldest = Slot(i);
        }
        return oldest;
    }

    public EpochSlot* NewestCaptured()
    {
        EpochSlot* newest = null;
        for (int i = 0; i < PipelineState.SlotCount; i++)
        {
            if (Slot(i)->State == SlotState.Captured && (newest == null || Slot(i)->Epoch > newest->Epoch))
                newest = Slot(i);
        }
        return newest;
    }

    /// <summary>
    /// A checkpoint starts. One that is taken before its time has the next one wait longer, but by no more than a period: requests in a row
    /// would put it off for ever.
    /// </summary>
    public void NoteStart(ulong now)
    {
        ulong period = State->PeriodNanoseconds;
        State->PaceNanoseconds = Math.Min(Math.Max(State->PaceNanoseconds, now), now + period) + period;
    }

    /// <summary>The next attempt is made at this machine time.</summary>
    public void RetryAt(ulong nanoseconds)
    {
        State->MustRetry = true;
        State->RetryNanoseconds = nanoseconds;
    }

    private EpochSlot* Slot(int index) => (EpochSlot*)Unsafe.AsPointer(ref State->Slots) + index;
}
