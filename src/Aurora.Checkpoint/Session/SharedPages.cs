// Copies of a group show the frames of the group they were made from. A page of a copy that is not in memory is looked for there first: the
// object with the same id in the group whose volume is the parent of the copy's, then in that one's parent, up to the first that is not in
// memory. If the frame is clean (CleanFrames) and both volumes have the page in the same block, it is the same page, and the copy refers to
// the frame. Whoever writes first gets one of his own. Nothing of this is captured: after a restart it begins anew, since volumes know
// their parents.
//
// Groups that began with one state have the pages that they have not written since without looking: what one of them has read, or found
// here, is kept for the others (BaseFrames, PageIns).
//
// Looking blocks in up to one place are found by waiting for the disk. What has been clean before and is clean after, in a group of which
// nothing was captured meanwhile, has not changed in between. Nor does a rewind of the parent in between go unnoticed: the rollback itself
// takes the epoch after the last one captured, from which the group counts on, and the group returns under another index.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Finds frames of other groups that hold what a page of a copy is to have.</summary>
public sealed unsafe class SharedPages(ObjectStore store, CheckpointEngine engine, TrackedObjects tracked, MemoryManager memory)
{
    // Copies of copies are asked for no further than this.
    private const int MostAncestors = 4;

    /// <summary>
    /// The frame of a page of a stored object of this group, with a reference for the caller; frame 0 when no ancestor has it. Blocks.
    /// </summary>
    public FrameNumber Take(ushort group, VolumeId volume, ObjectId stored, ulong page)
    {
        ushort heir = group;
        VolumeId at = volume;
        for (int ancestors = 0; ancestors < MostAncestors; ancestors++)
        {
            ObjectTracker owner = ParentOf(heir, at, out VolumeId parent);
            if (!owner.Exists)
                return default;
            heir = owner.Index;
            FrameNumber frame = TakeFrom(owner, parent, volume, stored, page);
            if (frame.Value != 0)
                return frame;
            at = parent;
        }
        return default;
    }

    /// <summary>
    /// Whether it is worth asking: some ancestor has a clean page there. Blocks only where nobody has asked for the group yet.
    /// </summary>
    public bool MayHave(ushort group, VolumeId volume, ObjectId stored, ulong page)
    {
        ushort heir = group;
        VolumeId at = volume;
        for (int ancestors = 0; ancestors < MostAncestors; ancestors++)
        {
            ObjectTracker owner = ParentOf(heir, at, out at);
            if (!owner.Exists)
                return false;
            heir = owner.Index;
            if (IsSettled(owner) && memory.Clean.Has(owner, stored, page))
                return true;
        }
        return false;
    }

    private FrameNumber TakeFrom(ObjectTracker owner, VolumeId parent, VolumeId volume, ObjectId stored, ulong page)
    {
        if (!IsSettled(owner) || !memory.Clean.Has(owner, stored, page))
            return default;
        ushort index = owner.Index;
        Epoch captured = engine.StateOf(index)->LastCaptured;
        bool isSame = store.LocatePage(volume, stored, page, out PagePlace own) == StoreStatus.Ok
            && store.LocatePage(parent, stored, page, out PagePlace theirs) == StoreStatus.Ok && own.IsSameAs(in theirs);
        bool isUnchanged = isSame && StateOf(index, parent) != null && IsSettled(owner) && engine.StateOf(index)->LastCaptured == captured;
        return isUnchanged ? memory.Clean.Hold(owner, stored, page) : default;
    }

    // What is in memory of the group belongs to the present state of its volume.
    private bool IsSettled(ObjectTracker group)
    {
        PipelineState* state = engine.StateOf(group.Index);
        return state->IsEnabled && !state->IsQuiesced && !state->IsRollingBack && state->Failure == StoreStatus.Ok
            && state->Errand.Errand == CheckpointErrand.None;
    }

    // The group of the volume that this one was cloned from, if it is in memory.
    private ObjectTracker ParentOf(ushort group, VolumeId volume, out VolumeId parent)
    {
        parent = default;
        PipelineState* state = StateOf(group, volume);
        if (state != null && !state->IsParentKnown)
        {
            StoreStatus status = store.FindVolume(volume, out VolumeInfo info);
            // The group may have gone meanwhile.
            state = StateOf(group, volume);
            if (state == null || status != StoreStatus.Ok)
                return default;
            state->Parent = info.Parent.Value;
            state->IsParentKnown = true;
        }
        if (state == null || state->Parent == 0)
            return default;
        parent = new VolumeId(state->Parent);
        if (StateOf(state->ParentGroup, parent) == null && state->ParentSought != engine.GroupChanges)
        {
            ObjectTracker found = engine.GroupWith(parent);
            state->ParentGroup = found.Exists ? found.Index : group;
            state->ParentSought = engine.GroupChanges;
        }
        return StateOf(state->ParentGroup, parent) == null ? default : tracked.OfGroup(state->ParentGroup);
    }

    private PipelineState* StateOf(ushort group, VolumeId volume)
    {
        PipelineState* state = tracked.OfGroup(group).Exists ? engine.StateOf(group) : null;
        return state != null && state->Volume == volume.Value ? state : null;
    }
}
