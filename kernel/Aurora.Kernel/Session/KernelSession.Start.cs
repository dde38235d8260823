// The first and the last thing the launcher hears of a session: it runs (again), or why it cannot.
using System;
using Aurora.Base;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

internal sealed unsafe partial class KernelSession
{
    private bool _isResumed;
    private int _replayed;

    /// <summary>From kernel entry to the moment guests could run, in nanoseconds.</summary>
    public ulong BootNanoseconds { get; private set; }

    /// <summary>Reports why there will be no session; always false, for "return Refuse(…)".</summary>
    public bool Refuse(ReadOnlySpan<byte> what, ReadOnlySpan<byte> reason)
    {
        Span<byte> buffer = stackalloc byte[256];
        var line = new Utf8Writer(buffer);
        line.Append("@refused "u8);
        line.Append(what);
        line.Append(": "u8);
        line.Append(reason);
        KernelLog.Line(line.Written);
        return false;
    }

    /// <summary>
    /// Connects the host's terminal to a restored session: shows what was last on the screen, except what is still held and will be shown
    /// anyway, and tells the foreground programs to redraw.
    /// </summary>
    public void Attach(bool isPlain, in WindowSize window)
    {
        _isResumed = true;
        Terminal* console = Linux.Terminals.Console;
        Linux.Terminals.Settings.SetPlain(console, isPlain);
        if (isPlain)
            return;
        Span<byte> screen = stackalloc byte[Terminal.ScreenBytes];
        int length = TerminalRings.CopyScreen(console, screen);
        int held = (int)Math.Min(Group.Output.Written - Group.Output.Emitted, (ulong)length);
        _replayed = Hardware.Console.Write(screen[..(length - held)]);
        Linux.Terminals.Settings.SetWindow(console, in window);
        Linux.Terminals.Settings.NotifyAttached(console);
    }

    /// <summary>
    /// Lets the guests run; the main loop takes over. The launcher is told at which byte of the session's whole output the console goes on, and
    /// how many bytes before it are shown again.
    /// </summary>
    public void Start()
    {
        BootNanoseconds = Hardware.Clock.MonotonicNanoseconds;
        Group.Engine.BootNanoseconds = BootNanoseconds;
        IsRunning = true;
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append(_isResumed ? "@resumed processes="u8 : "@ready processes="u8);
        line.AppendDecimal(Linux.Processes.ProcessCount);
        line.Append(" epoch="u8);
        line.AppendDecimal(Group.Engine.RestoredEpoch);
        line.Append(" boot_ns="u8);
        line.AppendDecimal(BootNanoseconds);
        line.Append(" output="u8);
        line.AppendDecimal(Group.Output.Emitted);
        line.Append(" replay="u8);
        line.AppendDecimal(_replayed);
        KernelLog.Line(line.Written);
        // No output may be seen by somebody who has not been told where it belongs.
        Hardware.ControlPort.Flush();
    }
}
