// Changing counts. All of it happens while a cut is made, by one fiber; the pages touched become dirty and take the cut's number, and their
// marks are first brought up to date (SpaceMarks).
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The references on data blocks.</summary>
internal sealed unsafe class ReferenceCounts(StoreContext context, SpaceState state, SpaceCache cache, SpaceMarks marks, FreedExtents freed)
{
    /// <summary>
    /// Adds a reference from a tree; a New block gets its first, and one that was freed but not yet reusable gets one again.
    /// </summary>
    public StoreStatus Increment(ulong block) => Increment(block, out _);

    /// <summary>As above; tells whether the block had been freed.</summary>
    public StoreStatus Increment(ulong block, out bool wasFreed)
    {
        wasFreed = false;
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        marks.Touch(frame);
        switch (*count)
        {
            case SpacePage.New:
                *count = 1;
                state.AddNew(frame, -1);
                state.UsedBlocks++;
                break;
            case SpacePage.Freed:
                *count = 1;
                state.FreedByCut--;
                state.UsedBlocks++;
                wasFreed = true;
                break;
            case SpacePage.FreedBefore:
                *count = 1;
                state.WaitingFor(state.Cut)--;
                state.UsedBlocks++;
                wasFreed = true;
                break;
            case >= SpacePage.FirstAge:
                *count = 1;
                state.AddViewMarks(frame, -1);
                state.UsedBlocks++;
                wasFreed = true;
                break;
            case 0:
                status = context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, 0, *count);
                break;
            case < SpacePage.Saturated:
                (*count)++;
                break;
        }
        SpaceFrames.Unpin(frame);
        return status;
    }

    /// <summary>The references on a block that has some.</summary>
    public StoreStatus Count(ulong block, out uint count)
    {
        count = 0;
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* found);
        if (status != StoreStatus.Ok)
            return status;
        count = *found;
        SpaceFrames.Unpin(frame);
        return count < SpacePage.FirstAge || count == SpacePage.Saturated ? StoreStatus.Ok : Refused(block, count);
    }

    private StoreStatus Refused(ulong block, uint count) => context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, 0, count);

    /// <summary>Removes a reference and says how many are left.</summary>
    public StoreStatus Decrement(ulong block, out uint left)
    {
        left = 0;
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        marks.Touch(frame);
        if (*count is 0 or >= SpacePage.FirstAge)
            status = context.Refuse(StoreStatus.Corrupt, FaultPlace.SpaceMap, block, 0, 0, *count);
        else if (*count >= SpacePage.Saturated)
            left = *count;
        else if (*count > 1)
            left = --(*count);
        else
            MarkFreed(block, count);
        SpaceFrames.Unpin(frame);
        return status;
    }

    /// <summary>Frees a block that no tree came to reference: what it held was overwritten before the cut.</summary>
    public StoreStatus FreeIfNew(ulong block)
    {
        StoreStatus status = cache.PinCount(block, out SpaceFrame* frame, out ushort* count);
        if (status != StoreStatus.Ok)
            return status;
        if (*count == SpacePage.New)
        {
            marks.Touch(frame);
            *count = SpacePage.Freed;
            state.AddNew(frame, -1);
            state.FreedByCut++;
            freed.Add(block);
        }
        SpaceFrames.Unpin(frame);
        return StoreStatus.Ok;
    }

    private void MarkFreed(ulong block, ushort* count)
    {
        freed.Add(block);
        *count = SpacePage.Freed;
        state.UsedBlocks--;
        state.FreedByCut++;
    }
}
