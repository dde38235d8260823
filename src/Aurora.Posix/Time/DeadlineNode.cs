namespace Aurora.Posix.Time;

/// <summary>What a deadline belongs to, and so who handles it when it passes.</summary>
public enum DeadlineKind : byte
{
    /// <summary>A blocked thread: it is woken.</summary>
    Thread = 0,

    /// <summary>ITIMER_REAL and alarm of a process.</summary>
    ProcessAlarm = 1,

    /// <summary>A POSIX timer.</summary>
    Timer = 2,

    /// <summary>A timerfd.</summary>
    TimerFile = 3,
}

/// <summary>A place in the <see cref="DeadlineHeap"/>, embedded in its owner. Zero is not armed.</summary>
public unsafe struct DeadlineNode
{
    /// <summary>Absolute monotonic time of the owner's group.</summary>
    public ulong Nanoseconds;

    /// <summary>The same on the machine's clock.</summary>
    public ulong MachineNanoseconds;
    public void* Owner;
    public DeadlineNode* Child;
    public DeadlineNode* Next;

    /// <summary>The previous sibling, or the parent of a first child.</summary>
    public DeadlineNode* Previous;
    public DeadlineKind Kind;
    public bool IsArmed;

    /// <summary>Passed while its group was held: in the group's list instead of the heap, by Next and Previous.</summary>
    internal bool IsParked;
}
