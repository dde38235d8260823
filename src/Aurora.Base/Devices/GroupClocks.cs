// The clocks of all groups. A group sees the machine's clock, shifted so that its monotonic time continues from the checkpoint it was
// restored from; its real time is the machine's own, shifted if it has been set, and jumps forward over the time the group did not run.
// Protected by the kernel lock.
namespace Aurora.Base;

/// <summary>The time of each group.</summary>
public sealed unsafe class GroupClocks
{
    private readonly GroupTable<ClockState> _states;

    public GroupClocks(Clock machine, TrackedObjects objects)
    {
        Machine = machine;
        _states = new GroupTable<ClockState>(objects);
    }

    public Clock Machine { get; }

    /// <summary>The clock of the group that an object belongs to.</summary>
    public GroupClock Of(ObjectHeader* header) => new(Machine, _states.At(header->Group));

    public GroupClock Of(ObjectTracker group) => new(Machine, _states.At(group.Index));
}

/// <summary>How far a group's clock is from the machine's.</summary>
public struct ClockState
{
    /// <summary>Monotonic time of the group minus that of the machine, modulo 2^64.</summary>
    internal ulong OffsetNanoseconds;

    /// <summary>What monotonic time continues from at least.</summary>
    internal ulong LeastNanoseconds;

    /// <summary>Real time of the group minus that of the machine.</summary>
    internal long RealtimeShiftNanoseconds;
}

/// <summary>The clock of one group.</summary>
public readonly unsafe struct GroupClock
{
    private readonly Clock _machine;
    private readonly ClockState* _state;

    internal GroupClock(Clock machine, ClockState* state)
    {
        _machine = machine;
        _state = state;
    }

    public ulong MonotonicNanoseconds => unchecked(_machine.MonotonicNanoseconds + _state->OffsetNanoseconds);

    /// <summary>Nanoseconds since 1970-01-01 00:00 UTC; within 1970 and what 63 bits hold.</summary>
    public ulong RealtimeNanoseconds => Shifted(_machine.RealtimeNanoseconds);

    /// <summary>As above, as it was a moment ago (<see cref="Clock.RecentRealtimeNanoseconds"/>).</summary>
    public ulong RecentRealtimeNanoseconds => Shifted(_machine.RecentRealtimeNanoseconds);

    private ulong Shifted(ulong realtimeNanoseconds)
    {
        long time = (long)realtimeNanoseconds;
        long shift = _state->RealtimeShiftNanoseconds;
        if (shift > 0)
            return (ulong)(time > long.MaxValue - shift ? long.MaxValue : time + shift);
        return time + shift < 0 ? 0 : (ulong)(time + shift);
    }

    /// <summary>
    /// How far real time is ahead of monotonic time, modulo 2^64: the same until one of them jumps. Not kept within what real time is.
    /// </summary>
    public ulong RealtimeLeadNanoseconds
        => unchecked(_machine.RealtimeLeadNanoseconds + (ulong)_state->RealtimeShiftNanoseconds - _state->OffsetNanoseconds);

    /// <summary>Monotonic time of the group minus that of the machine, modulo 2^64.</summary>
    public ulong MonotonicOffsetNanoseconds => _state->OffsetNanoseconds;

    /// <summary>How far real time has been set from the machine's (clock_settime).</summary>
    public long RealtimeShiftNanoseconds
    {
        get => _state->RealtimeShiftNanoseconds;
        set => _state->RealtimeShiftNanoseconds = value;
    }

    /// <summary>
    /// The machine time at which the group's clock will show this; all ones stays so: never. What was before the machine began is past:
    /// zero.
    /// </summary>
    public ulong ToMachine(ulong nanoseconds)
    {
        if (nanoseconds == ulong.MaxValue)
            return nanoseconds;
        long offset = (long)_state->OffsetNanoseconds;
        if (offset >= 0)
            return nanoseconds > (ulong)offset ? nanoseconds - (ulong)offset : 0;
        ulong ahead = unchecked((ulong)-offset);
        return nanoseconds > ulong.MaxValue - ahead ? ulong.MaxValue : nanoseconds + ahead;
    }

    /// <summary>Makes the clock show <paramref name="monotonicNanoseconds"/> now (restore only).</summary>
    public void ContinueFrom(ulong monotonicNanoseconds)
        => _state->OffsetNanoseconds
            = unchecked(System.Math.Max(monotonicNanoseconds, _state->LeastNanoseconds) - _machine.MonotonicNanoseconds);

    /// <summary>Whatever it is to continue from, it continues from here at least.</summary>
    public void ContinueBehind(ulong monotonicNanoseconds) => _state->LeastNanoseconds = monotonicNanoseconds;
}
