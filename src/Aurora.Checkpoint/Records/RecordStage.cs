// Where captured records wait between the stop window and the store. A chain of pages; each entry is an EntryHeader, the record
// (RecordHeader and payload) and padding to eight bytes. Pages come from the allocator and go back when the epoch is over; when there is
// none, the capture is abandoned and its objects stay changed. Also where a restore keeps some between its passes.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>An append-only sequence of (object id, record) pairs in unmanaged pages.</summary>
public unsafe struct RecordStage
{
    private const int ChunkPages = 4;
    private const int ChunkBytes = ChunkPages * PageSize.Bytes;

    [StructLayout(LayoutKind.Sequential)]
    private struct Chunk
    {
        public Chunk* Next;
        public int Used;
        public int Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct EntryHeader
    {
        public ulong Id;
        public int Length;
        public int Padding;
    }

    /// <summary>A position in the stage; the default is before the first record.</summary>
    public struct Cursor
    {
        internal void* Chunk;
        internal int Offset;
    }

    private Chunk* _first;
    private Chunk* _last;

    public int Count { readonly get; private set; }
    public long Bytes { readonly get; private set; }

    /// <summary>Room for a record of up to <see cref="StateCodec.MaxPayloadBytes"/>, or an empty span when memory is exhausted. Finish it with <see cref="Append"/>.</summary>
    public Span<byte> Reserve(PageAllocator pages)
    {
        const int room = RecordHeader.MaxSize + StateCodec.MaxPayloadBytes;
        if (_last == null || _last->Used + sizeof(EntryHeader) + room > ChunkBytes)
        {
            Chunk* chunk = (Chunk*)pages.Allocate(ChunkPages);
            if (chunk == null)
                return default;
            chunk->Used = sizeof(Chunk);
            if (_last == null)
                _first = chunk;
            else
                _last->Next = chunk;
            _last = chunk;
        }
        return new Span<byte>((byte*)_last + _last->Used + sizeof(EntryHeader), room);
    }

    /// <summary>Makes the first <paramref name="length"/> bytes of the span last reserved a record of <paramref name="id"/>.</summary>
    public void Append(ObjectId id, int length)
    {
        EntryHeader* entry = (EntryHeader*)((byte*)_last + _last->Used);
        entry->Id = id.Value;
        entry->Length = length;
        _last->Used += Padded(length);
        Count++;
        Bytes += length;
    }

    /// <summary>Moves to the next record; false at the end.</summary>
    public readonly bool Next(ref Cursor cursor, out ObjectId id, out ReadOnlySpan<byte> record)
    {
        Chunk* chunk = (Chunk*)cursor.Chunk;
        if (chunk == null)
        {
            chunk = _first;
            cursor.Offset = sizeof(Chunk);
        }
        while (chunk != null && cursor.Offset >= chunk->Used)
        {
            chunk = chunk->Next;
            cursor.Offset = sizeof(Chunk);
        }
        cursor.Chunk = chunk == null ? _last : chunk;
        if (chunk == null)
        {
            cursor.Offset = ChunkBytes;
            id = default;
            record = default;
            return false;
        }
        EntryHeader* entry = (EntryHeader*)((byte*)chunk + cursor.Offset);
        id = new ObjectId(entry->Id);
        record = new ReadOnlySpan<byte>(entry + 1, entry->Length);
        cursor.Offset += Padded(entry->Length);
        return true;
    }

    /// <summary>Gives the memory back and starts empty.</summary>
    public void Clear(PageAllocator pages)
    {
        while (_first != null)
        {
            Chunk* chunk = _first;
            _first = chunk->Next;
            pages.Free(chunk, ChunkPages);
        }
        _last = null;
        Count = 0;
        Bytes = 0;
    }

    private static int Padded(int length) => sizeof(EntryHeader) + ((length + 7) & ~7);
}
