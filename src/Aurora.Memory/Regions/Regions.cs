// Persists of regions, as far as memory goes. A persist takes the pages of the caller's list, or of all lists: it takes the write bits from
// the entries that the list has stored, and through the reverse map from those of frames that are shown through more; it marks the frames
// in flight, and invalidates once. It needs no memory, so it cannot fail. From then on a store to one of these pages copies it.
//
// A flight lands when its commit is durable, or is given back: then its pages are dirty again in the lists they came from, unless they are
// dirty already, in a newer version. Those of a region land, and are given back, in any order.
//
// An abort unmaps the pages of a list and forgets them: what was persisted last is read in again. Nothing of the region is in flight then.
// Landing, giving back and aborting go in steps of a few pages. Taking does not: what is taken is of one moment.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Takes what threads have changed of regions, lets it go again, and gives it up.</summary>
public sealed unsafe partial class Regions
{
    // Chunks that land between two looks at whether it is time to give way.
    private const int ChunksPerStep = 4;

    // Of so many pages each is forgotten by itself, which leaves the others where they are; of more, all of the space is.
    private const ulong MostSinglePages = 32;

    // Where the page before was found, and the entries whose table is still held.
    private ref struct Nearby
    {
        public ulong* Slot;
        public ulong Page;
        public ulong* Entry;
        public int Holds;
    }

    private readonly MemoryState _memory;
    private readonly RegionState _state;
    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly PageTables _tables;
    private readonly VmObjects _objects;
    private readonly RegionBooks _books;
    private readonly ReverseMap _reverse;
    private readonly MemoryRestore _restore;
    private readonly PageInTable _requests;
    private readonly ThreadWaker _waker;
    private readonly TlbControl _tlb;

    internal Regions(
        MemoryState memory, VmObjects objects, RegionBooks books, ReverseMap reverse, MemoryRestore restore, ThreadWaker waker,
        TlbControl tlb)
    {
        _memory = memory;
        _state = memory.Regions;
        _frames = memory.Frames;
        _tree = memory.Tree;
        _tables = memory.Tables;
        _requests = memory.Requests;
        _objects = objects;
        _books = books;
        _reverse = reverse;
        _restore = restore;
        _waker = waker;
        _tlb = tlb;
    }

    /// <summary>Who takes regions out of memory that nothing shows sleeps here.</summary>
    public FiberQueue* Work => _state.Work;

    /// <summary>From here on what is stored to regions is this thread's.</summary>
    public void BeWriter(RegionWriter* writer) => _state.Writer = writer;

    /// <summary>A thread ends, or has another program: nobody's is what it has made dirty, until somebody persists for all.</summary>
    public void EndWriter(RegionWriter* writer) => _books.EndWriter(writer);

    /// <summary>
    /// Brings a region into memory, as it is in the store, under the id of its object; its group is ephemeral and has nothing else. False
    /// when out of memory.
    /// </summary>
    public bool Begin(Region* region, ObjectTracker group, ObjectId id, ulong sizePages)
    {
        Panic.Unless(group.IsEphemeral, "memory: a region in a group that is captured"u8);
        if (_restore.AdoptObject(group, id, sizePages, VmObjectFlags.None) != RestoreStatus.Ok)
            return false;
        region->Object = (VmObject*)group.Find(id, ObjectKind.MemoryObject);
        region->Object->Region = region;
        region->GivenUp = 0;
        _objects.Retain(region->Object);
        return true;
    }

    /// <summary>Takes a region out of memory that nothing shows, and of which nothing is in flight or dirty.</summary>
    public void End(Region* region)
    {
        Panic.Unless(!region->IsMapped && !region->IsFlying && !region->IsDirty, "memory: ended a region in use"u8);
        while (region->FirstList != null)
        {
            RegionList* list = region->FirstList;
            RegionBooks.TakeFromWriter(list);
            _books.FreeIfIdle(list);
        }
        region->Object->Region = null;
        _objects.Release(region->Object);
        region->Object = null;
    }

    /// <summary>The region that a space shows at an address, or null.</summary>
    public static Region* ShownAt(AddressSpace* space, VirtualAddress address)
    {
        Mapping* mapping = MappingTable.Find(space, address);
        return mapping == null ? null : mapping->Object->Region;
    }

    /// <summary>
    /// The next region that a space shows behind an address, which moves on to it, or null: for those of which something is dirty.
    /// </summary>
    public static Region* NextShown(AddressSpace* space, ref VirtualAddress after)
    {
        for (int index = MappingTable.FirstEndingAfter(space, after.Value); index < space->Count; index++)
        {
            after = space->Table[index]->End;
            if (space->Table[index]->Object->Region != null)
                return space->Table[index]->Object->Region;
        }
        return null;
    }

