// How interrupt handlers tell the main loop that there is work: one bit an event, set by the handler, taken by the loop. Posting twice before
// the loop looks is one event; whoever serves an event therefore looks for everything there is to do. No lock: bits are set and taken atomically.
using System.Threading;
using Aurora.Base;

namespace Aurora.Hal;

/// <summary>The events posted on one processor and not yet served.</summary>
public sealed class PostedEvents
{
    private const int Capacity = 64;

    private ulong _pending;
    private int _defined;

    /// <summary>Reserves an event number (boot only).</summary>
    public int Define()
    {
        Panic.Unless(_defined < Capacity, "events: more than 64 defined"u8);
        return _defined++;
    }

    /// <summary>Marks an event; safe in interrupt handlers.</summary>
    public void Post(int number) => Interlocked.Or(ref _pending, 1UL << number);

    /// <summary>True when there is something to take: the idle loop's check, made with interrupts off.</summary>
    public bool HasAny => Volatile.Read(ref _pending) != 0;

    /// <summary>Takes all posted events as a set of bits.</summary>
    public ulong TakeAll() => HasAny ? Interlocked.Exchange(ref _pending, 0) : 0;
}
