using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>The characters that change the line that is being typed.</summary>
public sealed unsafe class LineEditing(TerminalEcho echo, TrackedObjects tracked)
{
    /// <summary>True when the character was one of them.</summary>
    public bool Handle(Terminal* terminal, byte value)
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
            tracked.MarkChanged(&terminal->Header);
            if (settings.HasLocal(TermiosFlags.Echo) && settings.HasLocal(TermiosFlags.EchoControl))
                echo.ShowText(terminal, "^\b"u8);
            return true;
        }
        if (!settings.Is(value, ControlCharacter.Reprint) || !settings.HasLocal(TermiosFlags.Echo))
            return false;
        echo.Show(terminal, value);
        echo.ShowNewline(terminal);
        echo.ShowPending(terminal);
        return true;
    }

    private void EraseCharacter(Terminal* terminal)
    {
        if (terminal->InputHead == terminal->LineHead)
            return;
        byte value;
        ulong end = terminal->InputHead;
        do
            value = TerminalRings.InputAt(terminal, --end);
        while (TerminalOutput.IsContinuation(terminal, value) && end != terminal->LineHead);
        echo.EraseTo(terminal, end, value);
    }

    private void EraseWord(Terminal* terminal)
    {
        ulong end = terminal->InputHead;
        bool sawWord = false;
        while (end != terminal->LineHead)
        {
            byte value = TerminalRings.InputAt(terminal, end - 1);
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
        tracked.MarkChanged(&terminal->Header);
        echo.Show(terminal, settings.Characters[ControlCharacter.Kill]);
        if (settings.HasLocal(TermiosFlags.EchoKill))
            echo.ShowNewline(terminal);
    }

    private static bool IsWordByte(byte value) => value >= 0x80 || value == '_' || char.IsAsciiLetterOrDigit((char)value);
}
