// A program that stores again to a page that the last freeze has taken is likely to store again to others that it has taken, near that
// one. The fault that shows the first opens them all: each is made exclusive, entered in the dirty list and mapped writable, which costs
// a fraction of a fault. Whether a program really stores to them the CPU tells (OpenedPages); one that is left alone is not in the next
// epoch, and is not opened again before it has faulted. Nothing of this can fail: what there is no room for is left to its own fault, and
// so is what shares its frame with others: after a fork most stores are to pages that nobody will store to a second time.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Opens pages around one that is written again.</summary>
internal sealed unsafe class WriteAround(MemoryState state, ObjectPages pages, TlbControl tlb, in MemoryOptions options)
{
    private readonly FramePool _frames = state.Frames;
    private readonly PageTables _tables = state.Tables;
    private readonly RadixTree _tree = state.Tree;
    private readonly ChangeLog _log = state.Log;
    private readonly ObjectPages _pages = pages;
    private readonly TlbControl _tlb = tlb;
    private readonly ulong _most = options.WriteAroundPages;

    /// <summary>
    /// A store has made a page writable: opens those in the aligned group around it that are as hot as it is. The group lies within one
    /// leaf of the tree and one page table.
    /// </summary>
    public void Open(Mapping* mapping, VirtualAddress address, ulong* entry, FrameNumber frame)
    {
        // No freeze ever takes a page of an ephemeral group: what a frame tells is of the group it was made from.
        if (TrackedObjects.IsEphemeral(&mapping->Object->Header))
            return;
        uint freezes = _log.GroupAt(mapping->Object->Header.Group)->Freezes;
        if (!HotPages.WasTaken(_frames.InfoOf(frame), freezes) || _most == 0)
            return;
        ulong page = mapping->PageAt(address);
        ulong place = (address.Value >> PageSize.Shift) & (_most - 1);
        ulong above = _most - 1 - place;
        ulong inLeaf = RadixTree.IndexInLeaf(page);
        ulong behind = RadixTree.SlotsFrom(mapping->Object, page) - 1;
        ulong inMapping = (address - mapping->Start) >> PageSize.Shift;
        long first = -(long)Least(place, inLeaf, inMapping);
        long last = (long)Least(above, behind, mapping->Pages - 1 - inMapping);
        // SAFETY: both stay within the leaf and the table; the way to the leaf is private, since its page has just been written.
        ulong* slot = _tree.FindSlot(mapping->Object, page);
        bool isAlone = ReverseMap.IsAlone(mapping);
        for (long next = first; next <= last; next++)
        {
            if (IsWorth(slot[next], freezes))
                OpenOne(mapping, address, next, slot + next, entry + next, isAlone);
        }
    }

    private static ulong Least(ulong a, ulong b, ulong c)
    {
        ulong least = a < b ? a : b;
        return least < c ? least : c;
    }

    private bool IsWorth(ulong slot, uint freezes)
    {
        if ((slot & (Slot.Resident | Slot.Dirty)) != Slot.Resident)
            return false;
        FrameInfo* info = _frames.InfoOf(Slot.FrameOf(slot));
        return info->References == 1 && HotPages.WasTaken(info, freezes);
    }

    private void OpenOne(Mapping* mapping, VirtualAddress from, long distance, ulong* slot, ulong* entry, bool isAlone)
    {
        VmObject* target = mapping->Object;
        VirtualAddress address = new(from.Value + ((ulong)distance << PageSize.Shift));
        if (!_log.ReserveProtect(target) || !_pages.Open(target, mapping->PageAt(address), slot, isAlone, out FrameNumber frame))
            return;
        _log.AppendProtect(target, entry);
        ulong old = *entry;
        if (old == 0)
            mapping->Space->ResidentPages++;
        bool isExecutable = (mapping->Protection & Protection.Execute) != 0;
        _tables.Set(entry, PageEntry.ReadOnly(frame, isExecutable) | PageEntry.Writable | PageEntry.Opened);
        if (old != 0)
            _tlb.InvalidatePage(mapping->Space->Root, address);
    }
}
