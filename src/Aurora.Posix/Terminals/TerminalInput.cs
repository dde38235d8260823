// Bytes from the line: signals, flow control, editing, and the ring that programs read from. The order of the checks is the one Linux's
// N_TTY uses, since programs have come to depend on it: strip, literal, flow control, signals, CR/NL mapping, editing, line ends.
using System;
using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>Takes bytes from the line.</summary>
public sealed unsafe class TerminalInput(
    TerminalRings rings, TerminalJobs jobs, TerminalEcho echo, LineEditing editing, TerminalLine line, TrackedObjects tracked,
    ThreadScheduler scheduler)
{
    // Of a byte that is not stored: a signal may go to many.
    private const long WorkOfOthers = 256;

    /// <summary>Takes bytes from the line and returns how many; the rest must be offered again when programs have read something.</summary>
    public int Receive(Terminal* terminal, ReadOnlySpan<byte> bytes)
    {
        long work = long.MaxValue;
        return Receive(terminal, bytes, ref work);
    }

    /// <summary>
    /// As above, until the work is done that may be: one for a byte that goes in, more for what goes over the line, or to many processes.
    /// </summary>
    public int Receive(Terminal* terminal, ReadOnlySpan<byte> bytes, ref long work)
    {
        int taken = 0;
        while (taken < bytes.Length && work > 0 && CanReceive(terminal))
        {
            ulong head = terminal->InputHead;
            long line = (long)(head - terminal->LineHead);
            ReceiveByte(terminal, bytes[taken++]);
            work -= terminal->InputHead == head + 1 ? 1 : WorkOfOthers + line;
        }
        if (TerminalReads.CanRead(terminal))
            scheduler.Wake(&terminal->Readers);
        return taken;
    }

    /// <summary>True while Receive takes at least one byte.</summary>
    public static bool CanReceive(Terminal* terminal)
        => terminal->InputRoom > 1 || (terminal->Settings.IsCanonical && !terminal->HasLine);

    /// <summary>
    /// Looks through bytes that a full terminal has no room for: those up to a character that raises a signal and drops the unread input (^C, ^Z)
    /// are dropped with it, and the signal is raised. Returns how many bytes are done with; zero leaves all of them waiting.
    /// </summary>
    public int ReceiveSignal(Terminal* terminal, ReadOnlySpan<byte> waiting)
    {
        ref Termios settings = ref terminal->Settings;
        if (terminal->IsPlain || !settings.HasLocal(TermiosFlags.Signals) || settings.HasLocal(TermiosFlags.NoFlush))
            return 0;
        for (int i = 0; i < waiting.Length; i++)
        {
            byte value = settings.HasInput(TermiosFlags.StripEighthBit) ? (byte)(waiting[i] & 0x7F) : waiting[i];
            if (HandleSignal(terminal, value))
                return i + 1;
        }
        return 0;
    }

    /// <summary>The host's input has ended.</summary>
    public void End(Terminal* terminal)
    {
        terminal->IsEnded = true;
        tracked.MarkChanged(&terminal->Header);
        scheduler.WakeAll(&terminal->Readers);
    }

    /// <summary>Holds output back, or lets it go on (the stop and start characters, TCXONC).</summary>
    public void SetOutputStopped(Terminal* terminal, bool isStopped)
    {
        if (terminal->IsOutputStopped != isStopped)
            line.Tell(terminal, isStopped ? PacketStatus.Stopped : PacketStatus.Started,
                isStopped ? PacketStatus.Started : PacketStatus.Stopped);
        terminal->IsOutputStopped = isStopped;
        tracked.MarkChanged(&terminal->Header);
        if (!isStopped)
            scheduler.Wake(&terminal->Writers);
    }

    /// <summary>Drops all input that has not been read.</summary>
    public void Flush(Terminal* terminal)
    {
        terminal->InputTail = terminal->LineHead = terminal->InputHead;
        terminal->IsLiteralNext = false;
        tracked.MarkChanged(&terminal->Header);
        line.Tell(terminal, PacketStatus.InputFlushed);
        line.TakeInput(terminal);
    }

    private void ReceiveByte(Terminal* terminal, byte value)
    {
        ref Termios settings = ref terminal->Settings;
        if (settings.HasInput(TermiosFlags.StripEighthBit))
            value &= 0x7F;
        if (settings.HasInput(TermiosFlags.UpperToLower) && settings.HasLocal(TermiosFlags.Extended) && value is >= (byte)'A' and <= (byte)'Z')
            value += 32;
        if (terminal->IsLiteralNext)
        {
            terminal->IsLiteralNext = false;
            Store(terminal, value, true);
            return;
        }
        if (settings.HasInput(TermiosFlags.FlowControlOutput) && HandleFlow(terminal, value))
            return;
        if (settings.HasLocal(TermiosFlags.Signals) && HandleSignal(terminal, value))
            return;
        if (value == '\r')
        {
            if (settings.HasInput(TermiosFlags.IgnoreReturn))
                return;
            if (settings.HasInput(TermiosFlags.ReturnToNewline))
                value = (byte)'\n';
        }
        else if (value == '\n' && settings.HasInput(TermiosFlags.NewlineToReturn))
        {
            value = (byte)'\r';
        }
        if (settings.IsCanonical && (editing.Handle(terminal, value) || HandleLineEnd(terminal, value)))
            return;
        Store(terminal, value, false);
    }

    private bool HandleFlow(Terminal* terminal, byte value)
    {
        ref Termios settings = ref terminal->Settings;
        if (settings.Is(value, ControlCharacter.Start) || (terminal->IsOutputStopped && settings.HasInput(TermiosFlags.AnyRestarts)
            && !settings.Is(value, ControlCharacter.Stop)))
        {
            SetOutputStopped(terminal, false);
            return settings.Is(value, ControlCharacter.Start);
        }
        if (!settings.Is(value, ControlCharacter.Stop))
            return false;
        SetOutputStopped(terminal, true);
        return true;
    }

    private bool HandleSignal(Terminal* terminal, byte value)
    {
        ref Termios settings = ref terminal->Settings;
        Signal signal = settings.Is(value, ControlCharacter.Interrupt) ? Signal.SIGINT
            : settings.Is(value, ControlCharacter.Quit) ? Signal.SIGQUIT
            : settings.Is(value, ControlCharacter.Suspend) ? Signal.SIGTSTP : Signal.None;
        if (signal == Signal.None)
            return false;
        if (!settings.HasLocal(TermiosFlags.NoFlush))
        {
            line.FlushOutput(terminal);
            Flush(terminal);
        }
        if (terminal->IsOutputStopped && settings.HasInput(TermiosFlags.FlowControlOutput))
            SetOutputStopped(terminal, false);
        if (settings.HasLocal(TermiosFlags.Echo))
            echo.Show(terminal, value);
        jobs.SignalForeground(terminal, signal);
        return true;
    }

    private bool HandleLineEnd(Terminal* terminal, byte value)
    {
        ref Termios settings = ref terminal->Settings;
        if (settings.Is(value, ControlCharacter.EndOfFile))
        {
            CompleteLine(terminal, 0);
            return true;
        }
        if (value == '\n')
        {
            if (settings.HasLocal(TermiosFlags.Echo) || settings.HasLocal(TermiosFlags.EchoNewline))
                echo.ShowNewline(terminal);
            CompleteLine(terminal, value);
            return true;
        }
        bool isOther = settings.Is(value, ControlCharacter.EndOfLine)
            || (settings.Is(value, ControlCharacter.EndOfLine2) && settings.HasLocal(TermiosFlags.Extended));
        if (!isOther)
            return false;
        if (settings.HasLocal(TermiosFlags.Echo))
            echo.Show(terminal, value);
        CompleteLine(terminal, value);
        return true;
    }

    // One byte of the ring is kept for the character that completes a line, so that a full line can always be ended.
    private void Store(Terminal* terminal, byte value, bool isLiteral)
    {
        ref Termios settings = ref terminal->Settings;
        if (terminal->InputRoom <= 1)
        {
            if (settings.HasInput(TermiosFlags.BellOnFull))
                echo.ShowText(terminal, "\a"u8);
            return;
        }
        if (terminal->InputHead == terminal->LineHead)
            terminal->LineColumn = terminal->Column;
        rings.SetInput(terminal, terminal->InputHead++, value, false);
        if (!settings.IsCanonical)
            terminal->LineHead = terminal->InputHead;
        if (!settings.HasLocal(TermiosFlags.Echo))
            return;
        if (value == '\n' && !isLiteral)
            echo.ShowNewline(terminal);
        else
            echo.Show(terminal, value);
    }

    private void CompleteLine(Terminal* terminal, byte value)
    {
        if (terminal->InputRoom == 0)
            return;
        rings.SetInput(terminal, terminal->InputHead++, value, true);
        terminal->LineHead = terminal->InputHead;
    }
}
