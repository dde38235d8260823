// What threads have changed of regions and is not to be persisted: an abort gives up a list, a cut the pages behind an end.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class Regions
{
    /// <summary>
    /// Gives up some of what a thread has changed of a region since its last persist, or with null of what all have; true when that was
    /// all. Nothing of the region is in flight.
    /// </summary>
    public bool AbortSome(Region* region, RegionWriter* writer)
    {
        Panic.Unless(!region->IsFlying, "memory: aborted a region in flight"u8);
        // What is being read for a page may be older than what was persisted of it since.
        if (region->Object->PageIns != 0)
            _requests.MarkStale(region->Object);
        for (int count = 0; ; count++)
        {
            RegionList* list = FirstDirty(region, writer);
            if (list == null)
                break;
            if (count == ChunksPerStep)
                return false;
            GiveUpFirst(region, list);
        }
        _books.NoteState(region);
        return true;
    }

    /// <summary>Who waits to change the region may.</summary>
    public void EndStillness(Region* region)
    {
        region->IsStill = false;
        if (!_state.Room->IsEmpty)
            _waker.WakeAll(_state.Room);
    }

    /// <summary>A region in which a thread has changed something, or null.</summary>
    public static Region* FirstDirtyOf(RegionWriter* writer)
    {
        RegionList* list = writer->First;
        while (list != null && list->Pages == 0)
            list = list->NextOfWriter;
        return list == null ? null : list->Region;
    }

    /// <summary>Sets the size of a region to what the store has already. Nothing of it is in flight.</summary>
    public void Resize(Region* region, ulong sizePages)
    {
        Panic.Unless(!region->IsFlying, "memory: resized a region in flight"u8);
        for (RegionList* list = region->FirstList; list != null && sizePages < region->Object->SizePages;)
        {
            RegionList* next = list->NextOfRegion;
            CutList(region, list, sizePages);
            _books.FreeIfIdle(list);
            list = next;
        }
        // The tree is nobody else's, and its group is not captured: nothing can be missing.
        MemoryStatus status = _objects.Resize(region->Object, sizePages);
        Panic.Unless(status == MemoryStatus.Ok, "memory: a region could not be cut"u8);
        AsStored(region);
    }

    // Its header has nothing to say that a store would have to hear.
    private void AsStored(Region* region) => _memory.TrackerOf(&region->Object->Header).ClearChanged(&region->Object->Header);

    private static RegionList* FirstDirty(Region* region, RegionWriter* writer)
    {
        if (writer != null)
        {
            RegionList* own = RegionBooks.Find(region, writer);
            return own == null || own->First == null ? null : own;
        }
        RegionList* list = region->FirstList;
        while (list != null && list->First == null)
            list = list->NextOfRegion;
        return list;
    }

    private void GiveUpFirst(Region* region, RegionList* list)
    {
        RegionChunk* chunk = list->First;
        for (int index = 0; index < chunk->Count; index++)
            GiveUp(region, RegionChunk.At(chunk, index));
        list->First = chunk->Next;
        list->Last = list->First == null ? null : list->Last;
        list->Pages -= (ulong)chunk->Count;
        _state.Owed -= (ulong)chunk->Count;
        region->DirtyPages -= (ulong)chunk->Count;
        _state.Chunks.Free(chunk);
        _books.FreeIfIdle(list);
    }

    // What the store has of the page, or that it has none, is found out when it is touched.
    private void GiveUp(Region* region, RegionPage* page)
    {
        ForgetEntry(page);
        ulong* slot = _tree.FindSlot(region->Object, page->Page);
        _reverse.UnmapPage(region->Object, page->Page);
        FrameNumber frame = Slot.FrameOf(*slot);
        *slot = Slot.Evicted;
        region->GivenUp++;
        region->Object->CountedPages = 0;
        _frames.Release(frame);
    }

    private void CutList(Region* region, RegionList* list, ulong first)
    {
        RegionChunk* previous = null;
        for (RegionChunk* chunk = list->First; chunk != null;)
        {
            RegionChunk* next = chunk->Next;
            int kept = 0;
            for (int index = 0; index < chunk->Count; index++)
            {
                RegionPage* page = RegionChunk.At(chunk, index);
                if (page->Page < first)
                    *RegionChunk.At(chunk, kept++) = *page;
                else
                    ForgetEntry(page);
            }
            ulong cut = (ulong)(chunk->Count - kept);
            chunk->Count = kept;
            list->Pages -= cut;
            region->DirtyPages -= cut;
            _state.Owed -= cut;
            if (kept == 0)
                Unlink(list, previous, chunk);
            else
                previous = chunk;
            chunk = next;
        }
    }

    private void Unlink(RegionList* list, RegionChunk* previous, RegionChunk* chunk)
    {
        if (previous == null)
            list->First = chunk->Next;
        else
            previous->Next = chunk->Next;
        if (list->Last == chunk)
            list->Last = previous;
        _state.Chunks.Free(chunk);
    }
}
