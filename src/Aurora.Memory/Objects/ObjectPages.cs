// One page of one object, for the kernel and for user faults alike. MakeWritable is the only place that decides whether a store may go
// to a frame in place: the frame must belong to this object alone and not be on its way to the disk. Otherwise it is copied, and the old
// frame stays with whoever else holds it (the clone, or the flush, which frees it).
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The pages of objects as the kernel reads and writes them, and where a store may go.</summary>
public sealed unsafe class ObjectPages
{
    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly ChangeLog _log;
    private readonly Overlays _overlays;
    private readonly ReverseMap _reverse;
    private readonly PageIns _pageIns;
    private readonly FrameShortage _shortage;
    private readonly RegionBooks _books;
    private readonly FrameNumber _zeroFrame;
    private readonly SeededMemoryFaults _seeded;

    internal ObjectPages(
        MemoryState state, Overlays overlays, ReverseMap reverse, PageIns pageIns, FrameShortage shortage, RegionBooks books)
    {
        _books = books;
        _frames = state.Frames;
        _tree = state.Tree;
        _log = state.Log;
        _overlays = overlays;
        _reverse = reverse;
        _pageIns = pageIns;
        _shortage = shortage;
        _zeroFrame = state.ZeroFrame;
        _seeded = state.Seeded;
    }

    /// <summary>From this page on there is nothing to read: accesses are bus errors.</summary>
    public static ulong EndOf(VmObject* target) => Overlays.EndOf(target);

    /// <summary>
    /// A page's contents, valid until the kernel next sleeps. Ok, WouldBlock, OutOfMemory, or BusError beyond the end and for pages the
    /// store could not deliver.
    /// </summary>
    public PageAccess GetForRead(VmObject* target, ulong page)
    {
        if (page >= Overlays.EndOf(target))
            return new PageAccess { Status = MemoryStatus.BusError };
        VmObject* shown = _overlays.Shown(target, page, out ulong slot);
        slot = _pageIns.Find(shown, page, slot);
        PageAccess access = default;
        if (Slot.IsResident(slot))
        {
            _frames.NoteUse(Slot.FrameOf(slot));
            access.Address = _frames.AddressOf(Slot.FrameOf(slot));
        }
        else if (Slot.IsHole(slot))
            access.Address = _frames.AddressOf(_zeroFrame);
        else
            access.Status = _pageIns.Start(shown, page, slot, out access.Wait);
        return access;
    }

    /// <summary>
    /// A page to store into, tracked and copied as a user's store would be; valid until the kernel next sleeps. With
    /// <paramref name="overwrite"/> nothing is read in, copied or cleared: the caller writes all 4096 bytes before anything else
    /// happens, since what is there may be another program's. Results as GetForRead.
    /// </summary>
    public PageAccess GetForWrite(VmObject* target, ulong page, bool overwrite)
    {
        PageAccess access = default;
        access.Status = MakeWritable(target, page, overwrite, out FrameNumber frame, out access.Wait);
        if (access.Status == MemoryStatus.Ok)
            access.Address = _frames.AddressOf(frame);
        return access;
    }

    /// <summary>Zeroes a page from a byte on: for the last page of a file that ends inside it. A page that is all hole stays one.</summary>
    public PageAccess ZeroTail(VmObject* target, ulong page, int fromByte)
    {
        if (page >= target->SizePages || Slot.IsHole(_tree.Lookup(target, page)))
            return default;
        PageAccess access = GetForWrite(target, page, overwrite: false);
        if (access.IsOk)
            new System.Span<byte>(access.Address + fromByte, PageSize.Bytes - fromByte).Clear();
        return access;
    }

    /// <summary>True if an access to the page for reading would not wait: it is in memory or known to be zero.</summary>
    public bool IsReady(VmObject* target, ulong page) =>
        page >= target->SizePages || (_tree.Lookup(target, page) & Slot.InStore) == 0;

