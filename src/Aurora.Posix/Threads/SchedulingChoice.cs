using System.Runtime.InteropServices;

namespace Aurora.Posix.Threads;

/// <summary>The policies of sched_setscheduler, by Linux's numbers.</summary>
public enum SchedulingPolicy : byte
{
    Other = 0,
    Fifo = 1,
    RoundRobin = 2,
    Batch = 3,
    Idle = 5,
}

/// <summary>How a thread wants to be scheduled, and how its requests to a disk. Part of the thread's record.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SchedulingChoice
{
    public const int MaxPriority = 99;

    public SchedulingPolicy Policy;

    /// <summary>1 to 99 for Fifo and RoundRobin, else 0.</summary>
    public byte Priority;

    /// <summary>Its children begin with the ordinary policy (SCHED_RESET_ON_FORK).</summary>
    public bool ResetsOnFork;
    private byte _padding;

    /// <summary>As ioprio_set has it: class and level; 0 for none.</summary>
    public ushort IoPriority;
    private ushort _padding2;

    public readonly bool IsRealTime => Policy is SchedulingPolicy.Fifo or SchedulingPolicy.RoundRobin;

    /// <summary>False for what no call makes.</summary>
    public readonly bool IsValid
        => Policy is SchedulingPolicy.Other or SchedulingPolicy.Fifo or SchedulingPolicy.RoundRobin or SchedulingPolicy.Batch
                or SchedulingPolicy.Idle
            && IsRealTime == Priority is > 0 and <= MaxPriority && (IsRealTime || Priority == 0) && _padding == 0 && _padding2 == 0;

    /// <summary>What a thread or process begins with whose maker has this.</summary>
    public readonly SchedulingChoice ForChild
        => !ResetsOnFork ? this
            : new SchedulingChoice { Policy = IsRealTime ? SchedulingPolicy.Other : Policy, IoPriority = IoPriority };
}
