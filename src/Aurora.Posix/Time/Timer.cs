using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Time;

/// <summary>How a POSIX timer announces an expiry (sigev_notify).</summary>
public enum TimerNotify
{
    Signal = 0,
    None = 1,

    /// <summary>The C library starts a thread for it; to the kernel as Signal.</summary>
    LibraryThread = 2,
    ThreadSignal = 4,
}

/// <summary>What has become of the signal of a timer that has expired.</summary>
public enum TimerPhase
{
    /// <summary>There is none: the timer runs, or is disarmed.</summary>
    Running = 0,

    /// <summary>It is queued. The timer stands still until it is taken.</summary>
    Signalled = 1,

    /// <summary>Nobody wanted it. The timer stands still until somebody does.</summary>
    Ignored = 2,

    /// <summary>There was no room for it: it is sent again.</summary>
    Refused = 3,
}

/// <summary>Which processor time a timer counts.</summary>
public enum ProcessorClock : byte
{
    /// <summary>It counts none, but real or monotonic time.</summary>
    None = 0,

    /// <summary>That of the program and of the kernel for it.</summary>
    All = 1,

    /// <summary>That of the program.</summary>
    User = 2,
}

/// <summary>A POSIX timer (timer_create). Persistent; ends with its process or at execve. Protected by the kernel lock.</summary>
public unsafe struct Timer
{
    public ObjectHeader Header;
    public Process* Process;
    public Timer* Next;
    public int Id;
    public TimerNotify Notify;
    public int Signal;
    public int ThreadId;
    public ulong Value;

    /// <summary>Made for real time: what it is set to absolutely is a moment of that.</summary>
    public bool IsRealtime;

    /// <summary>Made for real time, but set for a while from then on: it counts monotonic time.</summary>
    public bool IsRelative;

    /// <summary>The processor time it counts, and of which thread of its process, or which process; that may have ended.</summary>
    public ProcessorClock Processor;
    public ObjectId Target;

    /// <summary>On the list of the process whose time it counts.</summary>
    public bool IsCounting;
    public Timer* NextCounting;
    public ulong IntervalNanoseconds;

    /// <summary>The next expiry on the timer's own clock, or, while the timer stands still, the last; zero when disarmed.</summary>
    public ulong ExpiryNanoseconds;
    public TimerPhase Phase;

    /// <summary>Expiries between the one that queued the signal that was taken last and that moment.</summary>
    public int Overruns;
    public DeadlineNode Deadline;
}
