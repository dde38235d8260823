// The checkpoint of one mapping's memory (sls_memckpt; decision 040). It is an epoch of its group like others: it has the next number and
// a slot, and goes to the store behind those before it, so pages never come back from an older one, and what is refused before it takes it
// along. It is captured in the call itself, since it needs nobody to stand still but who calls.
//
// Whoever has been promised "the next epoch" has been promised the whole group. While somebody has, or what was captured whole has been
// undone and is owed, a whole checkpoint is taken instead. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Checkpoint;

internal enum MemoryAnswer
{
    /// <summary>The last epoch captured has the memory as it is.</summary>
    Captured,

    /// <summary>It takes a checkpoint of the whole group.</summary>
    Whole,

    /// <summary>As many epochs are under way as may be, but for one place for the whole group: what it shows waits for that.</summary>
    NoSlot,
}

/// <summary>Captures the memory of one mapping, where that can be done by itself.</summary>
internal sealed unsafe class MemoryCheckpoints
{
    private readonly GroupCodec _groups;
    private readonly Epochs _epochs;
    private readonly EpochCapture _capture;

    public MemoryCheckpoints(in CheckpointServices services, EpochCapture capture)
    {
        _groups = services.Group;
        _epochs = services.Memory.Epochs;
        _capture = capture;
    }

    /// <summary>Captures what a mapping of anonymous memory of the group shows, if it has changed.</summary>
    public MemoryAnswer Take(in Pipeline pipeline, Mapping* mapping, bool isAwaited)
    {
        AloneStatus status = _epochs.AloneStatusOf(mapping);
        if (status == AloneStatus.Entangled || !CheckpointPace.MayTake(in pipeline) || OwesWhole(in pipeline))
            return MemoryAnswer.Whole;
        if (status == AloneStatus.Unchanged)
            return MemoryAnswer.Captured;
        EpochSlot* slot = pipeline.FreeButOne();
        if (slot == null)
            return MemoryAnswer.NoSlot;
        return _capture.TakeMemory(in pipeline, slot, mapping->Object, isAwaited) ? MemoryAnswer.Captured : MemoryAnswer.Whole;
    }

    // The group's record is written with the memory: whatever else it says must be what the last whole epoch has.
    private bool OwesWhole(in Pipeline pipeline)
    {
        PipelineState* state = pipeline.State;
        ObjectHeader* record = &_groups.Of(pipeline.Group)->Header;
        bool isRecordKnown = (record->Flags & (ObjectFlags.Stored | ObjectFlags.Changed)) == ObjectFlags.Stored;
        return state->IsRequested || state->IsExpected || state->MustRetry || !isRecordKnown;
    }
}
