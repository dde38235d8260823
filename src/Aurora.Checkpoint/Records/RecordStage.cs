// Where captured records wait between the stop window and the store. A chain of pages; what is in them is as in a RecordRun. Pages come
// from the allocator and go back when the epoch is over; when there is none, the capture is abandoned and its objects stay changed. Also
// where a restore keeps some between its passes.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>An append-only sequence of (object id, record) pairs in unmanaged pages.</summary>
public unsafe struct RecordStage
{
    /// <summary>It takes so many pages at once.</summary>
    public const int ChunkPages = 4;

    private const int ChunkBytes = ChunkPages * PageSize.Bytes;

    [StructLayout(LayoutKind.Sequential)]
    private struct Chunk
    {
        public Chunk* Next;
        public int Used;
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

    /// <summary>What it takes of the memory.</summary>
    public long PageBytes { readonly get; private set; }

    /// <summary>
    /// Room for a record of up to <see cref="StateCodec.MaxPayloadBytes"/>, or an empty span when memory is exhausted. Finish it with
    /// <see cref="Append(ObjectId, int)"/>.
    /// </summary>
    public Span<byte> Reserve(PageAllocator pages) => Reserve(pages, RecordHeader.MaxSize + StateCodec.MaxPayloadBytes);

    /// <summary>As above, for as many bytes; empty as well when they are more than the stage takes in one piece.</summary>
    public Span<byte> Reserve(PageAllocator pages, int room)
    {
        bool isFull = _last == null || _last->Used + RecordRunEntry.BytesFor(room) > ChunkBytes;
        bool isTooLong = sizeof(Chunk) + RecordRunEntry.BytesFor(room) > ChunkBytes;
        if (isTooLong || (isFull && !AddChunk(pages)))
            return default;
        return new Span<byte>((byte*)_last + _last->Used + RecordRunEntry.Bytes, room);
    }

    /// <summary>Makes the first <paramref name="length"/> bytes of the span last reserved a record of <paramref name="id"/>.</summary>
    public void Append(ObjectId id, int length)
    {
        var entry = (RecordRunEntry*)((byte*)_last + _last->Used);
        entry->Id = id.Value;
        entry->Length = length;
        _last->Used += RecordRunEntry.BytesFor(length);
        Count++;
        Bytes += length;
    }

    /// <summary>Room for many records; false when memory is exhausted. Finish it with <see cref="Append(in RecordRun)"/>.</summary>
    public bool TryReserve(PageAllocator pages, out RecordRun run)
    {
        bool hasRoom = AddChunk(pages);
        run = hasRoom ? new RecordRun((byte*)_last + _last->Used, ChunkBytes - _last->Used) : default;
        return hasRoom;
    }

    /// <summary>What is in a run that was reserved last belongs to the stage.</summary>
    public void Append(in RecordRun run)
    {
        _last->Used += run.Used;
        Count += run.Count;
        Bytes += run.RecordBytes;
    }

    /// <summary>Moves to the next record; false at the end. What is appended to a run of its own is found by who has been there.</summary>
    public readonly bool Next(ref Cursor cursor, out ObjectId id, out ReadOnlySpan<byte> record)
    {
        Chunk* chunk = (Chunk*)cursor.Chunk;
        if (chunk != null && cursor.Offset < chunk->Used)
        {
            cursor.Offset += RecordRunEntry.Read((byte*)chunk + cursor.Offset, out id, out record);
            return true;
        }
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
        cursor.Offset += RecordRunEntry.Read((byte*)chunk + cursor.Offset, out id, out record);
        return true;
    }

    private bool AddChunk(PageAllocator pages)
    {
        Chunk* chunk = (Chunk*)pages.Allocate(ChunkPages);
        if (chunk == null)
            return false;
        chunk->Used = sizeof(Chunk);
        if (_last == null)
            _first = chunk;
        else
            _last->Next = chunk;
        _last = chunk;
        PageBytes += ChunkBytes;
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
        PageBytes = 0;
    }
}
