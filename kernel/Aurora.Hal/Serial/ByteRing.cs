// A ring of bytes between one producer and one consumer, of which one is an interrupt handler on the same processor: positions only grow, each
// side writes its own, and a position is published after the bytes it covers. When more processors run the kernel, the
// side outside the handler is serialised by the kernel lock, and x86 keeps stores in order.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Aurora.Base;

namespace Aurora.Hal;

/// <summary>A single-producer, single-consumer byte queue in page memory.</summary>
public sealed unsafe class ByteRing
{
    private readonly byte* _buffer;
    private readonly uint _capacity;
    private uint _written;
    private uint _read;

    /// <summary>A ring of <paramref name="pageCount"/> pages, a power of two.</summary>
    public ByteRing(PageAllocator pages, int pageCount)
    {
        _buffer = (byte*)pages.Allocate(pageCount);
        Panic.Unless(_buffer != null, "serial: no memory for a ring"u8);
        _capacity = (uint)(pageCount * PageSize.Bytes);
        Panic.Unless((_capacity & (_capacity - 1)) == 0, "serial: ring size is not a power of two"u8);
    }

    public int Capacity => (int)_capacity;
    public int Count => (int)(Volatile.Read(ref _written) - Volatile.Read(ref _read));
    public int Room => (int)_capacity - Count;

    /// <summary>Appends as many bytes as there is room for and returns their number.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, Room);
        uint position = _written;
        int offset = (int)(position & (_capacity - 1));
        int first = Math.Min(count, (int)_capacity - offset);
        // SAFETY: offset + first ≤ capacity and count − first ≤ capacity, both inside the ring's pages.
        bytes[..first].CopyTo(new Span<byte>(_buffer + offset, first));
        bytes[first..count].CopyTo(new Span<byte>(_buffer, count - first));
        Volatile.Write(ref _written, position + (uint)count);
        return count;
    }

    /// <summary>Appends one byte; false when the ring is full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(byte value)
    {
        uint position = _written;
        if (position - Volatile.Read(ref _read) == _capacity)
            return false;
        _buffer[position & (_capacity - 1)] = value;
        Volatile.Write(ref _written, position + 1);
        return true;
    }

    /// <summary>Takes up to <paramref name="bytes"/>.Length bytes and returns their number.</summary>
    public int Read(Span<byte> bytes)
    {
        int count = Math.Min(bytes.Length, Count);
        for (int i = 0; i < count; i++)
            TryRead(out bytes[i]);
        return count;
    }

    /// <summary>Copies bytes from the <paramref name="skip"/>th unread one on, without taking them, and returns their number.</summary>
    public int Peek(int skip, Span<byte> bytes)
    {
        int count = Math.Min(bytes.Length, Math.Max(0, Count - skip));
        for (int i = 0; i < count; i++)
            bytes[i] = _buffer[(_read + (uint)(skip + i)) & (_capacity - 1)];
        return count;
    }

    /// <summary>Takes one byte; false when the ring is empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(out byte value)
    {
        uint position = _read;
        value = 0;
        if (position == Volatile.Read(ref _written))
            return false;
        value = _buffer[position & (_capacity - 1)];
        Volatile.Write(ref _read, position + 1);
        return true;
    }
}
