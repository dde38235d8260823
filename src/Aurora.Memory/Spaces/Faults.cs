// Page faults. A read fault maps the frame read-only (a hole shows the shared zero page) and, where it costs nothing, its resident
// neighbours. A write fault is the only place that ever sets a write bit: the page is made exclusive and dirty first, and the entry goes
// on the object's protect list, unless its group is ephemeral; of a region into the list of the thread (RegionBooks). (WriteAround does
// the same to its neighbours.) Everything that can fail comes before anything that can be seen.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Resolves page faults.</summary>
public sealed unsafe class Faults
{
    private const ulong FaultAroundPages = 16;

    private readonly FramePool _frames;
    private readonly PageTables _tables;
    private readonly ChangeLog _log;
    private readonly Overlays _overlays;
    private readonly ObjectPages _pages;
    private readonly PageIns _pageIns;
    private readonly FrameShortage _shortage;
    private readonly Windows _windows;
    private readonly WriteAround _around;
    private readonly RegionBooks _books;
    private readonly TlbControl _tlb;
    private readonly FrameNumber _zeroFrame;

    internal Faults(
        MemoryState state, Overlays overlays, ObjectPages pages, PageIns pageIns, FrameShortage shortage, Windows windows,
        WriteAround around, RegionBooks books, TlbControl tlb)
    {
        _books = books;
        _frames = state.Frames;
        _tables = state.Tables;
        _log = state.Log;
        _overlays = overlays;
        _pages = pages;
        _pageIns = pageIns;
        _shortage = shortage;
        _windows = windows;
        _around = around;
        _tlb = tlb;
        _zeroFrame = state.ZeroFrame;
    }

    /// <summary>
    /// Resolves a fault of a program, or of the kernel on its behalf: Ok (run on), NotMapped or AccessDenied (SIGSEGV with MAPERR or
    /// ACCERR), BusError, WouldBlock (sleep on Wait, then fault again), OutOfMemory.
    /// </summary>
    public FaultResult Handle(AddressSpace* space, VirtualAddress address, FaultAccess access)
    {
        FaultResult result = default;
        Mapping* mapping = null;
        result.Status = address.Value < AddressSpace.UserEnd
            ? FindOrGrow(space, address.PageStart, out mapping, out result.Wait)
            : MemoryStatus.NotMapped;
        if (result.Status != MemoryStatus.Ok)
            return result;
        if (!Allows(mapping->Protection, access))
        {
            result.Status = MemoryStatus.AccessDenied;
            return result;
        }
        space->Faults++;
        result.Status = access == FaultAccess.Write
            ? FaultForWrite(mapping, address.PageStart, out result.Wait)
            : FaultForRead(mapping, address.PageStart, out result.Wait);
        return result;
    }

    private static bool Allows(Protection protection, FaultAccess access) => access switch
    {
        FaultAccess.Write => (protection & Protection.Write) != 0,
        FaultAccess.Execute => (protection & Protection.Execute) != 0,
        // x86 cannot forbid reading what may be written or executed.
        _ => protection != Protection.None,
    };

    private MemoryStatus FaultForRead(Mapping* mapping, VirtualAddress address, out WaitQueue* wait)
    {
        wait = null;
        ulong page = mapping->PageAt(address);
        if (page >= Overlays.EndOf(mapping->Object))
            return MemoryStatus.BusError;
        VmObject* shown = _overlays.Shown(mapping->Object, page, out ulong slot);
        slot = _pageIns.Find(shown, page, slot);
        bool isResident = Slot.IsResident(slot);
        if (!isResident && !Slot.IsHole(slot))
            return _pageIns.Start(shown, page, slot, out wait);
        ulong* entry = _tables.FindOrCreate(mapping->Space->Root, address);
        if (entry == null)
            return _shortage.NoFrame(out wait);
        Show(mapping, address, entry, isResident ? Slot.FrameOf(slot) : _zeroFrame);
        if (!isResident)
            return MemoryStatus.Ok;
        _frames.NoteUse(Slot.FrameOf(slot));
        FaultAround(mapping, address, entry);
        return MemoryStatus.Ok;
    }

    // Enters a read-only translation. An entry that already shows the frame keeps its write bit: the fault was about something else.
    private void Show(Mapping* mapping, VirtualAddress address, ulong* entry, FrameNumber frame)
    {
        ulong value = PageEntry.ReadOnly(frame, (mapping->Protection & Protection.Execute) != 0);
        ulong old = *entry;
        if (old != 0 && PageEntry.FrameOf(old) == frame)
            value |= old & (PageEntry.Writable | PageEntry.Dirty | PageEntry.Opened);
        if (old == 0)
            mapping->Space->ResidentPages++;
        _tables.Set(entry, value);
        if (old != 0)
            _tlb.InvalidatePage(mapping->Space->Root, address);
    }

