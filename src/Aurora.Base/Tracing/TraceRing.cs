// The newest events of a processor. Events have positions, which only grow; a reader keeps its own, so there may be any number of readers,
// and who is late misses the oldest. Positions begin at the time of the boot, so that one of an earlier boot is recognised. Only the
// processor itself writes. It writes an event first and then the position behind it; the slot that is written next may be half written at
// any time, so of N slots the newest N - 1 can be read. A reader copies events and asks afterwards whether they were still there
// (IsIntact): what it copied is good only then.
using System;
using System.Threading;

namespace Aurora.Base;

/// <summary>A ring of events with one writer; its memory is whoever's made it.</summary>
public unsafe struct TraceRing
{
    private readonly TraceEvent* _events;
    private readonly ulong _mask;
    private readonly ulong _first;
    private ulong _written;

    /// <param name="events">Memory for the events.</param>
    /// <param name="slots">How many; a power of two, at least two.</param>
    /// <param name="first">The position of the first event: greater than any of an earlier boot.</param>
    public TraceRing(TraceEvent* events, int slots, ulong first)
    {
        Panic.Unless(events != null && slots > 1 && (slots & (slots - 1)) == 0, "trace: a ring of no power of two"u8);
        _events = events;
        _mask = (ulong)slots - 1;
        _first = first;
        _written = first;
    }

    /// <summary>The position behind the newest event.</summary>
    public ulong End => Volatile.Read(ref _written);

    /// <summary>The position of the oldest event that can be read.</summary>
    public ulong Start => End - _first <= _mask ? _first : End - _mask;

    /// <summary>There is an event at the position, or was, or it is the next one's: it is not of an earlier boot.</summary>
    public bool Knows(ulong position) => position >= _first && position <= End;

    public void Add(in TraceEvent item)
    {
        _events[_written & _mask] = item;
        Volatile.Write(ref _written, _written + 1);
    }

    /// <summary>
    /// Events from a position on, or from the oldest that there is when that is later, which the position then is; as many as lie
    /// together. None: there are no more.
    /// </summary>
    public ReadOnlySpan<TraceEvent> From(ref ulong position)
    {
        ulong end = End;
        position = Math.Clamp(position, Start, end);
        ulong slot = position & _mask;
        return new ReadOnlySpan<TraceEvent>(_events + slot, (int)Math.Min(end - position, _mask + 1 - slot));
    }

    /// <summary>What was copied from a position on was not written over meanwhile.</summary>
    public bool IsIntact(ulong position) => position >= Start;
}
