namespace Aurora.Base;

/// <summary>
/// The clock a consistency group sees: the machine's, shifted so that monotonic time continues from the checkpoint it was restored from.
/// Real time is the machine's own, shifted if it has been set, and jumps forward over the time the group did not run.
/// </summary>
public sealed class SessionClock : Clock
{
    private readonly Clock _machine;
    private ulong _offsetNanoseconds;

    public SessionClock(Clock machine) => _machine = machine;

    public override ulong MonotonicNanoseconds => unchecked(_machine.MonotonicNanoseconds + _offsetNanoseconds);

    public override ulong RealtimeNanoseconds => Shifted(_machine.RealtimeNanoseconds);

    /// <summary>The machine time at which the group's clock will show <paramref name="sessionNanoseconds"/>; for arming timers.</summary>
    public ulong ToMachine(ulong sessionNanoseconds) => unchecked(sessionNanoseconds - _offsetNanoseconds);

    /// <summary>Makes the clock show <paramref name="monotonicNanoseconds"/> now (restore only).</summary>
    public void ContinueFrom(ulong monotonicNanoseconds)
        => _offsetNanoseconds = unchecked(monotonicNanoseconds - _machine.MonotonicNanoseconds);
}
