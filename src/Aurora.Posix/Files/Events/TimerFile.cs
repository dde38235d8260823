// A timer that programs read (timerfd). Its expiry is kept on its own clock, and a node in the deadline heap is armed for it; real time is
// converted when it is armed, when real time is set and when it is restored. A timer that has expired stands still until somebody reads it
// or asks for the time that is left: what has passed meanwhile is counted then, and it goes on in step, so an interval of one nanosecond
// costs its program time and nobody else.
//
// Set for a moment of real time, a timer may be given up when real time jumps (TFD_TIMER_CANCEL_ON_SET). It does when somebody sets it, and
// when a group goes on from a checkpoint after a while, as on Linux after a suspension: from how far real time was ahead of monotonic time
// when the timer was looked at last, and is now. Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Time;

namespace Aurora.Posix.Files;

/// <summary>The clock of a timerfd, by its Linux number. The values are part of the record format.</summary>
public enum TimerFileClock
{
    Realtime = 0,
    Monotonic = 1,
    BootTime = 7,
    RealtimeAlarm = 8,
    BootTimeAlarm = 9,
}

/// <summary>How a timerfd was set, by Linux's values; part of the record format.</summary>
[Flags]
public enum TimerFileFlags
{
    None = 0,
    Absolute = 1,
    CancelOnSet = 2,
    All = 3,
}

/// <summary>The timer of a timerfd. Persistent (<see cref="ObjectKind.TimerFile"/>); belongs to its open file alone.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TimerFile
{
    /// <summary>No expiry is later, and no interval longer.</summary>
    public const ulong LatestNanoseconds = long.MaxValue;

    public ObjectHeader Header;
    public OpenFile* File;
    public TimerFileClock Clock;
    public TimerFileFlags Flags;

    /// <summary>
    /// The next expiry on the timer's own clock, or the last when it is not armed; zero when it was never set, or stopped.
    /// </summary>
    public ulong ExpiryNanoseconds;
    public ulong IntervalNanoseconds;

    /// <summary>Expiries that have been counted and not read.</summary>
    public ulong Ticks;

    /// <summary>How far real time was ahead of monotonic time when the timer was last told, or set to be cancelled.</summary>
    public ulong LeadNanoseconds;

    /// <summary>It runs towards its expiry.</summary>
    public bool IsArmed;

    /// <summary>It has expired and stands still; what passes is not counted yet.</summary>
    public bool IsExpired;

    /// <summary>Real time was set and nobody has been told.</summary>
    public bool IsCanceled;

    public DeadlineNode Deadline;

    /// <summary>Woken when it expires or is given up.</summary>
    public WaitQueue Readable;

    // The list of the group's timers of real time: those that know of a change stand behind those that do not.
    internal TimerFile* NextRealtime, PreviousRealtime;
    internal ulong ChangesSeen;

    public readonly bool IsOfRealtime => Clock is TimerFileClock.Realtime or TimerFileClock.RealtimeAlarm;

    /// <summary>It expires at a moment of real time. Set for a while from then on it counts monotonic time, but for an alarm.</summary>
    public readonly bool CountsRealtime
        => Clock == TimerFileClock.RealtimeAlarm || (Clock == TimerFileClock.Realtime && (Flags & TimerFileFlags.Absolute) != 0);

    public readonly bool IsAlarm => Clock is TimerFileClock.RealtimeAlarm or TimerFileClock.BootTimeAlarm;

    /// <summary>It is given up when real time jumps.</summary>
    public readonly bool IsCancelable => IsOfRealtime && Flags == TimerFileFlags.All;
}
