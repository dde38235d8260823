// Reclaim: clean pages are dropped when frames are short, and come back from the store when they are touched again. The policy is the
// clock with a second chance: a hand goes over the leaves of all objects; the first time it comes to a clean page the page becomes idle and
// is unmapped, so that a touch shows (as a fault that finds the frame); the second time a page that is still idle is evicted.
//
// A page may go exactly if the store would give it back as it is (CleanFrames), and nobody reads it in at the moment (what is read could be
// older than what is evicted). The data of a clock object is made anew when it is touched. A leaf that several objects share is made
// private first, since the others may show its frames: each of them gives its pages up in its turn. A leaf goes with its last page.
//
// Evicting takes pages away from under a system call that has just looked at them, so it is done by a fiber only, between two calls.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Drops pages that the store has, one leaf at a time.</summary>
public sealed unsafe class Reclaim
{
    // Unsharing a leaf takes a frame; with fewer pages to gain from it, it is left alone.
    private const int WorthUnsharing = 16;

    private readonly Slab<VmObject> _objects;
    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly PageInTable _requests;
    private readonly ReverseMap _reverse;
    private readonly ReclaimState _state;
    private readonly CleanFrames _clean;
    private readonly BaseFrames _bases;

    internal Reclaim(MemoryState state, ReverseMap reverse, CleanFrames clean)
    {
        _clean = clean;
        _bases = state.Bases;
        _objects = state.Objects;
        _frames = state.Frames;
        _tree = state.Tree;
        _requests = state.Requests;
        _reverse = reverse;
        _state = state.Reclaim;
    }

    /// <summary>Pages dropped since boot.</summary>
    public ulong EvictedPages => _state.EvictedPages;

    /// <summary>
    /// Moves the hand over one leaf (512 pages) and evicts its idle pages, or, behind all of them, over some of the frames that are kept of
    /// base volumes. True when the hand has been everywhere and starts again.
    /// </summary>
    public bool Step()
    {
        VmObject* target = _objects.LiveAt(_state.HandObject);
        ulong* leaf = target != null && IsReadable(target) ? _tree.NextLeaf(target, ref _state.HandPage) : null;
        if (leaf == null)
        {
            _state.HandPage = 0;
            _state.HandObject++;
            if (_state.HandObject < _objects.IndexBound || !_bases.Step())
                return false;
            _state.HandObject = 0;
            return true;
        }
        SweepLeaf(target, _state.HandPage, leaf);
        if (IsAsStored(target))
            _tree.GiveUpLeaf(target, _state.HandPage);
        _state.HandPage += RadixTree.FanOut;
        return false;
    }

    // An object that no freeze has taken and that inherits nothing has no pages in the store. Those of a clock object can be made again.
    private static bool IsReadable(VmObject* target) => target->IsCaptured || !target->StoreBase.IsNone || target->IsClock;

    // Nothing of it is on its way to the store, or from there; and in an ephemeral group nothing of it has changed.
    private static bool IsAsStored(VmObject* target) =>
        target->IsCaptured && target->StoreBase.IsNone && target->Changes == null && target->Frozen == null && target->PageIns == 0
            && !(TrackedObjects.IsEphemeral(&target->Header) && (target->Header.Flags & ObjectFlags.Changed) != 0);

    private void SweepLeaf(VmObject* target, ulong leafPage, ulong* leaf)
    {
        PageMarks clean = default;
        int idle = 0;
        int slots = (int)RadixTree.SlotsFrom(target, leafPage);
        for (int index = 0; index < slots; index++)
        {
            if (!_clean.IsClean(leaf[index]))
                continue;
            clean.Mark(index);
            idle += IsIdle(leaf[index]) ? 1 : 0;
        }
        if (clean.IsEmpty)
            return;
        bool evicts = idle > 0;
        if (evicts && _tree.IsPathShared(target, leafPage))
        {
            _frames.IsUrgent = true;
            ulong* slot = idle >= WorthUnsharing ? _tree.PrivateSlot(target, leafPage) : null;
            _frames.IsUrgent = false;
            evicts = slot != null;
            leaf = evicts ? slot : leaf;
        }
        _reverse.UnmapMarked(target, leafPage, &clean);
        for (int index = 0; index < slots; index++)
        {
            if (!clean.Has(index))
                continue;
            if (!IsIdle(leaf[index]))
                _frames.InfoOf(Slot.FrameOf(leaf[index]))->Flags |= FrameFlags.Idle;
            else if (evicts && !_requests.IsRequested(target, leafPage + (ulong)index))
                Evict(target, leaf + index, Slot.FrameOf(leaf[index]));
        }
    }

    private bool IsIdle(ulong slot) => (_frames.InfoOf(Slot.FrameOf(slot))->Flags & FrameFlags.Idle) != 0;

    private void Evict(VmObject* target, ulong* slot, FrameNumber frame)
    {
        *slot = target->IsClock ? Slot.Hole : Slot.Evicted;
        target->CountedPages = target->IsClock ? 0 : target->CountedPages;
        _frames.Release(frame);
        _state.EvictedPages++;
    }
}
