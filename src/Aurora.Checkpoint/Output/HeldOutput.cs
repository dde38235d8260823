using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The console output of one group, held until it may be seen (<see cref="OutputHold"/>).</summary>
public readonly unsafe struct HeldOutput
{
    internal const int MaxChunks = 48;

    // What a writer wants room for at once (a character as a terminal shows it).
    private const int LeastRoom = 8;

    // What of a log is taken ahead of its writer: so much he is told that there is room for, and more when that is used.
    private const int ChunksAhead = 2;

    private readonly OutputHold _hold;
    private readonly OutputState* _state;
    private readonly ObjectTracker _group;

    internal HeldOutput(OutputHold hold, OutputState* state, ObjectTracker group)
    {
        _hold = hold;
        _state = state;
        _group = group;
    }

    /// <summary>Bytes ever written.</summary>
    public ulong Written => _state->Written;

    /// <summary>Bytes that may be shown.</summary>
    public ulong Durable => _state->Gate.Released;

    /// <summary>Bytes given to the device.</summary>
    public ulong Sent => _state->Sent;

    /// <summary>Bytes that have left the machine.</summary>
    public ulong Emitted => _state->Emitted;

    /// <summary>From here on nothing is held, because the group is not persisted, or it is again.</summary>
    public void PassThrough(bool isOn) => _state->PassesThrough = isOn;

    /// <summary>
    /// From here on the output goes nowhere by itself: it is kept with the group for who asks (<see cref="Read"/>), and the oldest gives
    /// way to what is written.
    /// </summary>
    public void BeginLog() => _state->IsLogged = true;

    /// <summary>The position of the oldest byte that is still there.</summary>
    public ulong Start => _state->First == null ? Written : _state->First->Start;

    /// <summary>
    /// Copies output that may be shown, from a position on; one that is older than the oldest byte moves there. Returns the number of
    /// bytes.
    /// </summary>
    public int Read(ref ulong position, Span<byte> destination)
    {
        // One that is ahead is of before the group went back.
        position = Math.Clamp(position, Start, Math.Max(Start, Durable));
        int copied = 0;
        for (OutputChunk* chunk = _state->First; chunk != null && copied < destination.Length; chunk = chunk->Next)
        {
            ulong at = position + (ulong)copied;
            ulong end = Math.Min(Durable, chunk->Start + (ulong)chunk->Length);
            if (at >= end)
                continue;
            int count = (int)Math.Min(end - at, (ulong)(destination.Length - copied));
            new ReadOnlySpan<byte>(chunk->Data + (at - chunk->Start), count).CopyTo(destination[copied..]);
            copied += count;
        }
        return copied;
    }

    /// <summary>
    /// Woken when held output has left and a writer that was turned away may try again; with a log, when more of it may be shown.
    /// </summary>
    public WaitQueue* Space => &_state->Space;

    /// <summary>True while there are bytes that may be shown and that the device has not been given.</summary>
    public bool IsSendable => Sent < Durable;

    /// <summary>True while some byte has not left the machine.</summary>
    public bool IsPending => Emitted != Written;

    /// <summary>True while the device holds bytes that have not left the machine.</summary>
    public bool IsInDevice => Emitted != Sent;

    /// <summary>Bytes that <see cref="Write"/> takes for certain.</summary>
    public int Room
    {
        get
        {
            Reserve();
            int rest = _state->Last == null ? 0 : OutputChunk.Capacity - _state->Last->Length;
            return ((_state->SpareCount + OldChunks) * OutputChunk.Capacity) + rest;
        }
    }

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
            _group.MarkChanged(&chunk->Header);
        }
        _state->Written += (ulong)taken;
        if (!_state->PassesThrough)
            return taken;
        _state->Gate.Open(Written);
        TellLog();
        return taken;
    }

    /// <summary>True when something has been written since the newest epoch that holds output.</summary>
    public bool HasUncaptured => Written > _state->Gate.Newest;

    /// <summary>An epoch has been captured: everything written so far may be shown once it is durable.</summary>
    public void Hold(Epoch epoch) => _state->Gate.Hold(epoch, Written);

    /// <summary>An epoch and those after it are not going to be durable: what they would have shown waits for the next.</summary>
    public void Refuse(Epoch first) => _state->Gate.Refuse(first);

    /// <summary>An epoch is durable.</summary>
    public void Release(Epoch durable)
    {
        ulong before = Durable;
        _state->Gate.Settle(durable);
        if (Durable != before)
            TellLog();
    }

    // More of the log may be shown.
    private void TellLog()
    {
        if (_state->IsLogged)
            _hold.Waker.Wake(Space);
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
        for (OutputChunk* chunk = _state->First; chunk != null && Sent < Durable; chunk = chunk->Next)
        {
            ulong allowed = Math.Min(Durable - Sent, (ulong)(chunk->Length - chunk->Sent));
            int sent = allowed == 0 ? 0 : device.Write(new ReadOnlySpan<byte>(chunk->Data + chunk->Sent, (int)allowed));
            chunk->Sent += sent;
            _state->Sent += (ulong)sent;
            if ((ulong)sent != allowed)
                return;
        }
    }

    private void DropDelivered(ulong position)
    {
        while (Emitted < position)
        {
            OutputChunk* chunk = _state->First;
            int count = (int)Math.Min(position - Emitted, (ulong)(chunk->Sent - chunk->Emitted));
            Panic.Unless(count > 0, "output hold: the positions and the chunks disagree"u8);
            chunk->Emitted += count;
            _state->Emitted += (ulong)count;
            if (chunk->Emitted == chunk->Length && chunk != _state->Last)
                Drop(chunk);
            else
                Shorten(chunk);
        }
    }

    /// <summary>Puts a restored chunk in its place; all that was captured is durable by the fact of the restore.</summary>
    internal void Insert(OutputChunk* chunk)
    {
        OutputChunk** link = &_state->First;
        while (*link != null && (*link)->Start < chunk->Start)
            link = &(*link)->Next;
        chunk->Next = *link;
        *link = chunk;
        if (chunk->Next == null)
            _state->Last = chunk;
        _state->Written = Math.Max(Written, chunk->Start + (ulong)chunk->Length);
        _state->Gate.Open(Written);
        _state->Sent = _state->Emitted = _state->First->Start + (ulong)_state->First->Emitted;
        TrackedObjects.NoteChange(&chunk->Header);
    }

    /// <summary>
    /// A chunk for a record; null when there are no more. What may be held beside it is taken when somebody writes: until then a copy costs
    /// what its source has written, and no more.
    /// </summary>
    internal OutputChunk* AllocateRecorded()
    {
        if (_state->Spare == null && _state->ChunkCount < MaxChunks)
            AddSpare();
        return TakeSpare();
    }

    private OutputChunk* Allocate()
    {
        Reserve();
        return TakeSpare();
    }

    private OutputChunk* TakeSpare()
    {
        OutputChunk* chunk = _state->Spare;
        if (chunk == null)
            return null;
        _state->Spare = chunk->Next;
        _state->SpareCount--;
        *chunk = default;
        return chunk;
    }

    /// <summary>
    /// Takes the memory for all that may be held, of a log for what the next write needs; false when there is not enough, and the next
    /// write tries again.
    /// </summary>
    public bool Reserve()
    {
        while (_state->ChunkCount < MaxChunks && (!_state->IsLogged || _state->SpareCount < ChunksAhead))
        {
            if (AddSpare())
                continue;
            MakeWay();
            return false;
        }
        return true;
    }

    // There is no memory for a further chunk. The only one there is goes when it is durable and has no room for a writer: he would wait for
    // ever.
    private void MakeWay()
    {
        OutputChunk* last = _state->Last;
        if (_state->IsLogged && _state->Spare == null && last != null && last == _state->First
            && OutputChunk.Capacity - last->Length < LeastRoom && last->Start + (ulong)last->Length <= Durable)
            DropOldest();
    }

    private bool AddSpare()
    {
        OutputChunk* chunk = _hold.Chunks.Allocate();
        if (chunk == null)
            return false;
        PutBack(chunk);
        _state->ChunkCount++;
        return true;
    }

    /// <summary>The group ends: nothing of its output stays in memory.</summary>
    internal void End()
    {
        _hold.Waker.WakeAll(Space);
        while (_state->First != null)
            Drop(_state->First);
        while (_state->Spare != null)
        {
            OutputChunk* chunk = _state->Spare;
            _state->Spare = chunk->Next;
            _hold.Chunks.Free(chunk);
        }
        *_state = default;
    }

    // How many chunks of a log may give way.
    private int OldChunks
    {
        get
        {
            int count = 0;
            OutputChunk* chunk = _state->IsLogged ? _state->First : null;
            for (; chunk != null && chunk != _state->Last && chunk->Start + (ulong)chunk->Length <= Durable; chunk = chunk->Next)
                count++;
            return count;
        }
    }

    private void PutBack(OutputChunk* chunk)
    {
        chunk->Next = _state->Spare;
        _state->Spare = chunk;
        _state->SpareCount++;
    }

    private OutputChunk* ChunkWithRoom()
    {
        if (_state->Last != null && _state->Last->Length < OutputChunk.Capacity)
            return _state->Last;
        OutputChunk* chunk = Allocate();
        if (chunk == null && OldChunks > 0)
        {
            DropOldest();
            chunk = Allocate();
        }
        if (chunk == null)
            return null;
        chunk->Start = _state->Last == null ? Written : _state->Last->Start + (ulong)_state->Last->Length;
        _group.Register(&chunk->Header, ObjectKind.OutputHold);
        if (_state->Last == null)
            _state->First = chunk;
        else
            _state->Last->Next = chunk;
        _state->Last = chunk;
        return chunk;
    }

    private void Shorten(OutputChunk* chunk)
    {
        _group.MarkChanged(&chunk->Header);
        if (chunk->Emitted != chunk->Length)
            return;
        chunk->Start += (ulong)chunk->Length;
        chunk->Length = chunk->Sent = chunk->Emitted = 0;
        _hold.Waker.Wake(Space);
    }

    private void DropOldest()
    {
        Drop(_state->First);
        _state->Sent = _state->Emitted = Start;
    }

    private void Drop(OutputChunk* chunk)
    {
        _state->First = chunk->Next;
        if (_state->First == null)
            _state->Last = null;
        _group.Remove(&chunk->Header);
        PutBack(chunk);
        _hold.Waker.Wake(Space);
    }
}
