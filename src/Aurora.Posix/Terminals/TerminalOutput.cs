// Bytes to the line: post-processing, column tracking, the screen ring and what is at the other end. A byte is taken only when all it turns
// into fits, so a writer that must wait knows exactly how many of its bytes are out.
using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>Sends bytes to the line.</summary>
public sealed unsafe class TerminalOutput(TerminalRings rings, TrackedObjects tracked, TerminalLine line)
{
    private const int LongestExpansion = 8;
    internal const int TabWidth = 8;
    private const int StagingBytes = 256;

    /// <summary>True when a write would take at least one byte.</summary>
    public bool CanWrite(Terminal* terminal) => !terminal->IsOutputStopped && line.RoomOf(terminal) >= LongestExpansion;

    /// <summary>Writes a program's bytes and returns how many were taken.</summary>
    public int Write(Terminal* terminal, ReadOnlySpan<byte> bytes)
        => terminal->IsOutputStopped ? 0 : Emit(terminal, bytes);

    internal int Emit(Terminal* terminal, ReadOnlySpan<byte> bytes)
    {
        Span<byte> staging = stackalloc byte[StagingBytes];
        int room = line.RoomOf(terminal);
        int staged = 0;
        int taken = 0;
        for (; taken < bytes.Length && staged + LongestExpansion <= room; taken++)
        {
            if (staged + LongestExpansion > StagingBytes)
            {
                Send(terminal, staging[..staged]);
                room -= staged;
                staged = 0;
                if (LongestExpansion > room)
                    break;
            }
            staged += Process(terminal, bytes[taken], staging[staged..]);
        }
        if (staged > 0)
            Send(terminal, staging[..staged]);
        return taken;
    }

    /// <summary>Sends one byte as it is, past what holds output (a flow control character); dropped when there is no room.</summary>
    internal void SendRaw(Terminal* terminal, byte value)
    {
        if (line.RoomOf(terminal) > 0)
            Send(terminal, new ReadOnlySpan<byte>(in value));
    }

    private void Send(Terminal* terminal, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
            *TerminalRings.ScreenByte(terminal, terminal->ScreenEnd++) = value;
        ulong first = terminal->ScreenEnd - (ulong)bytes.Length;
        rings.MarkScreen(terminal, first);
        rings.MarkScreen(terminal, terminal->ScreenEnd - 1);
        tracked.MarkChanged(&terminal->Header);
        line.Write(terminal, bytes);
    }

    // Turns one byte into what goes to the line (at most LongestExpansion bytes) and follows the cursor.
    private static int Process(Terminal* terminal, byte value, Span<byte> output)
    {
        ref Termios settings = ref terminal->Settings;
        output[0] = value;
        if (!settings.HasOutput(TermiosFlags.PostProcess))
        {
            Advance(terminal, value);
            return 1;
        }
        switch (value)
        {
            case (byte)'\n' when settings.HasOutput(TermiosFlags.OutNewlineToReturnNewline):
                output[0] = (byte)'\r';
                output[1] = (byte)'\n';
                terminal->Column = 0;
                return 2;
            case (byte)'\n' when settings.HasOutput(TermiosFlags.NewlineReturns):
                terminal->Column = 0;
                return 1;
            case (byte)'\r' when settings.HasOutput(TermiosFlags.NoReturnAtColumnZero) && terminal->Column == 0:
                return 0;
            case (byte)'\r' when settings.HasOutput(TermiosFlags.OutReturnToNewline):
                output[0] = (byte)'\n';
                if (settings.HasOutput(TermiosFlags.NewlineReturns))
                    terminal->Column = 0;
                return 1;
            case (byte)'\t' when (settings.OutputFlags & TermiosFlags.TabMask) == TermiosFlags.ExpandTabs:
                int spaces = TabWidth - (terminal->Column % TabWidth);
                output[..spaces].Fill((byte)' ');
                Advance(terminal, spaces);
                return spaces;
            case >= (byte)'a' and <= (byte)'z' when settings.HasOutput(TermiosFlags.LowerToUpper):
                output[0] = (byte)(value - 32);
                break;
        }
        Advance(terminal, value);
        return 1;
    }

    private static void Advance(Terminal* terminal, byte value)
    {
        switch (value)
        {
            case (byte)'\r':
                terminal->Column = 0;
                break;
            case (byte)'\b':
                if (terminal->Column > 0)
                    terminal->Column--;
                break;
            case (byte)'\t':
                Advance(terminal, TabWidth - (terminal->Column % TabWidth));
                break;
            default:
                if (!IsControl(value) && !IsContinuation(terminal, value))
                    Advance(terminal, 1);
                break;
        }
    }

    // Lines may be longer than any number; the column wraps at a multiple of the tab width.
    private static void Advance(Terminal* terminal, int columns) => terminal->Column = (terminal->Column + columns) & Terminal.ColumnMask;

    internal static bool IsControl(byte value) => value is < 32 or 127;

    internal static bool IsContinuation(Terminal* terminal, byte value)
        => terminal->Settings.HasInput(TermiosFlags.Utf8) && (value & 0xC0) == 0x80;
}
