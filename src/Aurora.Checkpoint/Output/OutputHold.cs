// External synchrony for the console (architecture, section 6): bytes a program writes are held here until the checkpoint that contains
// the state which produced them is durable. The held bytes are kernel objects themselves, so a checkpoint taken before they reached the
// device carries them, and they are given to the device again after a restore: at least once, never before durable.
//
//   written   >= durable >= sent >= emitted    (positions in the group's whole output, in bytes)
//
// A capture notes `Written`; when that epoch commits the engine calls Release with it; Pump moves bytes to the device as it has room, and
// forgets them only when they have left the device: what is in its queues when the power goes was not seen by anybody. The last chunk stays,
// empty if need be: its start tells a restore how far the output had come.
// Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Holds a group's console output until it may be seen.</summary>
public sealed unsafe class OutputHold
{
    private const int MaxChunks = 48;

    private readonly Slab<OutputChunk> _chunks;
    private readonly ObjectTracker _tracker;
    private readonly ThreadWaker _waker;
    private OutputChunk* _first;
    private OutputChunk* _last;
    private WaitQueue* _space;

    public OutputHold(PageAllocator pages, ObjectTracker tracker, ThreadWaker waker)
    {
        _chunks = new Slab<OutputChunk>(pages, MaxChunks, keepsMemory: true);
        _tracker = tracker;
        _waker = waker;
        _space = (WaitQueue*)pages.Allocate(1);
        Panic.Unless(_space != null, "output hold: no memory"u8);
        TakeAllChunks();
    }

    /// <summary>Bytes ever written.</summary>
    public ulong Written { get; private set; }

    /// <summary>Bytes that may be shown.</summary>
    public ulong Durable { get; private set; }

    /// <summary>Bytes given to the device.</summary>
    public ulong Sent { get; private set; }

    /// <summary>Bytes that have left the machine.</summary>
    public ulong Emitted { get; private set; }

    /// <summary>When true nothing is held: the group is not persisted.</summary>
    public bool PassThrough { get; set; }

    /// <summary>Woken when held output has left and a writer that was turned away may try again.</summary>
    public WaitQueue* Space => _space;

    /// <summary>True while some byte has not left the machine.</summary>
    public bool IsPending => Emitted != Written;

    /// <summary>True while the device holds bytes that have not left the machine.</summary>
    public bool IsInDevice => Emitted != Sent;

    /// <summary>Bytes that <see cref="Write"/> takes for certain.</summary>
    public int Room
        => ((MaxChunks - _chunks.Count) * OutputChunk.Capacity) + (_last == null ? 0 : OutputChunk.Capacity - _last->Length);

    /// <summary>Takes as many bytes as there is room for and returns their number.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        int taken = 0;
        while (taken < bytes.Length)
        {
            OutputChunk* chunk = ChunkWithRoom();
            if (chunk == null)
                break;
            int count = Math.Min(bytes.Length - taken, OutputChunk.Capacity - chunk->Length);
            bytes.Slice(taken, count).CopyTo(new Span<byte>(chunk->Data + chunk->Length, count));
            chunk->Length += count;
            taken += count;
            _tracker.MarkChanged(&chunk->Header);
        }
        Written += (ulong)taken;
        if (PassThrough)
            Durable = Written;
        return taken;
    }

    /// <summary>Allows everything before <paramref name="position"/> to be shown.</summary>
    public void Release(ulong position)
    {
        Panic.Unless(position <= Written, "output hold: released what was never written"u8);
        if (position > Durable)
            Durable = position;
    }

    /// <summary>Gives releasable bytes to the device until it has no more room, and drops what has left it.</summary>
    public void Pump(ConsoleOutput device)
    {
        if (Sent < Durable)
            Send(device);
        if (Emitted < Sent)
            DropDelivered(Sent - Math.Min(Sent - Emitted, (ulong)device.Undelivered));
    }

    private void Send(ConsoleOutput device)
    {
        for (OutputChunk* chunk = _first; chunk != null && Sent < Durable; chunk = chunk->Next)
        {
            ulong allowed = Math.Min(Durable - Sent, (ulong)(chunk->Length - chunk->Sent));
            int sent = allowed == 0 ? 0 : device.Write(new ReadOnlySpan<byte>(chunk->Data + chunk->Sent, (int)allowed));
            chunk->Sent += sent;
            Sent += (ulong)sent;
            if ((ulong)sent != allowed)
                return;
        }
    }

    private void DropDelivered(ulong position)
    {
        while (Emitted < position)
        {
            OutputChunk* chunk = _first;
            int count = (int)Math.Min(position - Emitted, (ulong)(chunk->Sent - chunk->Emitted));
            Panic.Unless(count > 0, "output hold: the positions and the chunks disagree"u8);
            chunk->Emitted += count;
            Emitted += (ulong)count;
            if (chunk->Emitted == chunk->Length && chunk != _last)
                Drop(chunk);
            else
                Shorten(chunk);
        }
    }

    /// <summary>Puts a restored chunk in its place; all that was captured is durable by the fact of the restore.</summary>
    internal void Insert(OutputChunk* chunk)
    {
        OutputChunk** link = &chunk->Next;
        fixed (OutputChunk** first = &_first)
        {
            link = first;
            while (*link != null && (*link)->Start < chunk->Start)
                link = &(*link)->Next;
            chunk->Next = *link;
            *link = chunk;
        }
        if (chunk->Next == null)
            _last = chunk;
        Written = Durable = Math.Max(Written, chunk->Start + (ulong)chunk->Length);
        Sent = Emitted = _first->Start + (ulong)_first->Emitted;
    }

    internal OutputChunk* Allocate() => _chunks.Allocate();

    // Room is a promise, and output is written when memory may be exhausted: a slab keeps what it has once had.
    private void TakeAllChunks()
    {
        OutputChunk* taken = null;
        for (int i = 0; i < MaxChunks; i++)
        {
            OutputChunk* chunk = _chunks.Allocate();
            Panic.Unless(chunk != null, "output hold: no memory for its chunks"u8);
            chunk->Next = taken;
            taken = chunk;
        }
        while (taken != null)
        {
            OutputChunk* next = taken->Next;
            _chunks.Free(taken);
            taken = next;
        }
    }

    private OutputChunk* ChunkWithRoom()
    {
        if (_last != null && _last->Length < OutputChunk.Capacity)
            return _last;
        OutputChunk* chunk = _chunks.Allocate();
        if (chunk == null)
            return null;
        chunk->Start = _last == null ? Written : _last->Start + (ulong)_last->Length;
        _tracker.Register(&chunk->Header, ObjectKind.OutputHold);
        if (_last == null)
            _first = chunk;
        else
            _last->Next = chunk;
        _last = chunk;
        return chunk;
    }

    private void Shorten(OutputChunk* chunk)
    {
        _tracker.MarkChanged(&chunk->Header);
        if (chunk->Emitted != chunk->Length)
            return;
        chunk->Start += (ulong)chunk->Length;
        chunk->Length = chunk->Sent = chunk->Emitted = 0;
        _waker.WakeAll(_space);
    }

    private void Drop(OutputChunk* chunk)
    {
        _first = chunk->Next;
        _tracker.Remove(&chunk->Header);
        _chunks.Free(chunk);
        _waker.WakeAll(_space);
    }
}
