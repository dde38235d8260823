namespace Aurora.Posix.SystemCalls;

/// <summary>
/// Says when a call that could go on for long should stop at its next step and be dispatched again: an interrupt waits to be served, or a
/// deadline has passed. This one never does: for the host, where nothing else waits.
/// </summary>
public class Preemption
{
    /// <summary>True when something waits for the main loop.</summary>
    public virtual bool IsDue => false;
}
