using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>Unread input and the last screens of output, a byte at a time.</summary>
public sealed unsafe class TerminalRings(TrackedObjects tracked)
{
    /// <summary>Copies the kept end of the output, oldest first; at most the buffer's length of the newest bytes.</summary>
    public static int CopyScreen(Terminal* terminal, Span<byte> destination)
    {
        ulong kept = Math.Min(terminal->ScreenEnd, Terminal.ScreenBytes);
        int count = (int)Math.Min(kept, (ulong)destination.Length);
        for (int i = 0; i < count; i++)
            destination[i] = *ScreenByte(terminal, terminal->ScreenEnd - (ulong)(count - i));
        return count;
    }

    internal static TerminalText* TextOf(Terminal* terminal, int index) => (TerminalText*)terminal->Texts[index];

    internal static byte InputAt(Terminal* terminal, ulong position)
    {
        int offset = (int)(position % Terminal.InputBytes);
        return TextOf(terminal, offset / TerminalText.Bytes)->Content[offset % TerminalText.Bytes];
    }

    internal void SetInput(Terminal* terminal, ulong position, byte value, bool endsLine)
    {
        int offset = (int)(position % Terminal.InputBytes);
        TerminalText* text = TextOf(terminal, offset / TerminalText.Bytes);
        text->Content[offset % TerminalText.Bytes] = value;
        tracked.MarkChanged(&text->Header);
        ulong bit = 1UL << (offset % 64);
        if (endsLine)
            terminal->LineEnds[offset / 64] |= bit;
        else
            terminal->LineEnds[offset / 64] &= ~bit;
        tracked.MarkChanged(&terminal->Header);
    }

    internal static bool EndsLine(Terminal* terminal, ulong position)
    {
        int offset = (int)(position % Terminal.InputBytes);
        return (terminal->LineEnds[offset / 64] & (1UL << (offset % 64))) != 0;
    }

    internal static byte* ScreenByte(Terminal* terminal, ulong position)
    {
        int offset = (int)(position % Terminal.ScreenBytes);
        TerminalText* text = TextOf(terminal, Terminal.InputTexts + (offset / TerminalText.Bytes));
        return &text->Content[offset % TerminalText.Bytes];
    }

    // A staged piece is shorter than a text, so its ends name every text it touched.
    internal void MarkScreen(Terminal* terminal, ulong position)
    {
        int index = (int)(position % Terminal.ScreenBytes) / TerminalText.Bytes;
        tracked.MarkChanged(&TextOf(terminal, Terminal.InputTexts + index)->Header);
    }
}
