using System.Runtime.InteropServices;

namespace Aurora.Posix.Terminals;

/// <summary>Bits of c_iflag, c_oflag and c_lflag, by their Linux values.</summary>
public static class TermiosFlags
{
    // c_iflag
    public const uint IgnoreBreak = 0x1;
    public const uint StripEighthBit = 0x20;
    public const uint NewlineToReturn = 0x40;
    public const uint IgnoreReturn = 0x80;
    public const uint ReturnToNewline = 0x100;
    public const uint UpperToLower = 0x200;
    public const uint FlowControlOutput = 0x400;
    public const uint AnyRestarts = 0x800;
    public const uint BellOnFull = 0x2000;
    public const uint Utf8 = 0x4000;

    // c_oflag
    public const uint PostProcess = 0x1;
    public const uint LowerToUpper = 0x2;
    public const uint OutNewlineToReturnNewline = 0x4;
    public const uint OutReturnToNewline = 0x8;
    public const uint NoReturnAtColumnZero = 0x10;
    public const uint NewlineReturns = 0x20;
    public const uint TabMask = 0x1800;
    public const uint ExpandTabs = 0x1800;

    // c_lflag
    public const uint Signals = 0x1;
    public const uint Canonical = 0x2;
    public const uint Echo = 0x8;
    public const uint EchoErase = 0x10;
    public const uint EchoKill = 0x20;
    public const uint EchoNewline = 0x40;
    public const uint NoFlush = 0x80;
    public const uint StopBackgroundOutput = 0x100;
    public const uint EchoControl = 0x200;
    public const uint EchoPrint = 0x400;
    public const uint EchoKillErase = 0x800;
    public const uint Extended = 0x8000;
}

/// <summary>Indices into c_cc.</summary>
public static class ControlCharacter
{
    public const int Interrupt = 0;
    public const int Quit = 1;
    public const int Erase = 2;
    public const int Kill = 3;
    public const int EndOfFile = 4;
    public const int Time = 5;
    public const int Minimum = 6;
    public const int Start = 8;
    public const int Stop = 9;
    public const int Suspend = 10;
    public const int EndOfLine = 11;
    public const int Reprint = 12;
    public const int Discard = 13;
    public const int WordErase = 14;
    public const int LiteralNext = 15;
    public const int EndOfLine2 = 16;
    public const int Count = 19;
}

/// <summary>Terminal settings: the kernel's struct termios2 of the x86-64 ABI (44 bytes; the first 36 are struct termios).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public unsafe struct Termios
{
    public const int Bytes = 44;

    /// <summary>The size of struct termios, without the speeds.</summary>
    public const int ShortBytes = 36;

    // c_cflag
    private const uint Speed38400 = 0xF;
    private const uint SizeMask = 0x30;
    private const uint EightBits = 0x30;
    private const uint Receives = 0x80;
    private const uint Parity = 0x100;

    public uint InputFlags;
    public uint OutputFlags;
    public uint ControlFlags;
    public uint LocalFlags;
    public byte Line;
    public fixed byte Characters[ControlCharacter.Count];
    public uint InputSpeed;
    public uint OutputSpeed;

    public readonly bool IsCanonical => (LocalFlags & TermiosFlags.Canonical) != 0;
    public readonly bool HasInput(uint flag) => (InputFlags & flag) != 0;
    public readonly bool HasOutput(uint flag) => (OutputFlags & flag) != 0;
    public readonly bool HasLocal(uint flag) => (LocalFlags & flag) != 0;

    /// <summary>True when <paramref name="value"/> is this control character; NUL means it is switched off.</summary>
    public bool Is(byte value, int index) => value != 0 && Characters[index] == value;

    /// <summary>The settings of a fresh interactive terminal, with UTF-8 erase: cooked, echoing.</summary>
    public static Termios Cooked()
    {
        Termios t = default;
        t.InputFlags = TermiosFlags.ReturnToNewline | TermiosFlags.FlowControlOutput | TermiosFlags.BellOnFull | TermiosFlags.Utf8;
        t.OutputFlags = TermiosFlags.PostProcess | TermiosFlags.OutNewlineToReturnNewline;
        t.ControlFlags = 0xBF | 0x1000;
        t.LocalFlags = TermiosFlags.Signals | TermiosFlags.Canonical | TermiosFlags.Echo | TermiosFlags.EchoErase | TermiosFlags.EchoKill
            | TermiosFlags.EchoControl | TermiosFlags.EchoKillErase | TermiosFlags.Extended;
        System.ReadOnlySpan<byte> characters = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];
        for (int i = 0; i < ControlCharacter.Count; i++)
            t.Characters[i] = characters[i];
        t.InputSpeed = t.OutputSpeed = 115200;
        return t;
    }

    /// <summary>The settings of a new pseudo-terminal: as <see cref="Cooked"/>, erasing bytes.</summary>
    public static Termios OfPseudoTerminal()
    {
        Termios t = Cooked();
        t.InputFlags = TermiosFlags.ReturnToNewline | TermiosFlags.FlowControlOutput;
        t.ControlFlags = Speed38400;
        t.LocalFlags |= TermiosFlags.EchoKill;
        t.InputSpeed = t.OutputSpeed = 38400;
        t.BePseudo();
        return t;
    }

    /// <summary>A pseudo-terminal has bytes of eight bits without parity, and receives, whatever is asked for.</summary>
    public void BePseudo() => ControlFlags = (ControlFlags & ~(SizeMask | Parity)) | EightBits | Receives;

    /// <summary>True when ^S stops output and ^Q lets it go on.</summary>
    public bool HasUsualFlowControl()
        => HasInput(TermiosFlags.FlowControlOutput) && Characters[ControlCharacter.Stop] == 19 && Characters[ControlCharacter.Start] == 17;

    /// <summary>The settings of a console that passes bytes through as a pipe does.</summary>
    public static Termios Raw()
    {
        Termios t = Cooked();
        t.InputFlags = 0;
        t.OutputFlags = 0;
        t.LocalFlags = 0;
        return t;
    }
}

/// <summary>The size of a terminal's window (struct winsize).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WindowSize
{
    public ushort Rows, Columns, PixelWidth, PixelHeight;

    public readonly bool Equals(in WindowSize other)
        => Rows == other.Rows && Columns == other.Columns && PixelWidth == other.PixelWidth && PixelHeight == other.PixelHeight;
}
