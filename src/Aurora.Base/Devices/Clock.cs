namespace Aurora.Base;

/// <summary>The machine's clocks. Monotonic time continues across a restore (the checkpoint engine keeps the offset); real time jumps.</summary>
public abstract class Clock
{
    public abstract ulong MonotonicNanoseconds { get; }

    /// <summary>Nanoseconds since 1970-01-01 00:00 UTC.</summary>
    public abstract ulong RealtimeNanoseconds { get; }

    /// <summary>How far real time has been set from the machine's (clock_settime); clocks of the machine itself take no notice.</summary>
    public long RealtimeShiftNanoseconds { get; set; }

    /// <summary>The machine's real time, shifted; it stays within 1970 and what 63 bits hold.</summary>
    protected ulong Shifted(ulong machineNanoseconds)
    {
        long time = (long)machineNanoseconds;
        long shift = RealtimeShiftNanoseconds;
        if (shift > 0)
            return (ulong)(time > long.MaxValue - shift ? long.MaxValue : time + shift);
        return time + shift < 0 ? 0 : (ulong)(time + shift);
    }
}
