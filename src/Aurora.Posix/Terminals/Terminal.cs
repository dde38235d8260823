// A terminal: line discipline state, unread input, and the last screens of output. Input and screens are rings in TerminalText objects, each
// small enough to be one record, so that a checkpoint writes only the 2-KiB pieces that changed.
//
//   input positions, in bytes since the terminal was made; the byte at p is at p modulo InputBytes:
//     InputTail  <=  LineHead  <=  InputHead
//     read so far    end of the last complete line    end of what has been typed
// Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Terminals;

/// <summary>A piece of a terminal's input or screen ring; persistent.</summary>
public unsafe struct TerminalText
{
    public const int Bytes = 2048;

    public ObjectHeader Header;
    public Terminal* Terminal;
    public int Index;
    public fixed byte Content[Bytes];
}

/// <summary>A terminal device with its line discipline; persistent.</summary>
public unsafe struct Terminal
{
    public const int InputTexts = 2;
    public const int ScreenTexts = 8;
    public const int InputBytes = InputTexts * TerminalText.Bytes;
    public const int ScreenBytes = ScreenTexts * TerminalText.Bytes;

    /// <summary>Columns are counted modulo this and one.</summary>
    public const int ColumnMask = (1 << 20) - 1;

    public ObjectHeader Header;
    public Termios Settings;
    public WindowSize Window;

    /// <summary>Passes bytes as a pipe does, is no terminal to isatty, and reports the end of input.</summary>
    public bool IsPlain;

    /// <summary>The input has ended; once it has been read, reads return zero.</summary>
    public bool IsEnded;

    /// <summary>Output is held by the stop character.</summary>
    public bool IsOutputStopped;

    /// <summary>The next character is taken literally.</summary>
    public bool IsLiteralNext;

    /// <summary>Nobody opens it but who may do everything (TIOCEXCL).</summary>
    public bool IsExclusive;

    /// <summary>Its line is a master: <see cref="Pseudo"/> says what is so of it.</summary>
    public bool IsPseudo;
    public PseudoTerminal Pseudo;

    /// <summary>The session whose controlling terminal this is, or null.</summary>
    public Session* Session;

    /// <summary>The id of the foreground process group; zero for none.</summary>
    public int ForegroundGroup;
    public ulong InputHead;
    public ulong LineHead;
    public ulong InputTail;

    /// <summary>Which bytes of the input ring end a line; a NUL that does is an end of file.</summary>
    public fixed ulong LineEnds[InputBytes / 64];

    /// <summary>Bytes of output ever written; the last ScreenBytes of them are kept.</summary>
    public ulong ScreenEnd;

    /// <summary>The cursor's column, and where it was when the current line's input began.</summary>
    public int Column;
    public int LineColumn;
    public WaitQueue Readers;
    public WaitQueue Writers;

    // TerminalText*, input first.
    internal fixed ulong Texts[InputTexts + ScreenTexts];

    public readonly int InputCount => (int)(InputHead - InputTail);
    public readonly int InputRoom => InputBytes - InputCount;

    /// <summary>Its master has been closed.</summary>
    public readonly bool IsHungUp => IsPseudo && Pseudo.Is(PseudoTerminalFlags.HungUp);

    /// <summary>Bytes of output that the master has yet to read.</summary>
    public readonly int Unread => (int)(ScreenEnd - Pseudo.MasterTail);
    public readonly bool HasLine => LineHead != InputTail;
}
