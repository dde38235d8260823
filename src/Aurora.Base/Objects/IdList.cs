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
