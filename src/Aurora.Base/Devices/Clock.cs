namespace Aurora.Base;

/// <summary>The machine's clocks. Monotonic time continues across a restore (the checkpoint engine keeps the offset); real time jumps.</summary>
public abstract class Clock
{
    public abstract ulong MonotonicNanoseconds { get; }

    /// <summary>Nanoseconds since 1970-01-01 00:00 UTC.</summary>
    public abstract ulong RealtimeNanoseconds { get; }
}
