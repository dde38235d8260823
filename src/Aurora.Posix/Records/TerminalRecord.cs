using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Terminals;

namespace Aurora.Posix.Records;

[Flags]
public enum TerminalRecordFlags : uint
{
    None = 0,
    Plain = 1,
    Ended = 2,
    OutputStopped = 4,
    LiteralNext = 8,
    Exclusive = 16,

    /// <summary>Its line is a master.</summary>
    Pseudo = 32,
    All = 63,
}

/// <summary>
/// The state record of a terminal; its input and screen are TerminalText objects. Version 1 ended before Node: there were consoles alone.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TerminalRecord
{
    public const int Bytes = 648;
    public const int BytesOfVersion1 = 624;

    public ObjectId Session;
    public TerminalRecordFlags Flags;
    public int ForegroundGroup;
    public ulong InputHead, LineHead, InputTail, ScreenEnd;
    public int Column, LineColumn;
    public Termios Settings;
    public WindowSize Window;
    public int Reserved;
    public fixed ulong LineEnds[Terminal.InputBytes / 64];

    /// <summary>Pseudo-terminals: the inode in /dev/pts, and what the master has read and is to be told.</summary>
    public ObjectId Node;
    public ulong MasterTail;
    public int Number;
    public PseudoTerminalFlags PseudoFlags;
    public PacketStatus PacketStatus;
    public byte Reserved1;
}

/// <summary>The head of a terminal text's record; its 2,048 bytes follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TerminalTextRecord
{
    public const int Bytes = 16;

    public ObjectId Terminal;
    public int Index;
    public int Reserved;
}
