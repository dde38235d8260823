// What a terminal has whose line is a master, an open file of some program, in place of the console. What programs write to the terminal is
// in its screen ring until the master reads it, what the master writes goes through the line discipline into the input ring:
//
//   MasterTail  <=  ScreenEnd  <=  MasterTail + ScreenBytes
//   the master has read so far    bytes ever written
//
// The node in /dev/pts is an inode that the terminal holds; it leads to the terminal as long as the master is open. A terminal lives while
// somebody has its master or it open, and has its number as long. When the master is closed it is hung up, for good.
using System;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Posix.Terminals;

/// <summary>What is so of a pseudo-terminal; part of the record format.</summary>
[Flags]
public enum PseudoTerminalFlags : ushort
{
    None = 0,

    /// <summary>It may not be opened yet (TIOCSPTLCK).</summary>
    Locked = 1,

    /// <summary>The master's reads begin with a status byte (TIOCPKT).</summary>
    Packets = 2,

    /// <summary>The master is closed.</summary>
    HungUp = 4,

    /// <summary>It has been open, and nobody has it open now.</summary>
    Left = 8,

    /// <summary>What the master writes is held (TCOOFF by the master).</summary>
    MasterStopped = 16,

    /// <summary>TIOCEXCL of the master: nothing follows from it.</summary>
    MasterExclusive = 32,
    All = 63,
}

/// <summary>What has happened to a terminal, told to the master in packet mode, by Linux's values (TIOCPKT_*).</summary>
[Flags]
public enum PacketStatus : byte
{
    None = 0,
    InputFlushed = 1,
    OutputFlushed = 2,
    Stopped = 4,
    Started = 8,
    NoFlowControl = 16,
    FlowControl = 32,
    All = 63,
}

/// <summary>The master's side of a terminal.</summary>
public unsafe struct PseudoTerminal
{
    /// <summary>What a master has taken into its own buffer on Linux stays when output is flushed.</summary>
    public const int MasterBytes = 4096;

    /// <summary>Its number: N of /dev/pts/N.</summary>
    public int Number;
    public PseudoTerminalFlags Flags;

    /// <summary>What the master has yet to be told.</summary>
    public PacketStatus Status;

    /// <summary>Bytes of output the master has read.</summary>
    public ulong MasterTail;

    /// <summary>The node in /dev/pts, held.</summary>
    public Inode* Node;

    /// <summary>Open files of the master and of the terminal itself; counted again after a restore.</summary>
    public int Masters, Slaves;

    /// <summary>Who waits at the master for output, or for room in the input, and at the terminal for room in the output.</summary>
    public WaitQueue MasterReaders, MasterWriters, Room;

    /// <summary>136:N.</summary>
    public readonly ulong Device => DeviceNumber.Make(DeviceNumber.PseudoTerminals, (uint)Number);

    public readonly bool Is(PseudoTerminalFlags flag) => (Flags & flag) != 0;
}
