namespace Aurora.Posix.Threads;

/// <summary>
/// Makes the waits of restored threads again that are in their records (<see cref="ThreadScheduler.MustSleepOn"/>). Other calls are
/// dispatched again and see for themselves whether they still must wait.
/// </summary>
public abstract unsafe class WaitRestorer
{
    /// <summary>Puts such a thread on its queue and bounds its sleep.</summary>
    public abstract void Restore(Thread* thread);
}
