namespace Aurora.Base;

/// <summary>A growable list of object ids in a chain of pages.</summary>
public sealed unsafe class IdList
{
    private const int IdsPerPage = (PageSize.Bytes - 16) / 8;

    private struct Chunk
    {
        public Chunk* Next;
        public int Count;
        public fixed ulong Ids[IdsPerPage];
    }

    private readonly PageAllocator _pages;
    private Chunk* _first;

    public IdList(PageAllocator pages) => _pages = pages;

    public int Count { get; private set; }

    public void Add(ObjectId id)
    {
        if (_first == null || _first->Count == IdsPerPage)
        {
            Chunk* chunk = (Chunk*)_pages.Allocate(1);
            Panic.Unless(chunk != null, "id list: out of memory"u8);
            chunk->Next = _first;
            _first = chunk;
        }
        _first->Ids[_first->Count++] = id.Value;
        Count++;
    }

    /// <summary>A place in a list; the default is before its first id.</summary>
    public struct Cursor
    {
        internal void* Chunk;
        internal int Index;
    }

    /// <summary>Hands all ids over to another list, beside those it has; allocates nothing.</summary>
    public void MoveTo(IdList other)
    {
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

    /// <summary>Moves to the next id, in no particular order; false at the end. The list must not change meanwhile.</summary>
    public bool Next(ref Cursor cursor, out ObjectId id)
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

    /// <summary>Forgets all ids.</summary>
    public void Clear()
    {
        while (_first != null)
        {
            Chunk* chunk = _first;
            _first = chunk->Next;
            _pages.Free(chunk, 1);
        }
        Count = 0;
    }

    /// <summary>Removes and returns the most recently added id; none when empty.</summary>
    public ObjectId TakeLast()
    {
        if (_first == null)
            return default;
        ulong id = _first->Ids[--_first->Count];
        Count--;
        if (_first->Count == 0)
        {
            Chunk* empty = _first;
            _first = empty->Next;
            _pages.Free(empty, 1);
        }
        return new ObjectId(id);
    }
}
