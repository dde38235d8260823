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

    /// <summary>Counts real time: the deadline is recomputed when the machine's clock has jumped.</summary>
    public bool IsRealtime;
    public ulong IntervalNanoseconds;

    /// <summary>The next expiry on the timer's own clock; zero when disarmed.</summary>
    public ulong ExpiryNanoseconds;

    /// <summary>Expiries since the signal that is still pending was queued, and as of the last delivery.</summary>
    public int Overruns;
    public int LastOverruns;
    public DeadlineNode Deadline;
}
