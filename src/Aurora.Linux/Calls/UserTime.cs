using System.Runtime.InteropServices;

namespace Aurora.Linux.Calls;

/// <summary>struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Timespec
{
    /// <summary>Times beyond this (292 years) count as this: no sum of two of them overflows.</summary>
    public const ulong Forever = long.MaxValue / 2;

    private const long NanosecondsPerSecond = 1_000_000_000;

    public long Seconds;
    public long Nanoseconds;

    public readonly bool IsValid => Seconds >= 0 && Nanoseconds is >= 0 and < NanosecondsPerSecond;

    /// <summary>The time in nanoseconds, at most <see cref="Forever"/>; the value must be valid.</summary>
    public readonly ulong ToNanoseconds()
        => Seconds >= (long)(Forever / NanosecondsPerSecond) ? Forever : (ulong)((Seconds * NanosecondsPerSecond) + Nanoseconds);

    public static Timespec From(ulong nanoseconds)
        => new() { Seconds = (long)(nanoseconds / NanosecondsPerSecond), Nanoseconds = (long)(nanoseconds % NanosecondsPerSecond) };
}

/// <summary>struct timeval.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Timeval
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public long Seconds;
    public long Microseconds;

    public readonly bool IsValid => Seconds >= 0 && Microseconds is >= 0 and < 1_000_000;

    public readonly ulong ToNanoseconds()
        => new Timespec { Seconds = Seconds, Nanoseconds = Microseconds * 1000 }.ToNanoseconds();

    public static Timeval From(ulong nanoseconds)
        => new() { Seconds = (long)(nanoseconds / NanosecondsPerSecond), Microseconds = (long)(nanoseconds % NanosecondsPerSecond / 1000) };
}

/// <summary>struct itimerspec.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IntervalTimespec
{
    public Timespec Interval;
    public Timespec Value;

    public readonly bool IsValid => Interval.IsValid && Value.IsValid;
}

/// <summary>struct itimerval.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IntervalTimeval
{
    public Timeval Interval;
    public Timeval Value;
}
