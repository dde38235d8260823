// What a trace tells of. The numbers are those of struct sls_event (guests/include/aurora.h), and are not used for anything else again.
using System;

namespace Aurora.Base;

/// <summary>What happened, and what <see cref="TraceEvent.Argument"/> is.</summary>
public enum TraceKind : ushort
{
    None = 0,

    /// <summary>The stop window of a checkpoint, in its four parts: threads are marked.</summary>
    Quiesce = 1,

    /// <summary>Dirty pages are write-protected: how many.</summary>
    Freeze = 2,

    /// <summary>Changed kernel objects become records: how many.</summary>
    Capture = 3,

    /// <summary>Until threads may run again: the epoch.</summary>
    Resume = 4,

    /// <summary>Pages of a commit are summed, and their writes started: how many.</summary>
    Sum = 5,

    /// <summary>Somebody waits until what a commit writes is written: the blocks of its record, or zero for its data.</summary>
    Write = 6,

    /// <summary>Somebody waits for a FLUSH of the device.</summary>
    Flush = 7,

    /// <summary>A commit takes its turn, waiting included: its sequence number.</summary>
    Turn = 8,

    /// <summary>A commit gets its place in the log: the blocks of its record.</summary>
    Append = 9,

    /// <summary>A commit becomes part of the present: how many operations it has.</summary>
    Apply = 10,

    /// <summary>A cut: its number.</summary>
    Cut = 11,

    /// <summary>The device is told of blocks that have become free.</summary>
    Discard = 12,

    /// <summary>A page is read for a fault: its index in its object.</summary>
    PageIn = 13,

    /// <summary>A page fault that did not have to wait: its address.</summary>
    Fault = 14,

    /// <summary>A long dispatch of a system call: its number.</summary>
    Call = 15,

    /// <summary>Frames are brought back: how many are free afterwards.</summary>
    Reclaim = 16,

    /// <summary>A group is made of its records: the volume they are read from.</summary>
    Restore = 17,

    /// <summary>A fiber had the processor for long: its number.</summary>
    Run = 18,

    /// <summary>The same without a look at whether it should give way.</summary>
    Stretch = 19,

    /// <summary>A trace begins, with this event: from how long on it tells what is told only when it was long, in nanoseconds.</summary>
    Begin = 20,
}

/// <summary>What the kinds are called.</summary>
public static class TraceKindName
{
    /// <summary>The name of a kind.</summary>
    public static ReadOnlySpan<byte> Of(TraceKind kind) => kind switch
    {
        TraceKind.Quiesce => "quiesce"u8,
        TraceKind.Freeze => "freeze"u8,
        TraceKind.Capture => "capture"u8,
        TraceKind.Resume => "resume"u8,
        TraceKind.Sum => "sum"u8,
        TraceKind.Write => "write"u8,
        TraceKind.Flush => "flush"u8,
        TraceKind.Turn => "commit turn"u8,
        TraceKind.Append => "log append"u8,
        TraceKind.Apply => "apply"u8,
        TraceKind.Cut => "cut"u8,
        TraceKind.Discard => "discard"u8,
        TraceKind.PageIn => "page-in"u8,
        TraceKind.Fault => "fault"u8,
        TraceKind.Call => "call"u8,
        TraceKind.Reclaim => "reclaim"u8,
        TraceKind.Restore => "restore"u8,
        TraceKind.Run => "run"u8,
        TraceKind.Stretch => "stretch"u8,
        TraceKind.Begin => "trace begins"u8,
        _ => "unknown"u8,
    };
}