    /// <summary>How many dirty pages a thread has in a region; with null all of them.</summary>
    public static ulong DirtyPagesOf(Region* region, RegionWriter* writer)
    {
        if (writer == null)
            return region->DirtyPages;
        RegionList* list = RegionBooks.Find(region, writer);
        return list == null ? 0 : list->Pages;
    }

    /// <summary>The last persist that took pages of a thread, or with null anybody's; zero when there is none to wait for.</summary>
    public static ulong LastTakenOf(Region* region, RegionWriter* writer)
    {
        if (writer == null)
            return region->Taken;
        RegionList* list = RegionBooks.Find(region, writer);
        return list == null ? 0 : list->Taken;
    }

    /// <summary>
    /// Takes a thread's dirty pages of a region, or with null everybody's, as the persist with a number that nobody has had.
    /// </summary>
    public void Take(Region* region, RegionWriter* writer, ulong number, RegionFlight* flight)
    {
        Panic.Unless(number > region->Taken, "memory: two persists of a region with one number"u8);
        Panic.Unless(!region->IsReturning, "memory: took a part of what is being given back"u8);
        *flight = new RegionFlight { Region = region };
        RegionChunk** end = &flight->First;
        for (RegionList* list = region->FirstList; list != null; list = list->NextOfRegion)
        {
            if (writer == null || list->Writer == writer)
                end = TakeList(region, list, number, end, flight);
        }
        region->Taken = number;
        region->FlyingPages += flight->Pages;
        region->DirtyPages -= flight->Pages;
        _state.Flying += flight->Pages;
        Invalidate(flight);
        _books.NoteState(region);
    }

    /// <summary>Something else than a persist has made a new state of a region, with a number that nobody has had.</summary>
    public void NoteTaken(Region* region, ulong number)
    {
        Panic.Unless(number > region->Taken, "memory: two states of a region with one number"u8);
        region->Taken = number;
        _books.NoteState(region);
    }

    /// <summary>A few pages of a durable flight are no longer in flight; true when that was all.</summary>
    public bool LandSome(RegionFlight* flight)
    {
        for (int count = 0; flight->First != null; count++)
        {
            if (count == ChunksPerStep)
                return false;
            RegionChunk* chunk = Pop(flight);
            EndFlight(chunk);
            _state.Owed -= (ulong)chunk->Count;
            RegionList* list = chunk->List;
            _state.Chunks.Free(chunk);
            _books.FreeIfIdle(list);
        }
        if (!_state.Room->IsEmpty)
            _waker.WakeAll(_state.Room);
        return true;
    }

    /// <summary>
    /// The store has refused what of a region was taken after the persist with this number, which is the last one from here on: until all
    /// of it has been given back the region counts as dirty.
    /// </summary>
    public void BeginReturn(Region* region, ulong number)
    {
        region->Returns++;
        region->Taken = number;
        _books.NoteState(region);
    }

    /// <summary>All that was refused has been given back.</summary>
    public void EndReturn(Region* region)
    {
        region->Returns--;
        _books.NoteState(region);
    }

    /// <summary>
    /// A few pages of a flight that the store has refused are dirty again where they were; true when that was all. Between
    /// <see cref="BeginReturn"/> and <see cref="EndReturn"/>.
    /// </summary>
    public bool GiveBackSome(RegionFlight* flight)
    {
        Region* region = flight->Region;
        Panic.Unless(region->IsReturning, "memory: gave back what was not refused"u8);
        for (int count = 0; flight->First != null; count++)
        {
            if (count == ChunksPerStep)
                return false;
            RegionChunk* chunk = Pop(flight);
            if (_memory.Seeded.Has(SeededMemoryFaults.OlderVersion))
                PutBackOlder(region, chunk);
            EndFlight(chunk);
            MakeDirtyAgain(region, chunk);
        }
        if (!_state.Room->IsEmpty)
            _waker.WakeAll(_state.Room);
        return true;
    }

    private RegionChunk** TakeList(Region* region, RegionList* list, ulong number, RegionChunk** end, RegionFlight* flight)
    {
        if (list->First == null)
            return end;
        *end = list->First;
        var near = new Nearby();
        for (RegionChunk* chunk = list->First; chunk != null; chunk = chunk->Next)
        {
            for (int index = 0; index < chunk->Count; index++)
                TakePage(region, RegionChunk.At(chunk, index), ref near);
            list->FlyingChunks++;
            end = &chunk->Next;
        }
        Release(ref near);
        flight->Pages += list->Pages;
        list->Pages = 0;
        list->Taken = number;
        list->First = list->Last = null;
        return end;
    }