    // Maps resident neighbours within one aligned group: same leaf, same page table, no allocation. Idle ones have to be touched
    // themselves.
    private void FaultAround(Mapping* mapping, VirtualAddress address, ulong* entry)
    {
        ulong number = address.Value >> PageSize.Shift;
        ulong groupStart = number & ~(FaultAroundPages - 1);
        ulong first = mapping->Start.Value >> PageSize.Shift;
        ulong end = first + mapping->Pages;
        if (first < groupStart)
            first = groupStart;
        if (end > groupStart + FaultAroundPages)
            end = groupStart + FaultAroundPages;
        for (ulong next = first; next < end; next++)
        {
            ulong* neighbour = entry + (long)(next - number);
            VirtualAddress neighbourAddress = new(next << PageSize.Shift);
            ulong page = mapping->PageAt(neighbourAddress);
            if (*neighbour != 0 || page >= Overlays.EndOf(mapping->Object))
                continue;
            _overlays.Shown(mapping->Object, page, out ulong slot);
            bool isInUse = Slot.IsResident(slot) && (_frames.InfoOf(Slot.FrameOf(slot))->Flags & FrameFlags.Idle) == 0;
            if (isInUse)
                Show(mapping, neighbourAddress, neighbour, Slot.FrameOf(slot));
        }
    }

    private MemoryStatus FaultForWrite(Mapping* mapping, VirtualAddress address, out WaitQueue* wait)
    {
        VmObject* target = mapping->Object;
        AddressSpace* space = mapping->Space;
        ulong* entry = _tables.FindOrCreate(space->Root, address);
        if (entry == null)
            return _shortage.NoFrame(out wait);
        bool isShared = *entry != 0 && _frames.InfoOf(PageEntry.FrameOf(*entry))->References > 1;
        MemoryStatus status = _pages.MakeWritable(target, mapping->PageAt(address), overwrite: false, out FrameNumber frame, out wait);
        if (status != MemoryStatus.Ok)
            return status;
        ulong old = *entry;
        bool isListed = ((old & PageEntry.Writable) != 0 && PageEntry.FrameOf(old) == frame) || TrackedObjects.IsEphemeral(&target->Header);
        if (!isListed)
        {
            if (!_log.ReserveProtect(target))
                return _shortage.NoFrame(out wait);
            _log.AppendProtect(target, entry);
        }
        if (old == 0)
            space->ResidentPages++;
        bool isExecutable = (mapping->Protection & Protection.Execute) != 0;
        _tables.Set(entry, PageEntry.ReadOnly(frame, isExecutable) | PageEntry.Writable | PageEntry.Dirty);
        _tlb.InvalidatePage(space->Root, address);
        if (target->Region != null)
            _books.Shown(target->Region, mapping->PageAt(address), frame, entry);
        else if (!isShared)
            _around.Open(mapping, address, entry, frame);
        return MemoryStatus.Ok;
    }

    // The mapping of an address; a stack below which the address lies grows to contain it, if its limit and the gap allow.
    private MemoryStatus FindOrGrow(AddressSpace* space, VirtualAddress page, out Mapping* mapping, out WaitQueue* wait)
    {
        wait = null;
        mapping = MappingTable.Find(space, page);
        if (mapping != null)
            return MemoryStatus.Ok;
        int index = MappingTable.FirstEndingAfter(space, page.Value);
        if (index == space->Count)
            return MemoryStatus.NotMapped;
        Mapping* stack = space->Table[index];
        if ((stack->Flags & MappingFlags.GrowsDown) == 0)
            return MemoryStatus.NotMapped;
        ulong grow = (stack->Start - page) >> PageSize.Shift;
        ulong below = index == 0 ? AddressSpace.UserStart : space->Table[index - 1]->End.Value;
        bool fits = (stack->Pages + grow) << PageSize.Shift <= space->Limits.StackBytes
            && page.Value >= below + (FreeRanges.StackGuardPages << PageSize.Shift)
            && AddressRanges.IsWithinLimit(space, grow);
        return fits ? _windows.GrowDown(stack, grow, out mapping, out wait) : MemoryStatus.NotMapped;
    }
}
