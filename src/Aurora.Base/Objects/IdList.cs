// A list of ids in a chain of pages, of which only the first may be less than full. An id is added where nothing may fail (an object ends),
// so whoever adds makes sure beforehand, where a refusal is a status, that there are pages: Reserve keeps spare ones.
namespace Aurora.Base;

/// <summary>A growable list of object ids in a chain of pages.</summary>
public unsafe struct IdList
{
    /// <summary>Ids a page of the list holds.</summary>
    public const int IdsPerPage = (PageSize.Bytes - 16) / 8;

    // Spare pages beyond those asked for that are kept.
    private const int MaxIdlePages = 16;

    private struct Chunk
    {
        public Chunk* Next;
        public int Count;
        public fixed ulong Ids[IdsPerPage];
    }

    private Chunk* _first;
    private Chunk* _spare;
    private int _spareCount;

    public int Count { readonly get; private set; }

    public void Add(PageAllocator pages, ObjectId id)
    {
        if (_first == null || _first->Count == IdsPerPage)
        {
            Panic.Unless(_spareCount > 0 || AddSpare(pages), "id list: out of memory"u8);
            Chunk* chunk = _spare;
            _spare = chunk->Next;
            _spareCount--;
            chunk->Next = _first;
            chunk->Count = 0;
            _first = chunk;
        }
        _first->Ids[_first->Count++] = id.Value;
        Count++;
    }

    /// <summary>
    /// Makes sure that so many ids can be added, also after what is in the list has moved elsewhere. False when there is no memory for it;
    /// what was made sure of before stays so.
    /// </summary>
    public bool Reserve(PageAllocator pages, int ids)
    {
        int needed = (ids + IdsPerPage - 1) / IdsPerPage;
        while (_spareCount < needed)
        {
            if (!AddSpare(pages))
                return false;
        }
        while (_spareCount > needed + MaxIdlePages)
            FreeSpare(pages);
        return true;
    }

    /// <summary>A place in a list; the default is before its first id.</summary>
    public struct Cursor
    {
        internal void* Chunk;
        internal int Index;
    }

    /// <summary>Hands all ids over to another list, beside those it has; allocates nothing.</summary>
    public void MoveTo(PageAllocator pages, ref IdList other)
    {
        if (other._first != null)
            FillFirstOf(pages, ref other);
        if (_first == null)
            return;
        Chunk* last = _first;
        while (last->Next != null)
            last = last->Next;
        last->Next = other._first;
        other._first = _first;
        other.Count += Count;
        _first = null;
        Count = 0;
    }

    // So that of the joined pages only one is less than full.
    private void FillFirstOf(PageAllocator pages, ref IdList other)
    {
        Chunk* to = other._first;
        while (_first != null && _first->Count < IdsPerPage && to->Count < IdsPerPage)
        {
            to->Ids[to->Count++] = TakeLast(pages).Value;
            other.Count++;
        }
    }

    /// <summary>Moves to the next id, in no particular order; false at the end. The list must not change meanwhile.</summary>
    public readonly bool Next(ref Cursor cursor, out ObjectId id)
    {
        Chunk* chunk = cursor.Chunk == null ? _first : (Chunk*)cursor.Chunk;
        while (chunk != null && cursor.Index == chunk->Count && chunk->Next != null)
        {
            chunk = chunk->Next;
            cursor.Index = 0;
        }
        cursor.Chunk = chunk;
        bool exists = chunk != null && cursor.Index < chunk->Count;
        id = exists ? new ObjectId(chunk->Ids[cursor.Index++]) : default;
        return exists;
    }

    /// <summary>Forgets all ids and gives the memory back.</summary>
    public void Clear(PageAllocator pages)
    {
        while (_spareCount > 0)
            FreeSpare(pages);
        while (_first != null)
        {
            Chunk* chunk = _first;
            _first = chunk->Next;
            pages.Free(chunk, 1);
        }
        Count = 0;
    }

    /// <summary>Removes and returns the most recently added id; none when empty.</summary>
    public ObjectId TakeLast(PageAllocator pages)
    {
        if (_first == null)
            return default;
        ulong id = _first->Ids[--_first->Count];
        Count--;
        if (_first->Count == 0)
        {
            Chunk* empty = _first;
            _first = empty->Next;
            pages.Free(empty, 1);
        }
        return new ObjectId(id);
    }

    private bool AddSpare(PageAllocator pages)
    {
        Chunk* chunk = (Chunk*)pages.Allocate(1);
        if (chunk == null)
            return false;
        chunk->Next = _spare;
        _spare = chunk;
        _spareCount++;
        return true;
    }

    private void FreeSpare(PageAllocator pages)
    {
        Chunk* chunk = _spare;
        _spare = chunk->Next;
        _spareCount--;
        pages.Free(chunk, 1);
    }
}
