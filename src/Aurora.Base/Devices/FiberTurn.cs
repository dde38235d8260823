namespace Aurora.Base;

/// <summary>
/// A turn of the kernel's fibers between two looks at the user threads: how long it may last, and the longest there was. All fibers of a
/// turn share its time, so that a user thread waits for one slice and the few pages between two looks at the clock.
/// </summary>
public struct FiberTurn
{
    /// <summary>So long fibers may run on.</summary>
    public const ulong SliceNanoseconds = 200_000;

    private ulong _start;

    public ulong LongestNanoseconds { get; private set; }

    public void Begin(ulong now) => _start = now;

    /// <summary>Whoever runs should give way.</summary>
    public readonly bool IsOver(ulong now) => now - _start >= SliceNanoseconds;

    public void End(ulong now) => LongestNanoseconds = now - _start > LongestNanoseconds ? now - _start : LongestNanoseconds;
}
