// Which frames hold what the store would give back. A slot is clean if it is not dirty, no epoch has its frame in flight (so every epoch
// that froze it is durable), and the frame is on no list as forced. Such a page may be dropped (Reclaim), and another object whose stored
// page is the same one may show the frame as well: who then writes to it copies it first, since it is not his alone (ObjectPages).
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Pages in memory that are as they are stored.</summary>
public sealed unsafe class CleanFrames
{
    private const FrameFlags Kept = FrameFlags.Unsaved | FrameFlags.Hot | FrameFlags.Kernel;

    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly SeededMemoryFaults _seeded;

    internal CleanFrames(MemoryState state)
    {
        _frames = state.Frames;
        _tree = state.Tree;
        _seeded = state.Seeded;
    }

    /// <summary>True if a page of a stored object of the group is in memory, and clean.</summary>
    public bool Has(ObjectTracker group, ObjectId stored, ulong page) => Find(group, stored, page).Value != 0;

    /// <summary>Its frame, with a reference for the caller; frame 0 when there is none.</summary>
    public FrameNumber Hold(ObjectTracker group, ObjectId stored, ulong page)
    {
        FrameNumber frame = Find(group, stored, page);
        if (frame.Value != 0)
            _frames.InfoOf(frame)->References++;
        return frame;
    }

    private FrameNumber Find(ObjectTracker group, ObjectId stored, ulong page)
    {
        var target = (VmObject*)group.Find(stored, ObjectKind.MemoryObject);
        // What still stands for another stored object may be newer than that one; what has been cut in an ephemeral group is in no list.
        // What has been stored into there is dirty, page by page, for ever.
        if (target == null || !target->IsCaptured || !target->StoreBase.IsNone || page >= target->SizePages || target->IsCut
            || target->IsClock)
            return default;
        ulong slot = _tree.Lookup(target, page);
        return IsClean(slot) ? Slot.FrameOf(slot) : default;
    }

    internal bool IsClean(ulong slot)
    {
        ulong owed = _seeded.Has(SeededMemoryFaults.EvictedDirtyPage) ? 0 : Slot.Dirty;
        if ((slot & (Slot.Resident | owed)) != Slot.Resident)
            return false;
        FrameInfo* info = _frames.InfoOf(Slot.FrameOf(slot));
        return info->InFlight == 0 && info->Pins == 0 && (info->Flags & Kept) == 0;
    }
}
