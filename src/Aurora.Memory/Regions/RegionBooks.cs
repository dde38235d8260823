// Which page of a region is in which thread's list. A fault makes room first (MayDirty), then appends (Append), then says through which
// entry the page is shown writable (Shown); only the first can fail for want of memory. Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The lists of dirty pages of regions.</summary>
internal sealed unsafe class RegionBooks(MemoryState state, FiberScheduler fibers)
{
    private const ulong ShareOfLeft = 2;

    private readonly RegionState _regions = state.Regions;
    private readonly PageTables _tables = state.Tables;
    private readonly FramePool _frames = state.Frames;

    /// <summary>
    /// Whether one more page of a region may become dirty: Ok, WouldBlock until something has landed or been given up, or BusError when
    /// nothing is on its way. A region may owe at most twice what is left for all (Choudhury and Hahne, see UserAccounts), so that none can
    /// take all: alone two thirds, two of them two fifths each.
    /// </summary>
    public MemoryStatus MayDirty(Region* region, ulong slot, out WaitQueue* wait)
    {
        wait = null;
        if (region->IsStill)
        {
            wait = _regions.Room;
            return MemoryStatus.WouldBlock;
        }
        ulong left = _regions.MostOwed - Math.Min(_regions.MostOwed, _regions.Owed);
        if ((slot & Slot.Dirty) != 0 || region->DirtyPages + region->FlyingPages < ShareOfLeft * left)
            return MemoryStatus.Ok;
        if (_regions.Flying == 0)
            return MemoryStatus.BusError;
        wait = _regions.Room;
        return MemoryStatus.WouldBlock;
    }

    /// <summary>Enters a clean page in the list of whoever stores now; false when out of memory.</summary>
    public bool Append(Region* region, ulong page)
    {
        RegionList* list = Find(region, _regions.Writer);
        list = list != null ? list : Begin(region, _regions.Writer);
        if (list == null || !HasRoom(list))
            return false;
        RegionChunk* chunk = list->Last;
        *RegionChunk.At(chunk, chunk->Count++) = new RegionPage { Page = page };
        list->Pages++;
        region->DirtyPages++;
        _regions.Owed++;
        if (region->DirtyPages == 1)
            NoteState(region);
        return true;
    }

    /// <summary>
    /// A dirty page is shown writable through an entry: kept with the page, if that was entered last and has none yet. Otherwise its frame
    /// says that there is one more.
    /// </summary>
    public void Shown(Region* region, ulong page, FrameNumber frame, ulong* entry)
    {
        RegionList* list = Find(region, _regions.Writer);
        RegionChunk* chunk = list == null ? null : list->Last;
        RegionPage* last = chunk == null ? null : RegionChunk.At(chunk, chunk->Count - 1);
        bool isNew = last != null && last->Page == page && last->Entry == null;
        if (isNew && state.Seeded.Has(SeededMemoryFaults.LostProtectEntry))
            return;
        if (isNew)
        {
            last->Entry = entry;
            _tables.HoldTable(entry);
        }
        else if (last == null || last->Page != page || last->Entry != entry)
        {
            _frames.InfoOf(frame)->Flags |= FrameFlags.Shown;
        }
    }

    /// <summary>Nothing shows a region any more.</summary>
    public void NoteUnmapped() => fibers.WakeOne(_regions.Work);

    /// <summary>What is captured of the mappings of a region has changed.</summary>
    public void NoteState(Region* region)
    {
        for (Mapping* mapping = region->Object->FirstMapping; mapping != null; mapping = mapping->NextOfObject)
            state.TrackerOf(&mapping->Header).MarkChanged(&mapping->Header);
    }

    /// <summary>The list of a thread for a region, or null.</summary>
    public static RegionList* Find(Region* region, RegionWriter* writer)
    {
        RegionList* list = writer->First;
        while (list != null && list->Region != region)
            list = list->NextOfWriter;
        return list;
    }

    /// <summary>A thread ends, or has another program: what it has made dirty is nobody's.</summary>
    public void EndWriter(RegionWriter* writer)
    {
        for (RegionList* list = writer->First; list != null;)
        {
            RegionList* next = list->NextOfWriter;
            list->Writer = null;
            list->NextOfWriter = null;
            FreeIfIdle(list);
            list = next;
        }
        writer->First = null;
        if (_regions.Writer == writer)
            _regions.Writer = _regions.Nobody;
    }

    /// <summary>Frees a list that nobody will write to and nothing is in flight of.</summary>
    public void FreeIfIdle(RegionList* list)
    {
        if (list->Writer != null || !list->IsIdle)
            return;
        RegionList** link = &list->Region->FirstList;
        while (*link != list)
            link = &(*link)->NextOfRegion;
        *link = list->NextOfRegion;
        _regions.Lists.Free(list);
    }

    /// <summary>Takes a list from its thread, for a region that ends.</summary>
    public static void TakeFromWriter(RegionList* list)
    {
        if (list->Writer == null)
            return;
        RegionList** link = &list->Writer->First;
        while (*link != list)
            link = &(*link)->NextOfWriter;
        *link = list->NextOfWriter;
        list->NextOfWriter = null;
        list->Writer = null;
    }

    private RegionList* Begin(Region* region, RegionWriter* writer)
    {
        RegionList* list = _regions.Lists.Allocate();
        if (list == null)
            return null;
        list->Region = region;
        list->Writer = writer;
        list->NextOfWriter = writer->First;
        writer->First = list;
        list->NextOfRegion = region->FirstList;
        region->FirstList = list;
        return list;
    }

    private bool HasRoom(RegionList* list)
    {
        if (list->Last != null && list->Last->Count < RegionChunk.Capacity)
            return true;
        RegionChunk* chunk = _regions.Chunks.Allocate();
        if (chunk == null)
            return false;
        chunk->List = list;
        if (list->Last != null)
            list->Last->Next = chunk;
        else
            list->First = chunk;
        list->Last = chunk;
        return true;
    }
}
