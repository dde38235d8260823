namespace Aurora.Posix.Signals;

/// <summary>One queued signal; SignalQueue owns these.</summary>
public unsafe struct QueuedSignal
{
    public SignalInfo Info;
    public QueuedSignal* Next;
}

/// <summary>
/// The signals pending for a thread or a process: the set says which, the queue and, behind it, the backlog hold their details in order of
/// arrival. A signal may be in the set without details (they were lost to a limit): it is delivered as if sent by kill from nobody. Zero is
/// empty.
/// </summary>
public unsafe struct PendingSignals
{
    public SignalSet Set;
    public QueuedSignal* First;
    public QueuedSignal* Last;

    /// <summary>Entries of the queue, without the backlog.</summary>
    public int Count;
    public SignalBacklog* Backlog;
    public SignalBacklog* LastBacklog;
}
