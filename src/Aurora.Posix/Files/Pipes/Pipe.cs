// The buffer of a pipe or FIFO: a ring in the pages of a VmObject, so that its contents are captured like any other memory. An empty
// ring starts again at its beginning, which keeps a pipe whose reader keeps up within one page.
//
// A change of the capacity moves no bytes. What does not lie where the ring of the new size has it stays in the ring it is in, the rest,
// and is read from there; what is written goes into a new ring. There is never a second rest: while there is one nothing has been taken
// from the ring, so its bytes lie from its beginning on, as in a ring of any size that has room for them.
//
// Opening a FIFO waits for the other end, with the file already open: the call holds it (CallFiles), so that the end counts from then on
// and is given up by itself when the call is interrupted or its thread ends. The wait is over when the other end has been opened, though it
// may have left again. Protected by the kernel lock.
using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>A pipe's buffer and the queues at its ends. Persistent (<see cref="ObjectKind.Pipe"/>); owned by its inode.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Pipe
{
    public const uint DefaultCapacity = 64 * 1024;

    /// <summary>The most that a user may ask for (/proc/sys/fs/pipe-max-size).</summary>
    public const uint MaxCapacity = 1024 * 1024;

    /// <summary>The most that anybody gets: its pages go in one stretch with it.</summary>
    public const uint LargestCapacity = 16 * 1024 * 1024;

    /// <summary>More is not even a size for a pipe.</summary>
    public const uint LargestAsked = 1U << 31;

    /// <summary>The size of a pipe of at least so many bytes, of which there are no more than <see cref="LargestAsked"/>.</summary>
    public static uint RoundCapacity(uint bytes) => BitOperations.RoundUpToPowerOf2(Math.Max(bytes, PageSize.Bytes));

    /// <summary>Writes up to this size are not mixed with others (PIPE_BUF).</summary>
    public const uint AtomicBytes = 4096;

    public ObjectHeader Header;
    public Inode* Inode;

    /// <summary>The ring's pages; null until the first write.</summary>
    public VmObject* Data;

    /// <summary>In bytes, a multiple of the page.</summary>
    public uint Capacity;

    /// <summary>Where the oldest byte is in the ring; 0 while there is a rest.</summary>
    public uint Head;

    /// <summary>Bytes in the pipe, those of the rest included.</summary>
    public uint Length;

    /// <summary>The ring of a former capacity, all of its pages, with the pipe's first bytes; null when there are none.</summary>
    public VmObject* Rest;

    /// <summary>Where the oldest byte is in the rest, and how many there are.</summary>
    public uint RestHead, RestLength;

    /// <summary>Bytes ever put into it since it came into memory, those it came with included.</summary>
    public ulong Produced;

    /// <summary>Open files that can read and write; counted again from the open files after a restore.</summary>
    public int Readers, Writers;

    /// <summary>How often each end has been opened.</summary>
    internal uint ReaderOpens, WriterOpens;

    /// <summary>Who waits to open a FIFO.</summary>
    internal WaitQueue OpeningReaders, OpeningWriters;

    /// <summary>Woken when bytes arrive or the last writer goes; when room is made or the last reader goes.</summary>
    public WaitQueue Readable, Writable;

    public readonly bool HasReader => Readers > 0;
    public readonly bool HasWriter => Writers > 0;
    public readonly uint Free => Capacity - Length;

    /// <summary>How many of them have been taken.</summary>
    public readonly ulong Taken => Produced - Length;

    /// <summary>Bytes in the ring.</summary>
    internal readonly uint RingLength => Length - RestLength;

    /// <summary>Where in the ring the next byte goes.</summary>
    internal readonly uint Tail => (Head + RingLength) % Capacity;
}
