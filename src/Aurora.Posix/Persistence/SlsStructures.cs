// The structures of the Aurora calls, as guests/include/aurora.h declares them. They grow at the end only.
using System.Runtime.InteropServices;

namespace Aurora.Posix.Persistence;

/// <summary>Totals of a group's persistence (struct sls_stat). Times in nanoseconds.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SlsStatistics
{
    public const int Size = 312;

    public ulong CapturedEpoch, DurableEpoch, RestoredEpoch;
    public ulong PeriodNanoseconds;
    public ulong Checkpoints, Pages, Records, Bytes;
    public ulong StopMedianNanoseconds, StopP99Nanoseconds, DurableMedianNanoseconds, DurableP99Nanoseconds;

    /// <summary>From the kernel's entry to the first guest instruction of this boot.</summary>
    public ulong RestoreNanoseconds;
    public ulong SystemCalls, UnknownCalls;
    public ulong MinorFaults, MajorFaults;
    public ulong FreeBytes, TotalBytes;
    public ulong StoreFreeBytes, StoreTotalBytes;
    public ulong Failed;

    /// <summary>Checkpoints that were discarded because a kernel object contradicted itself.</summary>
    public ulong Violations;

    /// <summary>The longest time for which a thread had to wait for the kernel's own work (a flush, a cut) to give way.</summary>
    public ulong LongestWaitNanoseconds;

    /// <summary>How long the processor has had nothing to do since the machine started.</summary>
    public ulong IdleNanoseconds;

    /// <summary>Where the latest checkpoints spent their time, and the longest that one of them spent there.</summary>
    public CheckpointPhases PhaseMean, PhaseLongest;
}

/// <summary>
/// The parts of a checkpoint's time (struct sls_phases). The first four are the stop, and all together are the time to durable.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct CheckpointPhases
{
    public const int Size = 56;

    /// <summary>Threads are marked; dirty pages protected; changed objects recorded; until threads may run.</summary>
    public ulong QuiesceNanoseconds, FreezeNanoseconds, CaptureNanoseconds, ResumeNanoseconds;

    /// <summary>Until all pages are summed and on their way to the device, what is waited for until then included.</summary>
    public ulong SumNanoseconds;

    /// <summary>Until everything is written, but for the next.</summary>
    public ulong WriteNanoseconds;

    /// <summary>In FLUSHes of the device.</summary>
    public ulong FlushNanoseconds;
}

/// <summary>What one checkpoint cost (struct sls_sample).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CheckpointSample
{
    public const int Size = 40;

    public ulong Epoch;

    /// <summary>From the first thread stopped to the last one free to run.</summary>
    public ulong StopNanoseconds;

    /// <summary>From the start of the stop to the commit's durability.</summary>
    public ulong DurableNanoseconds;
    public ulong Bytes;
    public uint DirtyPages;
    public uint Records;
}

/// <summary>A checkpoint in the store (struct sls_history).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SlsHistoryEntry
{
    public const int Size = 96;
    public const int NameBytes = 64;

    /// <summary>What the first form of the call fills.</summary>
    public const int FirstSize = 88;

    /// <summary>In Flags: the present state does not come from this checkpoint, a rollback went back to before it.</summary>
    public const uint IsLeft = 1;

    /// <summary>In Flags: what this machine continued from when it started.</summary>
    public const uint IsPresent = 2;

    public ulong Epoch;
    public ulong RealtimeNanoseconds;
    public ulong Bytes;

    /// <summary>Zero-terminated; empty for a checkpoint nobody named.</summary>
    public fixed byte Name[NameBytes];
    public uint Flags;
    public uint Reserved;
}

/// <summary>A consistency group (struct sls_group).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SlsGroup
{
    public const int Size = 80;
    public const int NameBytes = 32;

    public const uint StatePersisted = 0;

    /// <summary>Nothing of it is kept: it was made so, or the machine was started without checkpoints.</summary>
    public const uint StateEphemeral = 1;

    /// <summary>The store has failed for good; the last durable checkpoint stands.</summary>
    public const uint StateFailed = 2;

    /// <summary>The store has no room: what is done now is not persisted until something has been deleted.</summary>
    public const uint StateFull = 3;

    /// <summary>The group waits until the store has taken what it has changed.</summary>
    public const uint StatePaused = 4;

    /// <summary>Somebody has suspended it.</summary>
    public const uint StateSuspended = 5;

    /// <summary>Its init has ended; <see cref="WaitStatus"/> says how.</summary>
    public const uint StateEnded = 6;

    /// <summary>It is being brought into memory, or goes back in time.</summary>
    public const uint StateStarting = 7;

    /// <summary>It could not be brought back from its volume; the kernel's log says why.</summary>
    public const uint StateBroken = 8;

    /// <summary>A volume that nobody runs; groups are made of it.</summary>
    public const uint StateSaved = 9;

    public ulong Id;
    public ulong CapturedEpoch, DurableEpoch;
    public ulong PeriodNanoseconds;
    public uint Processes, Threads;

    /// <summary>One of the State constants.</summary>
    public uint State;

    /// <summary>The wait status of its init when that has ended.</summary>
    public int WaitStatus;
    public fixed byte Name[NameBytes];
}

/// <summary>What is told of a program that is run in a group (struct sls_output).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SlsOutput
{
    public const int Size = 16;

    /// <summary>
    /// The descriptor that bytes were written to, 1 or 2; zero when there will be no more: the program has ended, or, detached, begun.
    /// </summary>
    public int Stream;

    /// <summary>Its process in its group.</summary>
    public int ProcessId;

    /// <summary>When it has ended: how.</summary>
    public int WaitStatus;

    /// <summary>Why it could not be started, an errno; zero when it could.</summary>
    public int Error;
}

/// <summary>A system call that was made and does not exist here (struct sls_unknown).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SlsUnknownCall
{
    public const int Size = 16;

    public ulong Number;
    public ulong Count;
}
