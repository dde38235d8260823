namespace Aurora.Base;

/// <summary>The machine's clocks, or a test's. Groups see them through <see cref="GroupClocks"/>.</summary>
public abstract class Clock
{
    public abstract ulong MonotonicNanoseconds { get; }

    /// <summary>Nanoseconds since 1970-01-01 00:00 UTC.</summary>
    public abstract ulong RealtimeNanoseconds { get; }

    /// <summary>
    /// How far real time is ahead of monotonic time, modulo 2^64. A clock that goes on between two readings has it from where it began.
    /// </summary>
    public virtual ulong RealtimeLeadNanoseconds => unchecked(RealtimeNanoseconds - MonotonicNanoseconds);

    /// <summary>The counter behind the clock, which the entry code reads too (<see cref="UserContext.EnteredTicks"/>).</summary>
    public virtual ulong Ticks => MonotonicNanoseconds;

    /// <summary>From ticks of the counter to nanoseconds.</summary>
    public virtual TickScale TickScale => TickScale.Same;
}
