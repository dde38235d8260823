using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>Something that took its time, as a trace has it when it is over (struct sls_event).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TraceEvent
{
    public const int Size = 32;

    /// <summary>In <see cref="Group"/>: the kernel's own work, for no group.</summary>
    public const uint NoGroup = uint.MaxValue;

    /// <summary>When it began, in machine time.</summary>
    public ulong StartNanoseconds;
    public ulong DurationNanoseconds;

    /// <summary>As the kind says.</summary>
    public ulong Argument;

    /// <summary>Whom it was done for: in the ring the index of a group's tables, for programs the group's number.</summary>
    public uint Group;

    /// <summary>The fiber that did it; zero: the main loop, or what is told of the processor.</summary>
    public ushort Fiber;

    /// <summary>A <see cref="TraceKind"/>.</summary>
    public ushort Kind;
}