    private void TakePage(Region* region, RegionPage* page, ref Nearby near)
    {
        ulong* slot = near.Slot = _tree.FindSlot(region->Object, page->Page, near.Slot, near.Page);
        near.Page = page->Page;
        bool isOurs = slot != null && (*slot & (Slot.Dirty | Slot.Resident)) == (Slot.Dirty | Slot.Resident);
        Panic.Unless(isOurs, "memory: a list has a page of a region that is not dirty"u8);
        FrameNumber frame = Slot.FrameOf(*slot);
        FrameInfo* info = _frames.InfoOf(frame);
        if (page->Entry != null)
            ProtectEntry(page->Entry, ref near);
        if ((info->Flags & FrameFlags.Shown) != 0)
            _reverse.ProtectPage(region->Object, page->Page);
        info->Flags &= ~FrameFlags.Shown;
        *slot &= ~Slot.Dirty;
        if (!_memory.Seeded.Has(SeededMemoryFaults.EarlyLanding))
            _frames.BeginFlight(frame);
        page->Frame = frame;
    }

    // Most entries are in the table of the one before.
    private void ProtectEntry(ulong* entry, ref Nearby near)
    {
        _tables.Protect(entry);
        if (near.Entry == null || !PageTables.IsSameTable(entry, near.Entry))
        {
            Release(ref near);
            near.Entry = entry;
        }
        near.Holds++;
    }

    private void Release(ref Nearby near)
    {
        if (near.Holds != 0)
            _tables.ReleaseTable(near.Entry, near.Holds);
        near.Holds = 0;
    }

    private void ForgetEntry(RegionPage* page)
    {
        if (page->Entry == null)
            return;
        _tables.ReleaseTable(page->Entry);
        page->Entry = null;
    }

    // What is shown in one place only is forgotten there.
    private void Invalidate(RegionFlight* flight)
    {
        Mapping* only = flight->Region->Object->FirstMapping;
        if (only != null && only->NextOfObject == null && flight->Pages <= MostSinglePages)
        {
            for (var cursor = new RegionCursor(flight); cursor.MoveNext();)
                InvalidatePage(only, cursor.Page);
        }
        else if (only != null && only->NextOfObject == null)
        {
            _tlb.InvalidateSpace(only->Space->Root);
        }
        else if (only != null)
            _tlb.InvalidateAll();
    }

    private void InvalidatePage(Mapping* mapping, ulong page)
    {
        ulong index = page - mapping->PageOffset;
        if (index < mapping->Pages)
            _tlb.InvalidatePage(mapping->Space->Root, new VirtualAddress(mapping->Start.Value + (index << PageSize.Shift)));
    }

    private static RegionChunk* Pop(RegionFlight* flight)
    {
        RegionChunk* chunk = flight->First;
        flight->First = chunk->Next;
        chunk->Next = null;
        chunk->List->FlyingChunks--;
        return chunk;
    }

    private void EndFlight(RegionChunk* chunk)
    {
        for (int index = 0; index < chunk->Count && !_memory.Seeded.Has(SeededMemoryFaults.EarlyLanding); index++)
            _frames.EndFlight(RegionChunk.At(chunk, index)->Frame);
        chunk->List->Region->FlyingPages -= (ulong)chunk->Count;
        _state.Flying -= (ulong)chunk->Count;
    }

    // A deliberate bug.
    private void PutBackOlder(Region* region, RegionChunk* chunk)
    {
        for (int index = 0; index < chunk->Count; index++)
        {
            RegionPage* page = RegionChunk.At(chunk, index);
            ulong slot = _tree.Lookup(region->Object, page->Page);
            if ((slot & Slot.Dirty) != 0)
                PageContents.Copy(_frames.AddressOf(Slot.FrameOf(slot)), _frames.AddressOf(page->Frame));
        }
    }

    private void MakeDirtyAgain(Region* region, RegionChunk* chunk)
    {
        RegionList* list = chunk->List;
        list->Taken = 0;
        int kept = 0;
        for (int index = 0; index < chunk->Count; index++)
        {
            ulong page = RegionChunk.At(chunk, index)->Page;
            ulong* slot = _tree.FindSlot(region->Object, page);
            // A page that is dirty is so in a newer version.
            if ((*slot & Slot.Dirty) != 0)
                continue;
            *slot |= Slot.Dirty;
            *RegionChunk.At(chunk, kept++) = new RegionPage { Page = page };
        }
        _state.Owed -= (ulong)(chunk->Count - kept);
        chunk->Count = kept;
        list->Pages += (ulong)kept;
        region->DirtyPages += (ulong)kept;
        if (kept == 0)
        {
            _state.Chunks.Free(chunk);
            _books.FreeIfIdle(list);
            return;
        }
        chunk->Next = list->First;
        list->First = chunk;
        if (list->Last == null)
            list->Last = chunk;
    }
}
