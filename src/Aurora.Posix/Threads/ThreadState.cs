namespace Aurora.Posix.Threads;

/// <summary>Where a thread is in the scheduler's eyes.</summary>
public enum ThreadState : byte
{
    /// <summary>On a run queue or running: may be in user mode, or have a call to dispatch again.</summary>
    Runnable,

    /// <summary>Waits on queues or for a deadline; a signal wakes it.</summary>
    Blocked,

    /// <summary>Waits on queues; signals leave it alone.</summary>
    BlockedUninterruptible,

    /// <summary>Its process is stopped by job control.</summary>
    Stopped,

    /// <summary>Has ended; freed as soon as nobody refers to it.</summary>
    Dead,
}
