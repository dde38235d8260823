// Bytes from the line: signals, flow control, editing, and the ring that programs read from. The order of the checks is the one Linux's
// N_TTY uses, since programs have come to depend on it: strip, literal, flow control, signals, CR/NL mapping, editing, line ends.
using System;
using Aurora.Base;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Terminals;

public sealed unsafe partial class TerminalService
{
    /// <summary>Takes bytes from the line and returns how many; the rest must be offered again when programs have read something.</summary>
    public int Receive(Terminal* terminal, ReadOnlySpan<byte> bytes)
    {
        int taken = 0;
        while (taken < bytes.Length && CanReceive(terminal))
            ReceiveByte(terminal, bytes[taken++]);
        if (CanRead(terminal))
            _scheduler.WakeAll(&terminal->Readers);
        return taken;
    }

    /// <summary>True while <see cref="Receive"/> takes at least one byte.</summary>
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
        if (settings.IsCanonical && (HandleEdit(terminal, value) || HandleLineEnd(terminal, value)))
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

    /// <summary>Holds output back, or lets it go on (the stop and start characters, TCXONC).</summary>
    public void SetOutputStopped(Terminal* terminal, bool isStopped)
    {
        terminal->IsOutputStopped = isStopped;
        _tracker.MarkChanged(&terminal->Header);
        if (!isStopped)
            _scheduler.WakeAll(&terminal->Writers);
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
            FlushInput(terminal);
        if (terminal->IsOutputStopped && settings.HasInput(TermiosFlags.FlowControlOutput))
            SetOutputStopped(terminal, false);
        if (settings.HasLocal(TermiosFlags.Echo))
            EchoByte(terminal, value);
        SignalForeground(terminal, signal);
        return true;
    }

    private bool HandleEdit(Terminal* terminal, byte value)
    {
        ref Termios settings = ref terminal->Settings;
        if (settings.Is(value, ControlCharacter.Erase))
        {
            EraseCharacter(terminal);
            return true;
        }
        if (settings.Is(value, ControlCharacter.Kill))
        {
            KillLine(terminal);
            return true;
        }
        if (!settings.HasLocal(TermiosFlags.Extended))
            return false;
        if (settings.Is(value, ControlCharacter.WordErase))
        {
            EraseWord(terminal);
            return true;
        }
        if (settings.Is(value, ControlCharacter.LiteralNext))
        {
            terminal->IsLiteralNext = true;
            _tracker.MarkChanged(&terminal->Header);
            if (settings.HasLocal(TermiosFlags.Echo) && settings.HasLocal(TermiosFlags.EchoControl))
                EchoText(terminal, "^\b"u8);
            return true;
        }
        if (!settings.Is(value, ControlCharacter.Reprint) || !settings.HasLocal(TermiosFlags.Echo))
            return false;
        EchoByte(terminal, value);
        EchoNewline(terminal);
        EchoPending(terminal);
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
                EchoNewline(terminal);
            CompleteLine(terminal, value);
            return true;
        }
        bool isOther = settings.Is(value, ControlCharacter.EndOfLine)
            || (settings.Is(value, ControlCharacter.EndOfLine2) && settings.HasLocal(TermiosFlags.Extended));
        if (!isOther)
            return false;
        if (settings.HasLocal(TermiosFlags.Echo))
            EchoByte(terminal, value);
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
                EchoText(terminal, "\a"u8);
            return;
        }
        if (terminal->InputHead == terminal->LineHead)
            terminal->LineColumn = terminal->Column;
        SetInput(terminal, terminal->InputHead++, value, false);
        if (!settings.IsCanonical)
            terminal->LineHead = terminal->InputHead;
        if (!settings.HasLocal(TermiosFlags.Echo))
            return;
        if (value == '\n' && !isLiteral)
            EchoNewline(terminal);
        else
            EchoByte(terminal, value);
    }

    private void CompleteLine(Terminal* terminal, byte value)
    {
        if (terminal->InputRoom == 0)
            return;
        SetInput(terminal, terminal->InputHead++, value, true);
        terminal->LineHead = terminal->InputHead;
    }

    /// <summary>Drops all input that has not been read.</summary>
    public void FlushInput(Terminal* terminal)
    {
        terminal->InputTail = terminal->LineHead = terminal->InputHead;
        terminal->IsLiteralNext = false;
        _tracker.MarkChanged(&terminal->Header);
    }

    private static bool IsWordByte(byte value) => value >= 0x80 || value == '_' || char.IsAsciiLetterOrDigit((char)value);

    private static bool IsContinuation(Terminal* terminal, byte value)
        => terminal->Settings.HasInput(TermiosFlags.Utf8) && (value & 0xC0) == 0x80;

    private void EraseCharacter(Terminal* terminal)
    {
        if (terminal->InputHead == terminal->LineHead)
            return;
        byte value;
        ulong end = terminal->InputHead;
        do
            value = InputAt(terminal, --end);
        while (IsContinuation(terminal, value) && end != terminal->LineHead);
        EraseTo(terminal, end, value);
    }

    private void EraseWord(Terminal* terminal)
    {
        ulong end = terminal->InputHead;
        bool sawWord = false;
        while (end != terminal->LineHead)
        {
            byte value = InputAt(terminal, end - 1);
            if (!IsWordByte(value) && sawWord)
                break;
            sawWord |= IsWordByte(value);
            end--;
        }
        while (terminal->InputHead != end)
            EraseCharacter(terminal);
    }

    private void KillLine(Terminal* terminal)
    {
        ref Termios settings = ref terminal->Settings;
        bool isVisual = settings.HasLocal(TermiosFlags.EchoKill) && settings.HasLocal(TermiosFlags.EchoKillErase)
            && settings.HasLocal(TermiosFlags.EchoErase);
        if (isVisual || !settings.HasLocal(TermiosFlags.Echo))
        {
            while (terminal->InputHead != terminal->LineHead)
                EraseCharacter(terminal);
            return;
        }
        terminal->InputHead = terminal->LineHead;
        _tracker.MarkChanged(&terminal->Header);
        EchoByte(terminal, settings.Characters[ControlCharacter.Kill]);
        if (settings.HasLocal(TermiosFlags.EchoKill))
            EchoNewline(terminal);
    }
}
