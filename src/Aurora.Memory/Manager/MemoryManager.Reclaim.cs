// Reclaim: clean pages are dropped when frames are short, and come back from the store when they are touched again. The policy is the
// clock with a second chance: a hand goes over the leaves of all objects; the first time it comes to a clean page the page becomes idle and
// is unmapped, so that a touch shows (as a fault that finds the frame); the second time a page that is still idle is evicted.
//
// A page may go exactly if the store would give it back as it is: its slot is clean, no epoch has its frame in flight (so every epoch that
// froze it is durable), it is on no list as forced, and nobody reads it in at the moment (what is read could be older than what is evicted).
// A leaf that several objects share is made private first, since the others may show its frames: each of them gives its pages up in its turn.
//
// Evicting takes pages away from under a system call that has just looked at them, so it is done by a fiber only, between two calls.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    // Unsharing a leaf takes a frame; with fewer pages to gain from it, it is left alone.
    private const int WorthUnsharing = 16;

    private uint _handObject;
    private ulong _handPage;
    private bool _hasForgottenChanges;

    /// <summary>Who brings frames back sleeps here; woken when frames are short, when an epoch has landed, and by <see cref="PollFrames"/>.</summary>
    public FiberQueue* ReclaimWork => _reclaimWork;

    /// <summary>Where fibers sleep that need a frame.</summary>
    public FiberQueue* FramesFreed => _reclaimWork + 1;

    /// <summary>True once a fiber serves <see cref="ReclaimWork"/>: then a lack of frames is worth waiting for.</summary>
    public bool HasReclaim { get; set; }

    /// <summary>
    /// Nothing is left that could be dropped: who finds no frame is told so instead of waiting. The reclaim fiber sets and clears it.
    /// </summary>
    public bool IsExhausted { get; set; }

    /// <summary>Pages dropped since boot.</summary>
    public ulong EvictedPages { get; private set; }

    /// <summary>The store has everything that is not on a list: true unless changes of an unpersisted group were forgotten.</summary>
    public bool MayEvict => !_hasForgottenChanges;

    /// <summary>Below this many free frames reclaim begins, so that few ever find none.</summary>
    public ulong LowFrames => Frames.FloorOf(FramePriority.Contents) + (Frames.TotalFrames / 64);

    /// <summary>At this many free frames reclaim has done enough.</summary>
    public ulong EnoughFrames => Frames.FloorOf(FramePriority.Contents) + (Frames.TotalFrames / 32);

    /// <summary>True while somebody waits for a frame.</summary>
    public bool HasFrameWaiters => !_frameWaiters->IsEmpty || !FramesFreed->IsEmpty;

    /// <summary>Wakes the reclaim fiber if frames are short, or back while somebody waits for one. Cheap; called by the main loop.</summary>
    public void PollFrames()
    {
        if (Frames.FreeFrames < LowFrames || HasFrameWaiters)
            _fibers.WakeOne(ReclaimWork);
    }

    /// <summary>Where threads wait for a frame.</summary>
    public WaitQueue* FrameWaiters => _frameWaiters;

    /// <summary>
    /// About what would be free if the address space ended: the pages it shows, its page tables, and the tree nodes of its own objects. Walks
    /// all of those tables and nodes.
    /// </summary>
    public ulong FootprintPages(AddressSpace* space)
    {
        ulong pages = space->ResidentPages + _tables.CountTables(space->Root);
        for (int index = 0; index < space->Count; index++)
        {
            Mapping* mapping = space->Table[index];
            bool isCounted = (mapping->Flags & MappingFlags.OwnsObject) != 0 && mapping->Object->FirstMapping == mapping;
            if (isCounted)
                pages += _tree.CountNodes(mapping->Object);
        }
        return pages;
    }

    /// <summary>Everybody who waits for a frame tries again.</summary>
    public void WakeFrameWaiters()
    {
        if (!_frameWaiters->IsEmpty)
            _waker.WakeAll(_frameWaiters);
        _fibers.WakeAll(FramesFreed);
    }

    /// <summary>
    /// Moves the hand over one leaf (512 pages) and evicts its idle pages. True when the hand has been everywhere and starts again.
    /// </summary>
    public bool ReclaimStep()
    {
        VmObject* target = _objects.LiveAt(_handObject);
        ulong* leaf = target != null && IsReadable(target) ? _tree.NextLeaf(target, ref _handPage) : null;
        if (leaf == null)
        {
            _handPage = 0;
            _handObject++;
            if (_handObject < _objects.IndexBound)
                return false;
            _handObject = 0;
            return true;
        }
        SweepLeaf(target, leaf);
        _handPage += RadixTree.FanOut;
        return false;
    }

    // An object that no freeze has taken and that inherits nothing has no pages in the store.
    private static bool IsReadable(VmObject* target) => target->IsCaptured || !target->StoreBase.IsNone;

    private void SweepLeaf(VmObject* target, ulong* leaf)
    {
        PageMarks clean = default;
        int idle = 0;
        for (int index = 0; index < RadixTree.FanOut; index++)
        {
            if (!MayDrop(leaf[index]))
                continue;
            clean.Mark(index);
            idle += IsIdle(leaf[index]) ? 1 : 0;
        }
        if (clean.IsEmpty)
            return;
        bool evicts = MayEvict && idle > 0;
        if (evicts && _tree.IsPathShared(target, _handPage))
        {
            Frames.IsUrgent = true;
            ulong* slot = idle >= WorthUnsharing ? _tree.PrivateSlot(target, _handPage) : null;
            Frames.IsUrgent = false;
            evicts = slot != null;
            leaf = evicts ? slot : leaf;
        }
        UnmapMarked(target, _handPage, &clean);
        for (int index = 0; index < RadixTree.FanOut; index++)
        {
            if (!clean.Has(index))
                continue;
            if (!IsIdle(leaf[index]))
                Frames.InfoOf(Slot.FrameOf(leaf[index]))->Flags |= FrameFlags.Idle;
            else if (evicts && !_pageIns.IsRequested(target, _handPage + (ulong)index))
                Evict(leaf + index, Slot.FrameOf(leaf[index]));
        }
    }

    private bool IsIdle(ulong slot) => (Frames.InfoOf(Slot.FrameOf(slot))->Flags & FrameFlags.Idle) != 0;

    private void Evict(ulong* slot, FrameNumber frame)
    {
        *slot = Slot.Evicted;
        Frames.Release(frame);
        EvictedPages++;
    }

    private bool MayDrop(ulong slot)
    {
        const FrameFlags Kept = FrameFlags.Unsaved | FrameFlags.Hot | FrameFlags.Kernel;
        ulong owed = Has(SeededMemoryFaults.EvictedDirtyPage) ? 0 : Slot.Dirty;
        if ((slot & (Slot.Resident | owed)) != Slot.Resident)
            return false;
        FrameInfo* info = Frames.InfoOf(Slot.FrameOf(slot));
        return info->InFlight == 0 && info->Pins == 0 && (info->Flags & Kept) == 0;
    }

    // Somebody uses the page: the hand will give it another round.
    private void NoteUse(FrameNumber frame)
    {
        FrameInfo* info = Frames.InfoOf(frame);
        if ((info->Flags & FrameFlags.Idle) != 0)
            info->Flags &= ~FrameFlags.Idle;
    }
}
