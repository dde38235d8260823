// The groups that are checkpointed, in two lists. There may be many groups and most of them idle, and the main loop asks every turn: so
// only those are looked at that are awake. A group falls asleep when nothing of it has changed and nothing is under way for it, and wakes
// when something changes (ObjectTracker.Sleep) or somebody is about to do something with its checkpointing (Of). All epochs under way are
// of groups that are awake. A group that is alone is always awake. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The checkpointing of every group there is.</summary>
internal sealed unsafe class Pipelines(TrackedObjects tracked)
{
    private readonly GroupTable<PipelineState> _states = new(tracked);
    private PipelineState* _first;
    private PipelineState* _firstAwake;
    private PipelineState* _checked;
    private Pipeline _only;

    /// <summary>When they are looked at.</summary>
    public RoundState Round { get; } = new();

    /// <summary>How many groups have begun, and ended, since the machine started.</summary>
    public ulong Changes { get; private set; }

    public PipelineState* First => _first;
    public PipelineState* FirstAwake => _firstAwake;

    /// <summary>True when there is exactly one group, which is <see cref="Only"/>.</summary>
    public bool IsOne => _first != null && _first->NextGroup == null;

    public ref readonly Pipeline Only => ref _only;

    /// <summary>That of a group, to do something with it.</summary>
    public Pipeline Of(ObjectTracker group)
    {
        PipelineState* state = _states.At(group.Index);
        Wake(state);
        return new Pipeline(group, state);
    }

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
        Changes++;
        Wake(state);
        Round.IsAsked = true;
        return pipeline;
    }

    /// <summary>Takes a group off the lists.</summary>
    public void End(in Pipeline pipeline)
    {
        Changes++;
        PipelineState* previous = null;
        for (PipelineState* state = _first; state != pipeline.State; state = state->NextGroup)
            previous = state;
        if (previous == null)
            _first = pipeline.State->NextGroup;
        else
            previous->NextGroup = pipeline.State->NextGroup;
        if (pipeline.State->IsAwake)
            RemoveAwake(pipeline.State);
        _checked = null;
        *pipeline.State = default;
        if (_first != null)
            _only = new Pipeline(tracked.OfGroup(_first->Group), _first);
        if (IsOne)
            Wake(_first);
        Round.IsAsked = true;
    }

    public PipelineState* StateOf(ushort group) => _states.At(group);

    public VolumeId VolumeOf(ushort group) => new(_states.At(group)->Volume);

    /// <summary>Moves to the next group, which has begun before this one, from none to the newest; false at the end.</summary>
    public bool Next(ref Pipeline pipeline)
    {
        PipelineState* next = pipeline.State == null ? _first : pipeline.State->NextGroup;
        pipeline = next == null ? default : new Pipeline(tracked.OfGroup(next->Group), next);
        return next != null;
    }

    /// <summary>As <see cref="Next"/>, of those that are awake.</summary>
    public bool NextAwake(ref Pipeline pipeline)
    {
        PipelineState* next = pipeline.State == null ? _firstAwake : pipeline.State->NextAwake;
        pipeline = next == null ? default : new Pipeline(tracked.OfGroup(next->Group), next);
        return next != null;
    }

    /// <summary>Each of all groups in its turn, for a check; false at the end of a turn.</summary>
    public bool NextToCheck(out Pipeline pipeline)
    {
        _checked = _checked == null ? _first : _checked->NextGroup;
        pipeline = _checked == null ? default : new Pipeline(tracked.OfGroup(_checked->Group), _checked);
        return _checked != null;
    }

    /// <summary>Those that have changed are awake.</summary>
    public void WakeChanged()
    {
        for (ObjectTracker woken = tracked.TakeWoken(); woken.Exists; woken = tracked.TakeWoken())
            Wake(_states.At(woken.Index));
    }

    /// <summary>It is looked at.</summary>
    public void Wake(PipelineState* state)
    {
        if (state->IsAwake || state->Volume == 0)
            return;
        tracked.OfGroup(state->Group).Wake();
        state->IsAwake = true;
        state->NextAwake = _firstAwake;
        _firstAwake = state;
    }

    /// <summary>It is not looked at until it wakes. The one before it among those that are awake is null for the first.</summary>
    public void Sleep(in Pipeline pipeline, PipelineState* previous)
    {
        pipeline.Group.Sleep();
        RemoveAwake(pipeline.State, previous);
    }

    private void RemoveAwake(PipelineState* leaving, PipelineState* previous = null)
    {
        // Others may have come before the one that was the first.
        for (PipelineState* state = _firstAwake; previous == null && state != leaving; state = state->NextAwake)
            previous = state->NextAwake == leaving ? state : null;
        if (previous == null)
            _firstAwake = leaving->NextAwake;
        else
            previous->NextAwake = leaving->NextAwake;
        leaving->NextAwake = null;
        leaving->IsAwake = false;
    }

    /// <summary>
    /// The group with the oldest of all epochs that can leave this state (<see cref="Pipeline.NextFrom"/>); false: none can.
    /// </summary>
    public bool FindOldest(SlotState state, out Pipeline oldest)
    {
        oldest = default;
        ulong start = ulong.MaxValue;
        for (Pipeline pipeline = default; NextAwake(ref pipeline);)
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
