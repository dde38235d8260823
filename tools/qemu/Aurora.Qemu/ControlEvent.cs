using System;
using System.Collections.Generic;

namespace Aurora.Qemu;

/// <summary>One line the kernel sent on COM2.</summary>
public abstract record ControlEvent(string Line);

/// <summary>A line of the kernel's log.</summary>
public sealed record LogEvent(string Line) : ControlEvent(Line);

/// <summary>The kernel is up and init runs.</summary>
public sealed record ReadyEvent(string Line) : ControlEvent(Line);

/// <summary>A saved session continues.</summary>
public sealed record ResumedEvent(string Line, int Processes, ulong Epoch, IReadOnlyDictionary<string, string> Values) : ControlEvent(Line);

/// <summary>Init's program could not be started, for a reason of Linux's: 2 for one that is not there.</summary>
public sealed record UnstartedEvent(string Line, int Error) : ControlEvent(Line);

/// <summary>Init ended; the machine powers off. <paramref name="Status"/> is a shell's view of it: the exit code, or 128 + the signal.</summary>
public sealed record ExitEvent(string Line, int Status) : ControlEvent(Line);

/// <summary>The machine powers off because somebody asked for it; the session stays on its disk.</summary>
public sealed record PowerOffEvent(string Line) : ControlEvent(Line);

/// <summary>The kernel stopped on a broken invariant and is about to reset.</summary>
public sealed record PanicEvent(string Line, string Reason) : ControlEvent(Line);

/// <summary>The kernel will not run with what it was given: a bad image, an unknown format, a lesser machine.</summary>
public sealed record RefusedEvent(string Line, string Reason) : ControlEvent(Line)
{
    /// <summary>The session's newest state cannot be restored on this machine.</summary>
    public bool IsUnrestorable => Reason.StartsWith("restore: ", StringComparison.Ordinal);

    /// <summary>The session panicked too often in a row soon after its start to be started once more.</summary>
    public bool IsHeld => Reason.StartsWith("held: ", StringComparison.Ordinal);
}

/// <summary>Everything up to and including this checkpoint survives a power cut.</summary>
public sealed record DurableEvent(string Line, ulong Epoch) : ControlEvent(Line);

/// <summary>Figures, as key=value pairs.</summary>
public sealed record StatEvent(string Line, IReadOnlyDictionary<string, string> Values) : ControlEvent(Line);

/// <summary>
/// Something about a program that the launcher runs. The words, and what the rest is, are those of the kernel's LauncherExecCommands.
/// </summary>
public sealed record ExecEvent(string Line, ulong Number, string Word, string Rest) : ControlEvent(Line);

/// <summary>Development output of the kernel, such as one frame of a stack trace.</summary>
public sealed record TraceEvent(string Line, string Text) : ControlEvent(Line);
