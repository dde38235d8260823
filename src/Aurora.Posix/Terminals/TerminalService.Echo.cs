// Echo: what the user sees of his own typing. Erasing takes as many columns off the screen as the erased characters took, which for a tab or a
// control character depends on what stands before it, so the width is computed by walking the line from its first column.
// Echo that finds the output queue full is dropped: the input itself never is.
using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

public sealed unsafe partial class TerminalService
{
    private const int TabWidth = 8;

    private static bool IsControl(byte value) => value is < 32 or 127;

    private void EchoByte(Terminal* terminal, byte value)
    {
        if (IsControl(value) && value != '\t' && terminal->Settings.HasLocal(TermiosFlags.EchoControl))
        {
            ReadOnlySpan<byte> shown = [(byte)'^', (byte)(value ^ 0x40)];
            EchoText(terminal, shown);
            return;
        }
        EchoText(terminal, new ReadOnlySpan<byte>(in value));
    }

    // As any output: the terminal's post-processing makes it CR LF where that is asked for.
    private void EchoNewline(Terminal* terminal) => EchoText(terminal, "\n"u8);

    private void EchoText(Terminal* terminal, ReadOnlySpan<byte> text) => Emit(terminal, text);

    private void EchoPending(Terminal* terminal)
    {
        terminal->LineColumn = terminal->Column;
        for (ulong position = terminal->LineHead; position != terminal->InputHead; position++)
            EchoByte(terminal, InputAt(terminal, position));
    }

    // Cuts the line to end at `end`; `value` is the character that starts there.
    private void EraseTo(Terminal* terminal, ulong end, byte value)
    {
        ref Termios settings = ref terminal->Settings;
        terminal->InputHead = end;
        _tracker.MarkChanged(&terminal->Header);
        if (!settings.HasLocal(TermiosFlags.Echo))
            return;
        if (!settings.HasLocal(TermiosFlags.EchoErase))
        {
            EchoByte(terminal, settings.Characters[ControlCharacter.Erase]);
            return;
        }
        if (value == '\t')
        {
            for (int columns = terminal->Column - ColumnAt(terminal, end); columns > 0; columns--)
                EchoText(terminal, "\b"u8);
            return;
        }
        int width = IsControl(value) ? (settings.HasLocal(TermiosFlags.EchoControl) ? 2 : 0) : 1;
        for (; width > 0; width--)
            EchoText(terminal, "\b \b"u8);
    }

    private static int ColumnAt(Terminal* terminal, ulong end)
    {
        int column = terminal->LineColumn;
        bool showsControl = terminal->Settings.HasLocal(TermiosFlags.EchoControl);
        for (ulong position = terminal->LineHead; position != end; position++)
        {
            byte value = InputAt(terminal, position);
            if (value == '\t')
                column += TabWidth - (column % TabWidth);
            else if (IsControl(value))
                column += showsControl ? 2 : 0;
            else if (!IsContinuation(terminal, value))
                column++;
        }
        return column;
    }
}
