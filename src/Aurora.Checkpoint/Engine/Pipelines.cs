using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The checkpointing of every group there is.</summary>
internal sealed unsafe class Pipelines(TrackedObjects tracked)
{
    private readonly GroupTable<PipelineState> _states = new(tracked);

    public Pipeline Of(ObjectTracker group) => new(group, _states.At(group.Index));

    /// <summary>
    /// The first group from this index on; false when there is none. <paramref name="index"/> becomes that of the one behind it.
    /// </summary>
    public bool Next(ref int index, out Pipeline pipeline)
    {
        int found = tracked.NextGroup(index);
        pipeline = found < 0 ? default : Of(tracked.OfGroup((ushort)found));
        index = found + 1;
        return found >= 0;
    }

    /// <summary>
    /// The group whose epoch has been longest in this state; false when none is. One whose store has failed is passed over.
    /// </summary>
    public bool FindOldest(SlotState state, out Pipeline oldest)
    {
        oldest = default;
        ulong start = ulong.MaxValue;
        for (int index = 0; Next(ref index, out Pipeline pipeline);)
        {
            EpochSlot* slot = pipeline.HasFailed ? null : pipeline.Oldest(state);
            if (slot == null || slot->StartNanoseconds >= start)
                continue;
            start = slot->StartNanoseconds;
            oldest = pipeline;
        }
        return start != ulong.MaxValue;
    }
}
