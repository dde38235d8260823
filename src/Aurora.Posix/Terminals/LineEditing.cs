using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>The characters that change the line that is being typed.</summary>
public sealed unsafe class LineEditing(TerminalEcho echo, TrackedObjects tracked)
{
    private const int ColumnsAtOnce = 64;

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
        ulong start = StartOfLast(terminal);
        byte value = TerminalRings.InputAt(terminal, start);
        int column = 0;
        if (value == '\t')
            TerminalEcho.ColumnsFrom(terminal, start, new Span<int>(ref column));
        echo.EraseTo(terminal, start, value, column);
    }

    private static ulong StartOfLast(Terminal* terminal)
    {
        ulong start = terminal->InputHead;
        byte value;
        do
            value = TerminalRings.InputAt(terminal, --start);
        while (TerminalOutput.IsContinuation(terminal, value) && start != terminal->LineHead);
        return start;
    }

    // Character by character from the end, down to where one begins. What a tab took is told by what stands before it: that is looked at
    // for many at once.
    private void EraseTo(Terminal* terminal, ulong end)
    {
        Span<int> columns = stackalloc int[ColumnsAtOnce];
        while (terminal->InputHead > end)
        {
            ulong first = terminal->InputHead - Math.Min(terminal->InputHead - end, ColumnsAtOnce);
            TerminalEcho.ColumnsFrom(terminal, first, columns[..(int)(terminal->InputHead - first)]);
            for (ulong start; terminal->InputHead > first && (start = StartOfLast(terminal)) >= first;)
                echo.EraseTo(terminal, start, TerminalRings.InputAt(terminal, start), columns[(int)(start - first)]);
            // One that begins before the first goes by itself.
            if (terminal->InputHead > first)
                EraseCharacter(terminal);
        }
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
        // Bytes that no character begins with belong to what stands before them, whatever that is.
        while (end != terminal->InputHead && end != terminal->LineHead
            && TerminalOutput.IsContinuation(terminal, TerminalRings.InputAt(terminal, end)))
            end--;
        EraseTo(terminal, end);
    }

    private void KillLine(Terminal* terminal)
    {
        ref Termios settings = ref terminal->Settings;
        bool isVisual = settings.HasLocal(TermiosFlags.EchoKill) && settings.HasLocal(TermiosFlags.EchoKillErase)
            && settings.HasLocal(TermiosFlags.EchoErase);
        if (isVisual || !settings.HasLocal(TermiosFlags.Echo))
        {
            EraseTo(terminal, terminal->LineHead);
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
