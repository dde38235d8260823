// The first thing the launcher hears of a session: it runs (again). Why it does not is a Refusal.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Hal;
using Aurora.Posix.Processes;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

/// <summary>Joins the host's terminal to the session and announces it.</summary>
internal sealed unsafe class SessionStart(Hardware hardware, GroupSession group, ProcessTable processes, TerminalService terminals)
{
    private bool _isResumed;
    private int _replayed;

    /// <summary>
    /// Connects the host's terminal to a restored session: shows what was last on the screen, except what is still held and will be shown
    /// anyway, and tells the foreground programs to redraw.
    /// </summary>
    public void Attach(bool isPlain, in WindowSize window)
    {
        _isResumed = true;
        Terminal* console = terminals.ConsoleOf(group.Tracker);
        terminals.Settings.SetPlain(console, isPlain);
        if (isPlain)
            return;
        Span<byte> screen = stackalloc byte[Terminal.ScreenBytes];
        int length = TerminalRings.CopyScreen(console, screen);
        int held = (int)Math.Min(group.Output.Written - group.Output.Emitted, (ulong)length);
        _replayed = hardware.Console.Write(screen[..(length - held)]);
        terminals.Settings.SetWindow(console, in window);
        terminals.Settings.NotifyAttached(console);
    }

    /// <summary>
    /// Says that the guests may run: the main loop comes next. The launcher is told at which byte of the session's whole output the console
    /// goes on, and how many bytes before it are shown again.
    /// </summary>
    public void Announce()
    {
        group.Engine.BootNanoseconds = hardware.Clock.MonotonicNanoseconds;
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append(_isResumed ? "@resumed processes="u8 : "@ready processes="u8);
        line.AppendDecimal(processes.Of(group.Tracker).ProcessCount);
        line.Append(" epoch="u8);
        line.AppendDecimal(group.Engine.RestoredEpoch);
        line.Append(" boot_ns="u8);
        line.AppendDecimal(group.Engine.BootNanoseconds);
        line.Append(" output="u8);
        line.AppendDecimal(group.Output.Emitted);
        line.Append(" replay="u8);
        line.AppendDecimal(_replayed);
        KernelLog.Line(line.Written);
        // No output may be seen by somebody who has not been told where it belongs.
        hardware.ControlPort.Flush();
    }
}