    internal MemoryStatus MakeWritable(VmObject* target, ulong page, bool overwrite, out FrameNumber frame, out WaitQueue* wait)
    {
        frame = default;
        wait = null;
        if (page >= Overlays.EndOf(target))
            return MemoryStatus.BusError;
        VmObject* shown = _overlays.Shown(target, page, out ulong value);
        value = overwrite ? value : _pageIns.Find(shown, page, value);
        bool isResident = Slot.IsResident(value);
        if (!isResident && !overwrite && !Slot.IsHole(value))
            return _pageIns.Start(shown, page, value, out wait);
        MemoryStatus mayDirty = target->Region == null ? MemoryStatus.Ok : _books.MayDirty(target->Region, value, out wait);
        if (mayDirty != MemoryStatus.Ok)
            return mayDirty;
        ulong* slot = _tree.PrivateSlot(target, page);
        if (slot == null)
            return _shortage.NoFrame(out wait);
        if (isResident && shown == target && IsExclusive(Slot.FrameOf(value)))
        {
            frame = Slot.FrameOf(value);
            _frames.InfoOf(frame)->Flags &= ~(FrameFlags.Idle | FrameFlags.Opened);
            if (!MarkDirty(target, page, slot))
                return _shortage.NoFrame(out wait);
            Note(target, frame);
            return MemoryStatus.Ok;
        }
        FrameNumber copy = _frames.Allocate(FrameFlags.Data);
        if (copy.Value == 0)
            return _shortage.NoFrame(out wait);
        if (!MarkDirty(target, page, slot))
        {
            _frames.Release(copy);
            return _shortage.NoFrame(out wait);
        }
        if (!overwrite)
            FillFrame(copy, isResident ? Slot.FrameOf(value) : default);
        if (isResident)
            _frames.InfoOf(copy)->Tag = _frames.InfoOf(Slot.FrameOf(value))->Tag;
        _reverse.UnmapPage(target, page);
        Replace(slot, copy);
        Note(target, copy);
        frame = copy;
        return MemoryStatus.Ok;
    }

    /// <summary>
    /// Readies a clean page in memory for stores that are likely to come, as <see cref="MakeWritable"/> does for one that has; false
    /// when that would cost what others need more. The slot is private. With <paramref name="isAlone"/> one entry at most shows the page,
    /// which the caller will set.
    /// </summary>
    internal bool Open(VmObject* target, ulong page, ulong* slot, bool isAlone, out FrameNumber frame)
    {
        FrameNumber old = frame = Slot.FrameOf(*slot);
        FrameInfo* info = _frames.InfoOf(frame);
        if (info->References != 1 || (info->Flags & FrameFlags.Unsaved) != 0)
            return false;
        if (!IsExclusive(frame))
            frame = _frames.FreeFrames > _frames.TotalFrames / 16 ? _frames.Allocate(FrameFlags.Data) : default;
        if (frame.Value == 0)
            return false;
        if (!MarkDirty(target, page, slot))
        {
            if (frame != old)
                _frames.Release(frame);
            return false;
        }
        if (frame != old)
        {
            FillFrame(frame, old);
            _frames.InfoOf(frame)->Tag = info->Tag;
            if (!isAlone)
                _reverse.UnmapPage(target, page);
            Replace(slot, frame);
        }
        OpenedPages.Begin(target->Changes, _frames.InfoOf(frame));
        return true;
    }

    internal bool IsExclusive(FrameNumber frame)
    {
        FrameInfo* info = _frames.InfoOf(frame);
        return info->References == 1 && (info->InFlight == 0 || _seeded.Has(SeededMemoryFaults.WrittenInFlight));
    }

    private void FillFrame(FrameNumber frame, FrameNumber from)
    {
        byte* to = _frames.AddressOf(frame);
        if (from.Value != 0)
            PageContents.Copy(to, _frames.AddressOf(from));
        else
            PageContents.Clear(to);
    }

    // Puts another frame into a private, dirty slot. Nobody sees the old one through this object from when the caller returns on.
    private void Replace(ulong* slot, FrameNumber frame)
    {
        ulong old = *slot;
        *slot = Slot.Of(frame) | Slot.Dirty;
        if (Slot.IsResident(old))
            _frames.Release(Slot.FrameOf(old));
    }

    private void Note(VmObject* target, FrameNumber frame)
    {
        if (TrackedObjects.IsEphemeral(&target->Header) && target->Region == null)
            _frames.NoteEphemeral(frame);
    }

    // Enters the page in the object's dirty list unless it is there; false when out of memory. The slot is private. In an ephemeral group
    // the mark alone does: it says that the store does not have the page. Of a region the list is that of the thread which stores.
    internal bool MarkDirty(VmObject* target, ulong page, ulong* slot)
    {
        bool isRegion = target->Region != null;
        if ((*slot & Slot.Dirty) != 0)
            return !isRegion || !_seeded.Has(SeededMemoryFaults.TwoLists) || _books.Append(target->Region, page);
        if (isRegion && !_books.Append(target->Region, page))
            return false;
        if (isRegion)
        {
            *slot |= Slot.Dirty;
            return true;
        }
        if (TrackedObjects.IsEphemeral(&target->Header))
        {
            *slot |= Slot.Dirty;
            TrackedObjects.NoteContents(&target->Header);
            return true;
        }
        if (!_log.ReserveDirty(target))
            return false;
        ChangeLog.AppendDirty(target, page);
        *slot |= Slot.Dirty;
        return true;
    }
}
