// Expensive checks for debug builds and tests: they walk everything that is mapped.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Checks what holds between any two operations (see <see cref="MemoryManager"/>).</summary>
public sealed unsafe class MemoryVerifier
{
    private readonly MemoryState _state;
    private readonly FramePool _frames;
    private readonly PageTables _tables;
    private readonly RadixTree _tree;
    private readonly Overlays _overlays;
    private readonly ObjectPages _pages;
    private readonly ObjectHoles _holes;

    internal MemoryVerifier(MemoryState state, Overlays overlays, ObjectPages pages, ObjectHoles holes)
    {
        _state = state;
        _frames = state.Frames;
        _tables = state.Tables;
        _tree = state.Tree;
        _overlays = overlays;
        _pages = pages;
        _holes = holes;
    }

    /// <summary>
    /// Panics unless every page-table entry shows what its object says, and every writable one shows an exclusive, dirty frame that no
    /// epoch has in flight.
    /// </summary>
    public void VerifyAll()
    {
        for (uint index = 0; index < _state.Mappings.IndexBound; index++)
        {
            Mapping* mapping = _state.Mappings.LiveAt(index);
            if (mapping != null && mapping->Space != null)
                VerifyMapping(mapping);
        }
        for (uint index = 0; index < _state.Objects.IndexBound; index++)
        {
            VmObject* target = _state.Objects.LiveAt(index);
            if (target != null)
            {
                VerifyWriters(target);
                VerifyCount(target);
                if (target->Region != null)
                    VerifyRegion(target);
            }
        }
    }

    // A page of a region is dirty exactly if one list has it.
    private void VerifyRegion(VmObject* target)
    {
        ulong listed = 0;
        for (RegionList* list = target->Region->FirstList; list != null; list = list->NextOfRegion)
        {
            for (RegionChunk* chunk = list->First; chunk != null; chunk = chunk->Next)
            {
                for (int index = 0; index < chunk->Count; index++)
                {
                    ulong slot = _tree.Lookup(target, RegionChunk.At(chunk, index)->Page);
                    Panic.Unless((slot & Slot.Dirty) != 0, "memory: a list has a page of a region that is not dirty"u8);
                    listed++;
                }
            }
        }
        Panic.Unless(listed == target->Region->DirtyPages && listed == CountDirty(target), "memory: a page of a region is in two lists"u8);
    }

    private ulong CountDirty(VmObject* target)
    {
        ulong page = 0;
        ulong count = 0;
        for (ulong* leaf; (leaf = _tree.NextLeaf(target, ref page)) != null; page += RadixTree.FanOut)
        {
            for (int index = 0; index < (int)RadixTree.SlotsFrom(target, page); index++)
                count += (leaf[index] & Slot.Dirty) != 0 ? 1UL : 0;
        }
        return count;
    }

    private static void VerifyWriters(VmObject* target)
    {
        int writers = 0;
        for (Mapping* mapping = target->FirstMapping; mapping != null; mapping = mapping->NextOfObject)
            writers += mapping->IsSharedWriter ? 1 : 0;
        Panic.Unless(target->SharedWriters == writers, "memory: shared mappings of an object are counted wrongly"u8);
    }

    // What was learnt of holes in nodes that objects share shows only in the count of the one it was learnt for: others may count more.
    private void VerifyCount(VmObject* target)
    {
        ulong known = _holes.CountPages(target);
        ulong counted = _tree.CountUsed(target, target->SizePages, ObjectHoles.MostCounted);
        bool mayLearn = target->StoredLimit != 0 || target->IsCaptured || !target->StoreBase.IsNone;
        Panic.Unless(known == counted || (known > counted && mayLearn), "memory: the pages of an object are counted wrongly"u8);
    }

    private void VerifyMapping(Mapping* mapping)
    {
        for (ulong page = 0; page < mapping->Pages; page++)
        {
            VirtualAddress address = mapping->Start + (page << PageSize.Shift);
            ulong* entry = _tables.Find(mapping->Space->Root, address);
            if (entry == null)
                page |= RadixTree.FanOut - 1;
            else if (*entry != 0)
                VerifyEntry(mapping, mapping->PageOffset + page, *entry);
        }
    }

    private void VerifyEntry(Mapping* mapping, ulong page, ulong entry)
    {
        VmObject* shown = _overlays.Shown(mapping->Object, page, out ulong slot);
        FrameNumber frame = PageEntry.FrameOf(entry);
        FrameNumber expected = Slot.IsResident(slot) ? Slot.FrameOf(slot) : _state.ZeroFrame;
        Panic.Unless(frame == expected && page < Overlays.EndOf(mapping->Object),
            "memory: an entry shows a frame its object does not hold"u8);
        Panic.Unless(!_frames.InfoOf(frame)->IsFree, "memory: an entry shows a free frame"u8);
        if ((entry & PageEntry.Writable) == 0)
            return;
        Panic.Unless(_frames.InfoOf(frame)->InFlight == 0, "memory: a frozen frame is writable"u8);
        Panic.Unless(shown == mapping->Object && (slot & Slot.Dirty) != 0 && _pages.IsExclusive(frame),
            "memory: a writable entry shows a clean or shared frame"u8);
        Panic.Unless((mapping->Protection & Protection.Write) != 0, "memory: a writable entry in a read-only mapping"u8);
    }
}
