namespace Aurora.Posix.Threads;

/// <summary>
/// Makes the waits of restored threads again. Most calls need none: they are dispatched again and see for themselves whether they still must wait.
/// </summary>
public abstract unsafe class WaitRestorer
{
    /// <summary>True for a thread in a call whose wait, if it sleeps, must go on as it was.</summary>
    public abstract bool IsFor(Thread* thread);

    /// <summary>Puts such a thread on its queue and bounds its sleep.</summary>
    public abstract void Restore(Thread* thread);
}
