// Reading pages from the store on demand. A fault on a page that is only in the store makes a request and waits; a pager fiber takes it,
// reads into a frame of its own, and completes it. The frame goes into the leaf even if clones share the leaf: the contents are the same
// for all of them. The leaf is made to exist when the request is made, so completion allocates nothing. What another group has read of a
// volume that both have is there at once (BaseFrames): nobody waits for that. Whoever reads one page tends to read the next: the rest of an
// aligned group is asked for with it; and who goes on where the last group ended gets twice as many each time, up to a limit, which pagers
// read in runs (TakeNext).
using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Asking for pages of the store, and taking what the pagers bring.</summary>
public sealed unsafe class PageIns
{
    private const int ReadAheadPages = 8;
    private const int MostAheadPages = 64;

    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly PageInTable _requests;
    private readonly FrameShortage _shortage;
    private readonly BaseFrames _bases;
    private readonly ClockPages _clocks;

    internal PageIns(MemoryState state, FrameShortage shortage, ClockPages clocks)
    {
        _clocks = clocks;
        _bases = state.Bases;
        _frames = state.Frames;
        _tree = state.Tree;
        _requests = state.Requests;
        _shortage = shortage;
    }

    /// <summary>Where pager fibers sleep while <see cref="Take"/> returns null.</summary>
    public FiberQueue* Work => _requests.Work;

    /// <summary>Page-in requests queued or being read.</summary>
    public int Outstanding => _requests.ActiveCount;

    /// <summary>Requests that have ended since boot.</summary>
    public ulong Ended => _requests.EndedCount;

    /// <summary>The next page to read (Source, Page), or null. Each must be completed.</summary>
    public PageInRequest* Take() => _requests.Take();

    /// <summary>
    /// The next page to read, if it is the one <paramref name="pages"/> behind that of a request taken before, of the same object; else
    /// null. It must be completed like any other.
    /// </summary>
    public PageInRequest* TakeNext(PageInRequest* taken, int pages) => _requests.TakeNext(taken, taken->Page + (ulong)pages);

    /// <summary>
    /// Ends a request. The pager allocated <paramref name="frame"/> with <see cref="FrameFlags.Data"/> (frame 0 if it could not) and
    /// gives it up here, whatever the status. Everybody who waited faults again.
    /// </summary>
    public void Complete(PageInRequest* request, PageInStatus status, FrameNumber frame)
    {
        bool isInstalled = false;
        if (request->Object != null && !request->IsStale && status != PageInStatus.OutOfMemory)
            isInstalled = Install(request, status, frame);
        if (frame.Value != 0 && !isInstalled)
            _frames.Release(frame);
        _requests.End(request);
    }

    /// <summary>
    /// Ends a probe: from its page on the store has nothing before <paramref name="present"/>, and everything from there to
    /// <paramref name="presentEnd"/>. Failed marks the page as <see cref="Complete"/> does.
    /// </summary>
    public void CompleteProbe(PageInRequest* request, PageInStatus status, ulong present, ulong presentEnd)
    {
        VmObject* target = request->Object;
        bool isCurrent = target != null && !request->IsStale && _tree.FindSlot(target, request->Page) != null;
        if (isCurrent && status == PageInStatus.Failed)
        {
            _ = Install(request, status, default);
        }
        else if (isCurrent)
        {
            _tree.LearnHole(target, request->Page, present);
            _tree.LearnStored(target, present, presentEnd);
        }
        _requests.End(request);
    }

    private bool Install(PageInRequest* request, PageInStatus status, FrameNumber frame)
    {
        VmObject* target = request->Object;
        ulong* slot = _tree.FindSlot(target, request->Page);
        // The page may have been overwritten, cut off or discarded meanwhile: then what was read is old.
        if (slot == null || !Slot.IsStored(*slot, request->Page, target->StoredLimit))
            return false;
        if (status == PageInStatus.Hole)
        {
            *slot = Slot.Hole;
            target->CountedPages = 0;
            return false;
        }
        if (status == PageInStatus.Failed || frame.Value == 0)
        {
            *slot = Slot.Bad;
            ReportLostPage(request);
            return false;
        }
        if (IsOfBase(target, request->Page, *slot))
            frame = ShareBase(request, frame);
        *slot = Slot.Of(frame);
        return true;
    }

    // Who has read it before has it for all: then what was read now is not needed. A reference of the caller's either way.
    private FrameNumber ShareBase(PageInRequest* request, FrameNumber frame)
    {
        VmObject* target = request->Object;
        FrameNumber known = _bases.HoldFor(target->Header.Group, target->StoreSource, request->Page);
        if (known.Value == 0)
        {
            _bases.KeepFor(target->Header.Group, target->StoreSource, request->Page, frame);
            return frame;
        }
        _frames.Release(frame);
        return known;
    }

    private static void ReportLostPage(PageInRequest* request)
    {
        Span<byte> buffer = stackalloc byte[128];
        var line = new Utf8Writer(buffer);
        line.Append("memory: the store could not deliver page "u8);
        line.AppendDecimal(request->Page);
        line.Append(" of object "u8);
        line.AppendDecimal(request->Source.Value);
        line.Append("; accesses to it get a bus error"u8);
        KernelLog.Line(line.Written);
    }

