using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>Settings, the window, and how the host is attached.</summary>
public sealed unsafe class TerminalSettings(
    TerminalInput input, TerminalJobs jobs, TerminalLine line, TrackedObjects tracked, ThreadScheduler scheduler)
{
    /// <summary>Changes the settings; what was typed before a change of mode stays readable.</summary>
    public void Set(Terminal* terminal, in Termios settings, bool dropsInput)
    {
        if (dropsInput)
            input.Flush(terminal);
        bool changesMode = terminal->Settings.IsCanonical != settings.IsCanonical;
        TellFlowControl(terminal, in settings);
        terminal->Settings = settings;
        if (terminal->IsPseudo)
            terminal->Settings.BePseudo();
        if (changesMode)
            terminal->LineHead = terminal->InputHead;
        if (!settings.HasInput(TermiosFlags.FlowControlOutput) && terminal->IsOutputStopped)
            input.SetOutputStopped(terminal, false);
        tracked.MarkChanged(&terminal->Header);
        if (TerminalReads.CanRead(terminal))
            scheduler.WakeAll(&terminal->Readers);
        line.TakeInput(terminal);
    }

    // A master in packet mode hears whether ^S and ^Q mean what they usually do.
    private void TellFlowControl(Terminal* terminal, in Termios settings)
    {
        Termios next = settings;
        bool willHave = next.HasUsualFlowControl();
        if (terminal->Settings.HasUsualFlowControl() == willHave)
            return;
        line.Tell(terminal, willHave ? PacketStatus.FlowControl : PacketStatus.NoFlowControl,
            PacketStatus.FlowControl | PacketStatus.NoFlowControl);
    }

    /// <summary>Changes how the host is attached after a restore: a session may go on with or without a terminal.</summary>
    public void SetPlain(Terminal* terminal, bool isPlain)
    {
        if (terminal->IsPlain == isPlain)
            return;
        terminal->IsPlain = isPlain;
        terminal->Settings = isPlain ? Termios.Raw() : Termios.Cooked();
        terminal->IsEnded = false;
        terminal->LineHead = terminal->InputHead;
        tracked.MarkChanged(&terminal->Header);
    }

    /// <summary>Sets the window's size; the foreground group hears of a change.</summary>
    public void SetWindow(Terminal* terminal, in WindowSize window)
    {
        if (terminal->Window.Equals(in window))
            return;
        terminal->Window = window;
        tracked.MarkChanged(&terminal->Header);
        jobs.SignalForeground(terminal, Signal.SIGWINCH);
    }

    /// <summary>Nobody opens the terminal any more but who may do everything (TIOCEXCL), or all may again.</summary>
    public void SetExclusive(Terminal* terminal, bool isExclusive)
    {
        terminal->IsExclusive = isExclusive;
        tracked.MarkChanged(&terminal->Header);
    }

    /// <summary>Tells the programs of a freshly attached terminal to draw their screen again.</summary>
    public void NotifyAttached(Terminal* terminal) => jobs.SignalForeground(terminal, Signal.SIGWINCH);
}
