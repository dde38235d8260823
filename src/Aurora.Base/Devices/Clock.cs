namespace Aurora.Base;

/// <summary>The machine's clocks, or a test's. Groups see them through <see cref="GroupClocks"/>.</summary>
public abstract class Clock
{
    public abstract ulong MonotonicNanoseconds { get; }

    /// <summary>Nanoseconds since 1970-01-01 00:00 UTC.</summary>
    public abstract ulong RealtimeNanoseconds { get; }

    /// <summary>Real time as it was a moment ago, when somebody asked for it or a turn began: for what need not be exact.</summary>
    public virtual ulong RecentRealtimeNanoseconds => RealtimeNanoseconds;

    /// <summary>
    /// How far real time is ahead of monotonic time, modulo 2^64. A clock that goes on between two readings has it from where it began.
    /// </summary>
    public virtual ulong RealtimeLeadNanoseconds => unchecked(RealtimeNanoseconds - MonotonicNanoseconds);

    /// <summary>The counter behind the clock, which the entry code reads too (<see cref="UserContext.EnteredTicks"/>).</summary>
    public virtual ulong Ticks => MonotonicNanoseconds;

    /// <summary>What <see cref="Ticks"/> was when monotonic time began.</summary>
    public virtual ulong OriginTicks => 0;

    /// <summary>
    /// The counter is the processor's time stamp counter, and monotonic time is what it has counted since its origin, times
    /// <see cref="TickScale"/>, rounded down: programs can read the clock by themselves.
    /// </summary>
    public virtual bool IsProcessorCounter => false;

    /// <summary>From ticks of the counter to nanoseconds.</summary>
    public virtual TickScale TickScale => TickScale.Same;
}