    /// <summary>
    /// The slot of a page that is about to be shown: with its frame, if the store has the page as it was when the group began and another
    /// that began with the same state has read it; otherwise as it was. The next pages come with it. That of a clock object is made.
    /// </summary>
    internal ulong Find(VmObject* target, ulong page, ulong slot)
    {
        if (target->IsClock)
            return Slot.IsResident(slot) ? slot : _clocks.Make(target, page);
        FrameNumber frame = HoldBase(target, page, slot);
        if (frame.Value == 0)
            return slot;
        ulong* own = _tree.RefineSlot(target, page);
        if (own == null)
        {
            _frames.Release(frame);
            return slot;
        }
        *own = Slot.Of(frame);
        for (ulong next = page + 1; next < EndOfGroup(target, page); next++)
        {
            ulong* slotOfNext = _tree.FindSlot(target, next);
            frame = slotOfNext == null ? default : HoldBase(target, next, *slotOfNext);
            if (frame.Value != 0)
                *slotOfNext = Slot.Of(frame);
        }
        return *own;
    }

    /// <summary>
    /// The frame of a page that was asked for, if another group that began with the same state has read it meanwhile, with a reference for
    /// the caller; else 0.
    /// </summary>
    public FrameNumber HoldBase(PageInRequest* request)
    {
        VmObject* target = request->Object;
        ulong* slot = target == null || request->IsStale ? null : _tree.FindSlot(target, request->Page);
        return slot == null ? default : HoldBase(target, request->Page, *slot);
    }

    private FrameNumber HoldBase(VmObject* target, ulong page, ulong slot)
        => IsOfBase(target, page, slot) ? _bases.HoldFor(target->Header.Group, target->StoreSource, page) : default;

    // The store has the page as it was when the group began. Nothing of an ephemeral group is ever written. Of others what is written is in
    // memory first, and has another slot ever after, unless the object comes from the store again, or a node of it does.
    private static bool IsOfBase(VmObject* target, ulong page, ulong slot)
        => Slot.IsStored(slot, page, target->StoredLimit)
            && (TrackedObjects.IsEphemeral(&target->Header) || (slot == Slot.InStore && target->IsAsRestored && target->StoreBase.IsNone));

    // The page's slot (InStore or Bad) stands in the way of an access.
    internal MemoryStatus Start(VmObject* target, ulong page, ulong slot, out WaitQueue* wait)
    {
        wait = null;
        if ((slot & Slot.Bad) != 0)
            return MemoryStatus.BusError;
        if (target->IsClock)
            return _shortage.NoFrame(out wait);
        if (_shortage.IsExhausted && !_frames.MayTake(1, FramePriority.PageIn))
            return MemoryStatus.OutOfMemory;
        if (_tree.RefineSlot(target, page) == null)
            return _shortage.NoFrame(out wait);
        bool isNew = !_requests.IsRequested(target, page);
        PageInRequest* request = _requests.Request(target, page);
        wait = request != null ? &request->Waiters : _requests.Room;
        if (request != null && isNew && target->Region != null && target->Region->GivenUp != 0)
            ReadGivenUp(target, page);
        else if (request != null && isNew)
            ReadAhead(target, page);
        return MemoryStatus.WouldBlock;
    }

    // Whether the store has the page, and what follows it: the answer is in the tree when the wait is over.
    internal MemoryStatus Ask(VmObject* target, ulong page, out WaitQueue* wait)
    {
        wait = null;
        if (_tree.RefineSlot(target, page) == null)
            return _shortage.NoFrame(out wait);
        PageInRequest* request = _requests.Request(target, page, isProbe: true);
        wait = request != null ? &request->Waiters : _requests.Room;
        return MemoryStatus.WouldBlock;
    }

    // While the table is not busy.
    private void ReadAhead(VmObject* target, ulong page)
    {
        bool goesOn = page == target->AheadEnd && page != 0 && _frames.FreeFrames > _shortage.EnoughFrames;
        target->AheadPages = (byte)(goesOn ? Math.Min(target->AheadPages * 2, MostAheadPages) : ReadAheadPages);
        ulong end = goesOn ? Math.Min(page + target->AheadPages, target->SizePages) : EndOfGroup(target, page);
        ulong next = page + 1;
        for (; next < end && _requests.HasRoomToSpare; next++)
        {
            // A group lies within one leaf, which RefineSlot has just made to exist unless the tree is a single page. What is longer ends
            // with that leaf.
            ulong* slot = _tree.FindSlot(target, next);
            if (slot == null)
                break;
            FrameNumber frame = HoldBase(target, next, *slot);
            if (frame.Value != 0)
                *slot = Slot.Of(frame);
            else if (Slot.IsStored(*slot, next, target->StoredLimit))
                _requests.Request(target, next);
        }
        target->AheadEnd = next;
    }

    // What was given up together was in use, wherever it lies: with one of those pages the next ones of its leaf are asked for.
    private void ReadGivenUp(VmObject* target, ulong page)
    {
        Region* region = target->Region;
        region->GivenUp--;
        ulong end = Math.Min((page | (ulong)(RadixTree.FanOut - 1)) + 1, target->SizePages);
        ulong* slot = _tree.FindSlot(target, page);
        int left = MostAheadPages;
        for (ulong next = page + 1; next < end && left > 0 && region->GivenUp != 0 && _requests.HasRoomToSpare; next++)
        {
            slot = _tree.FindSlot(target, next, slot, next - 1);
            if (slot == null)
                break;
            if (*slot != Slot.Evicted || _requests.IsRequested(target, next))
                continue;
            _requests.Request(target, next);
            region->GivenUp--;
            left--;
        }
    }

    private static ulong EndOfGroup(VmObject* target, ulong page) => Math.Min((page | (ReadAheadPages - 1)) + 1, target->SizePages);
}
