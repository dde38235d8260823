namespace Aurora.Base;

/// <summary>The machine's clocks, or a test's. Groups see them through <see cref="GroupClocks"/>.</summary>
public abstract class Clock
{
    public abstract ulong MonotonicNanoseconds { get; }

    /// <summary>Nanoseconds since 1970-01-01 00:00 UTC.</summary>
    public abstract ulong RealtimeNanoseconds { get; }
}
