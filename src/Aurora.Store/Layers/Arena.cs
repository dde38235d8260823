// Memory of one layer: bump allocation in chunks of 64 KiB from the page allocator, given back all at once. Reserve makes sure, before a
// commit is applied, that applying it cannot fail half way; one that fails takes nothing, so that what little memory there is is left to
// others.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A bump allocator with a limit.</summary>
internal sealed unsafe class Arena
{
    private const int ChunkPages = 16;
    private const ulong ChunkBytes = ChunkPages * (ulong)PageSize.Bytes;

    // The most one allocation may take, hence the most that may be wasted at the end of a chunk.
    private const ulong MaxAllocation = 3400;

    private struct Chunk
    {
        public Chunk* Next;
    }

    private readonly PageAllocator _pages;
    private Chunk* _used;
    private Chunk* _spare;
    private byte* _at;
    private ulong _left;
    private ulong _spareCount;
    private ulong _usedCount;

    public Arena(PageAllocator pages) => _pages = pages;

    /// <summary>The most memory in bytes the arena takes from the page allocator.</summary>
    public ulong Limit { get; set; }

    public ulong BytesHeld => (_usedCount + _spareCount) * ChunkBytes;

    /// <summary>Bytes handed out, rounded up to what ends of chunks waste.</summary>
    public ulong BytesUsed => (_usedCount * ChunkBytes) - _left;

    /// <summary>
    /// Makes sure that <paramref name="bytes"/> more can be allocated. False when the limit or the memory does not allow it: then the
    /// arena holds what it held.
    /// </summary>
    public bool Reserve(ulong bytes)
    {
        const ulong usableOfChunk = ChunkBytes - MaxAllocation - 16;
        ulong usable = (_left > MaxAllocation ? _left - MaxAllocation : 0) + (_spareCount * usableOfChunk);
        if (bytes <= usable)
            return true;
        ulong chunks = ((bytes - usable - 1) / usableOfChunk) + 1;
        if (BytesHeld > Limit || chunks > (Limit - BytesHeld) / ChunkBytes)
            return false;
        for (ulong added = 0; added < chunks; added++)
        {
            if (AddSpare())
                continue;
            DropSpare(added);
            return false;
        }
        return true;
    }

    /// <summary>Memory for at most 3400 bytes, 8-byte aligned, not cleared. Panics when nothing was reserved and memory ends.</summary>
    public void* Allocate(int bytes)
    {
        ulong size = ((ulong)bytes + 7) & ~7UL;
        Panic.Unless(size <= MaxAllocation, "store: arena allocation too large"u8);
        if (size > _left)
        {
            Panic.Unless(_spare != null || AddSpare(), "store: a layer ran out of its reserve"u8);
            Chunk* chunk = _spare;
            _spare = chunk->Next;
            _spareCount--;
            chunk->Next = _used;
            _used = chunk;
            _usedCount++;
            _at = (byte*)(chunk + 1);
            _left = ChunkBytes - (ulong)sizeof(Chunk);
        }
        void* result = _at;
        _at += size;
        _left -= size;
        return result;
    }

    /// <summary>There is room for all that another arena holds.</summary>
    public bool CanAdopt(Arena other) => BytesHeld + other.BytesHeld <= Limit;

    /// <summary>Takes over the memory of another arena, which is empty afterwards.</summary>
    public void Adopt(Arena other)
    {
        _used = Joined(other._used, _used);
        _usedCount += other._usedCount;
        _spare = Joined(other._spare, _spare);
        _spareCount += other._spareCount;
        other.Forget();
    }

    /// <summary>Gives everything back.</summary>
    public void Reset()
    {
        FreeAll(_used);
        FreeAll(_spare);
        Forget();
    }

    private static Chunk* Joined(Chunk* first, Chunk* second)
    {
        if (first == null)
            return second;
        Chunk* last = first;
        while (last->Next != null)
            last = last->Next;
        last->Next = second;
        return first;
    }

    private void Forget()
    {
        _used = null;
        _spare = null;
        _at = null;
        _left = 0;
        _usedCount = 0;
        _spareCount = 0;
    }

    private bool AddSpare()
    {
        Chunk* chunk = (Chunk*)_pages.Allocate(ChunkPages);
        if (chunk == null)
            return false;
        chunk->Next = _spare;
        _spare = chunk;
        _spareCount++;
        return true;
    }

    private void DropSpare(ulong chunks)
    {
        for (; chunks > 0; chunks--)
        {
            Chunk* chunk = _spare;
            _spare = chunk->Next;
            _spareCount--;
            _pages.Free(chunk, ChunkPages);
        }
    }

    private void FreeAll(Chunk* chunk)
    {
        while (chunk != null)
        {
            Chunk* next = chunk->Next;
            _pages.Free(chunk, ChunkPages);
            chunk = next;
        }
    }
}
