// Echo: what the user sees of his own typing. Erasing takes as many columns off the screen as the erased characters took, which for a tab or a
// control character depends on what stands before it, so the width is computed by walking the line from its first column.
// Echo that finds the output queue full is dropped: the input itself never is.
using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>Shows what is typed, and takes it off the screen again.</summary>
public sealed unsafe class TerminalEcho(TerminalOutput output, TrackedObjects tracked)
{
    internal void Show(Terminal* terminal, byte value)
    {
        if (TerminalOutput.IsControl(value) && value != '\t' && terminal->Settings.HasLocal(TermiosFlags.EchoControl))
        {
            ReadOnlySpan<byte> shown = [(byte)'^', (byte)(value ^ 0x40)];
            ShowText(terminal, shown);
            return;
        }
        ShowText(terminal, new ReadOnlySpan<byte>(in value));
    }

    // As any output: the terminal's post-processing makes it CR LF where that is asked for.
    internal void ShowNewline(Terminal* terminal) => ShowText(terminal, "\n"u8);

    internal void ShowText(Terminal* terminal, ReadOnlySpan<byte> text) => output.Emit(terminal, text);

    internal void ShowPending(Terminal* terminal)
    {
        terminal->LineColumn = terminal->Column;
        for (ulong position = terminal->LineHead; position != terminal->InputHead; position++)
            Show(terminal, TerminalRings.InputAt(terminal, position));
    }

    // Cuts the line to end at `end`; `value` is the character that starts there, and `column` where, which matters for a tab.
    internal void EraseTo(Terminal* terminal, ulong end, byte value, int column)
    {
        ref Termios settings = ref terminal->Settings;
        terminal->InputHead = end;
        tracked.MarkChanged(&terminal->Header);
        if (!settings.HasLocal(TermiosFlags.Echo))
            return;
        if (!settings.HasLocal(TermiosFlags.EchoErase))
        {
            Show(terminal, settings.Characters[ControlCharacter.Erase]);
            return;
        }
        if (value == '\t')
        {
            for (int columns = terminal->Column - column; columns > 0; columns--)
                ShowText(terminal, "\b"u8);
            return;
        }
        int width = TerminalOutput.IsControl(value) ? (settings.HasLocal(TermiosFlags.EchoControl) ? 2 : 0) : 1;
        for (; width > 0; width--)
            ShowText(terminal, "\b \b"u8);
    }

    // The columns of bytes of the line, from `first` on, in one walk.
    internal static void ColumnsFrom(Terminal* terminal, ulong first, Span<int> columns)
    {
        int column = terminal->LineColumn;
        bool showsControl = terminal->Settings.HasLocal(TermiosFlags.EchoControl);
        for (ulong position = terminal->LineHead; position != first + (ulong)columns.Length; position++)
        {
            if (position >= first)
                columns[(int)(position - first)] = column;
            byte value = TerminalRings.InputAt(terminal, position);
            if (value == '\t')
                column += TerminalOutput.TabWidth - (column % TerminalOutput.TabWidth);
            else if (TerminalOutput.IsControl(value))
                column += showsControl ? 2 : 0;
            else if (!TerminalOutput.IsContinuation(terminal, value))
                column++;
        }
    }
}
