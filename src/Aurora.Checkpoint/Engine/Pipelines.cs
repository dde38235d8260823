// The groups that are checkpointed, in a list: there may be many groups and most of them idle, and the main loop asks every turn.
// Protected by the kernel lock.
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The checkpointing of every group there is.</summary>
internal sealed unsafe class Pipelines(TrackedObjects tracked)
{
    private readonly GroupTable<PipelineState> _states = new(tracked);
    private PipelineState* _first;
    private Pipeline _only;

    /// <summary>When they are looked at.</summary>
    public RoundState Round { get; } = new();

    public PipelineState* First => _first;

    /// <summary>True when there is exactly one group, which is <see cref="Only"/>.</summary>
    public bool IsOne => _first != null && _first->NextGroup == null;

    public ref readonly Pipeline Only => ref _only;

    public Pipeline Of(ObjectTracker group) => new(group, _states.At(group.Index));

    /// <summary>Begins the checkpointing of a group, into a volume of its own; nothing is captured before it is enabled.</summary>
    public Pipeline Begin(ObjectTracker group, VolumeId volume)
    {
        Pipeline pipeline = Of(group);
        PipelineState* state = pipeline.State;
        Panic.Unless(state->Volume == 0, "checkpoint: a group was begun twice"u8);
        state->Volume = volume.Value;
        state->Group = group.Index;
        state->PeriodNanoseconds = CheckpointEngine.DefaultPeriodNanoseconds;
        state->NextGroup = _first;
        _first = state;
        _only = pipeline;
        Round.IsAsked = true;
        return pipeline;
    }

    /// <summary>Takes a group off the list.</summary>
    public void End(in Pipeline pipeline)
    {
        PipelineState* previous = null;
        for (PipelineState* state = _first; state != pipeline.State; state = state->NextGroup)
            previous = state;
        if (previous == null)
            _first = pipeline.State->NextGroup;
        else
            previous->NextGroup = pipeline.State->NextGroup;
        *pipeline.State = default;
        if (_first != null)
            _only = new Pipeline(tracked.OfGroup(_first->Group), _first);
        Round.IsAsked = true;
    }

    public PipelineState* StateOf(ushort group) => _states.At(group);

    public VolumeId VolumeOf(ushort group) => new(_states.At(group)->Volume);

    /// <summary>Moves to the next group, in no particular order, from none to the first; false at the end.</summary>
    public bool Next(ref Pipeline pipeline)
    {
        PipelineState* next = pipeline.State == null ? _first : pipeline.State->NextGroup;
        pipeline = next == null ? default : new Pipeline(tracked.OfGroup(next->Group), next);
        return next != null;
    }

    /// <summary>
    /// The group with the oldest of all epochs that can leave this state (<see cref="Pipeline.NextFrom"/>); false: none can.
    /// </summary>
    public bool FindOldest(SlotState state, out Pipeline oldest)
    {
        oldest = default;
        ulong start = ulong.MaxValue;
        for (Pipeline pipeline = default; Next(ref pipeline);)
        {
            EpochSlot* slot = pipeline.NextFrom(state);
            if (slot == null || slot->StartNanoseconds >= start)
                continue;
            start = slot->StartNanoseconds;
            oldest = pipeline;
        }
        return start != ulong.MaxValue;
    }
}
