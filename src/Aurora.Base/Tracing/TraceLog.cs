// What a processor's kernel does, for those who ask (sls trace). Off, which it is as a rule, every place that could tell something pays
// for one look at IsOn: Begin gives zero then, and End does nothing with that. An event is written when what it tells of is over; so an
// event is whole or not there, whatever the ring has forgotten, and what is under way while the trace begins or ends is not told.
//
// Faults and what is usually short are told only when they were asked for, or took longer than was asked for: they would leave no room for
// the rest. All memory is taken at boot. Protected by the kernel lock.
//
// One trace is made at a time, and the position of its first event is its number. It goes on for as long as who began it says from time to
// time that somebody listens (Hear): a trace that nobody has listened to for SilenceNanoseconds ends by itself, at the next look at the
// clock. So nothing stays on behind a program that was killed.
namespace Aurora.Base;

/// <summary>The trace of a processor; one without memory is never on.</summary>
public sealed unsafe class TraceLog
{
    /// <summary>So many events are kept, but for one.</summary>
    public const int Slots = 16384;

    /// <summary>A trace that nobody has listened to for so long ends.</summary>
    public const ulong SilenceNanoseconds = 10_000_000_000;

    private readonly Clock? _clock;
    private TraceRing _ring;
    private ulong _number;
    private ulong _begunNanoseconds;
    private ulong _heardNanoseconds;
    private ulong _shortestNanoseconds;
    private ulong _look;

    /// <summary>A trace that is never on, for where nobody could read it.</summary>
    public TraceLog()
    {
    }

    public TraceLog(PageAllocator pages, Clock clock)
    {
        var events = (TraceEvent*)pages.Allocate((int)PageSize.PagesFor((ulong)Slots * TraceEvent.Size));
        Panic.Unless(events != null, "trace: no memory for the ring"u8);
        _clock = clock;
        _ring = new TraceRing(events, Slots, clock.RealtimeNanoseconds);
    }

    /// <summary>Something may be told; what a trace that nobody listens to any more is until the next look at the clock.</summary>
    public bool IsOn { get; private set; }

    /// <summary>There can be a trace.</summary>
    public bool IsPossible => _clock != null;

    /// <summary>Page faults that did not have to wait are told.</summary>
    public bool TellsFaults { get; private set; }

    /// <summary>The running fiber, from 1; zero in the main loop.</summary>
    public ushort Fiber { get; private set; }

    /// <summary>The index of the group that the running fiber works for; it is kept for the fiber while others run.</summary>
    public uint Group { get; set; } = TraceEvent.NoGroup;

    /// <summary>Begins a trace; false while one is made.</summary>
    public bool Start(ulong shortestNanoseconds, bool tellsFaults, out ulong number)
    {
        number = 0;
        Panic.Unless(IsPossible, "trace: begun without a ring"u8);
        if (Begin() != 0)
            return false;
        _shortestNanoseconds = shortestNanoseconds;
        TellsFaults = tellsFaults;
        _look = _begunNanoseconds = _heardNanoseconds = Now;
        _number = number = _ring.End;
        IsOn = true;
        Add(TraceKind.Begin, _look, 0, TraceEvent.NoGroup, 0, shortestNanoseconds);
        return true;
    }

    /// <summary>Ends the trace with this number; what was told can still be read. False when it had ended.</summary>
    public bool Stop(ulong number)
    {
        bool isMade = Begin() != 0 && number == _number;
        if (isMade)
            End();
        return isMade;
    }

    /// <summary>Somebody listens from this position on: the trace that is made, if it is of that one.</summary>
    public void Hear(ulong position)
    {
        if (Begin() != 0 && position >= _number)
            _heardNanoseconds = Now;
    }

    private void End() => IsOn = TellsFaults = false;

    /// <inheritdoc cref="TraceRing.Knows"/>
    public bool Knows(ulong position) => IsPossible && _ring.Knows(position);

    /// <summary>The position behind the newest event.</summary>
    public ulong Written => _ring.End;

    /// <inheritdoc cref="TraceRing.From"/>
    public System.ReadOnlySpan<TraceEvent> From(ref ulong position) => _clock == null ? default : _ring.From(ref position);

    /// <inheritdoc cref="TraceRing.IsIntact"/>
    public bool IsIntact(ulong position) => _ring.IsIntact(position);

    /// <summary>Something begins: the time, or zero while nothing is told.</summary>
    public ulong Begin() => IsOn ? NowIfHeard() : 0;

    /// <summary>What began at a time is over; zero for what is not told.</summary>
    public void End(TraceKind kind, ulong start, ulong argument)
    {
        if (start != 0)
            Add(kind, start, Group, Fiber, argument);
    }

    /// <summary>The same for a group that is not the running fiber's.</summary>
    public void EndFor(uint group, TraceKind kind, ulong start, ulong argument)
    {
        if (start != 0)
            Add(kind, start, group, Fiber, argument);
    }

    /// <summary>The same for what is told only when it was long.</summary>
    public void EndLong(uint group, TraceKind kind, ulong start, ulong argument)
    {
        if (start != 0 && Now - start >= _shortestNanoseconds)
            Add(kind, start, group, Fiber, argument);
    }

    /// <summary>Something that began at a time took so long, for a group; the time becomes that of its end.</summary>
    public void Tell(uint group, TraceKind kind, ref ulong start, ulong nanoseconds, ulong argument)
    {
        Add(kind, start, nanoseconds, group, Fiber, argument);
        start += nanoseconds;
    }

    /// <summary>A fiber gets the processor, working for the group it had when it lost it. What <see cref="Begin"/> gives.</summary>
    public ulong Enter(ushort fiber, uint group)
    {
        Fiber = fiber;
        Group = group;
        return _look = Begin();
    }

    /// <summary>It gives it back.</summary>
    public void Leave(ulong start)
    {
        Look();
        ulong fiber = Fiber;
        Fiber = 0;
        Group = TraceEvent.NoGroup;
        EndLong(Group, TraceKind.Run, start, fiber);
    }

    /// <summary>The running fiber looks whether it should give way.</summary>
    public void Look()
    {
        if (!IsOn)
            return;
        ulong now = NowIfHeard();
        if (now != 0 && now - _look >= _shortestNanoseconds)
            Add(TraceKind.Stretch, _look, TraceEvent.NoGroup, fiber: 0, Fiber);
        _look = now;
    }

    private ulong Now => _clock!.MonotonicNanoseconds;

    // The time, unless the trace ends because nobody listens; zero then.
    private ulong NowIfHeard()
    {
        ulong now = Now;
        if (now - _heardNanoseconds < SilenceNanoseconds)
            return now;
        End();
        return 0;
    }

    private void Add(TraceKind kind, ulong start, uint group, ushort fiber, ulong argument)
        => Add(kind, start, Now - start, group, fiber, argument);

    // What began before the trace did was under way: it may have had its beginning from a trace before.
    private void Add(TraceKind kind, ulong start, ulong nanoseconds, uint group, ushort fiber, ulong argument)
    {
        if (!IsOn || start < _begunNanoseconds)
            return;
        var item = new TraceEvent
        {
            StartNanoseconds = start,
            DurationNanoseconds = nanoseconds,
            Argument = argument,
            Group = group,
            Fiber = fiber,
            Kind = (ushort)kind,
        };
        _ring.Add(in item);
    }
}
