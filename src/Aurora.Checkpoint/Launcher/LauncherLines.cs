using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>
/// What the launcher is told of the programs it runs (LauncherExecCommands): lines on the machine's control channel, or a test's.
/// </summary>
public abstract class LauncherLines
{
    /// <summary>The most bytes of output that a line carries.</summary>
    public const int PieceBytes = 480;

    private const int MostOverhead = 64;

    /// <summary>
    /// False when so much waits to be sent that output waits too. Nothing tells when that is over but a turn of the main loop.
    /// </summary>
    public abstract bool HasRoom { get; }

    /// <summary>Sends a line, whether there is room or not.</summary>
    public abstract void Write(ReadOnlySpan<byte> line);

    /// <summary>Tells a word.</summary>
    public void Tell(ulong number, ReadOnlySpan<byte> word)
    {
        Span<byte> buffer = stackalloc byte[MostOverhead];
        Utf8Writer line = Begin(buffer, number, word);
        Write(line.Written);
    }

    /// <summary>Tells a word and a number.</summary>
    public void Tell(ulong number, ReadOnlySpan<byte> word, long value)
    {
        Span<byte> buffer = stackalloc byte[MostOverhead];
        Utf8Writer line = Begin(buffer, number, word);
        line.Append((byte)' ');
        line.AppendDecimal(value);
        Write(line.Written);
    }

    /// <summary>Tells why a command was not obeyed.</summary>
    public void Refuse(ulong number, ReadOnlySpan<byte> reason)
    {
        Span<byte> buffer = stackalloc byte[2 * MostOverhead];
        Utf8Writer line = Begin(buffer, number, "refused "u8);
        line.Append(reason);
        Write(line.Written);
    }

    /// <summary>Shows output, at most <see cref="PieceBytes"/>.</summary>
    public void Show(ulong number, ReadOnlySpan<byte> stream, ReadOnlySpan<byte> bytes)
    {
        Span<byte> buffer = stackalloc byte[MostOverhead + 640];
        Utf8Writer line = Begin(buffer, number, stream);
        line.Append((byte)' ');
        Base64Text.Append(ref line, bytes);
        Write(line.Written);
    }

    private static Utf8Writer Begin(Span<byte> buffer, ulong number, ReadOnlySpan<byte> word)
    {
        var line = new Utf8Writer(buffer);
        line.Append("@exec "u8);
        line.AppendDecimal(number);
        line.Append((byte)' ');
        line.Append(word);
        return line;
    }
}
