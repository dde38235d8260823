// Where the output of a terminal goes, and where its input comes from: the console, whose output is held until it may be seen
// (ConsoleSink), or a master. What a master reads never leaves the group, so it is not held.
using System;
using Aurora.Base;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>The other end of terminals.</summary>
public sealed unsafe class TerminalLine(ConsoleSink console, TrackedObjects tracked, ThreadScheduler scheduler)
{
    /// <summary>Bytes that the line takes without anyone waiting.</summary>
    public int RoomOf(Terminal* terminal)
        => !terminal->IsPseudo ? console.RoomOf(terminal) : terminal->IsHungUp ? 0 : Terminal.ScreenBytes - terminal->Unread;

    /// <summary>Woken when room has appeared.</summary>
    public WaitQueue* SpaceOf(Terminal* terminal) => terminal->IsPseudo ? &terminal->Pseudo.Room : console.SpaceOf(terminal);

    /// <summary>Bytes, never more than there is room for, have been put into the screen ring.</summary>
    internal void Write(Terminal* terminal, ReadOnlySpan<byte> bytes)
    {
        if (terminal->IsPseudo)
            scheduler.Wake(&terminal->Pseudo.MasterReaders);
        else
            console.Write(terminal, bytes);
    }

    /// <summary>There may be room for input: who has it must be heard again. The console's reader looks by itself.</summary>
    internal void TakeInput(Terminal* terminal)
    {
        if (terminal->IsPseudo && !terminal->Pseudo.MasterWriters.IsEmpty && TerminalInput.CanReceive(terminal))
            scheduler.Wake(&terminal->Pseudo.MasterWriters);
    }

    /// <summary>Tells a master in packet mode what has happened, and that something earlier is no more so.</summary>
    internal void Tell(Terminal* terminal, PacketStatus happened, PacketStatus over = PacketStatus.None)
    {
        if (!terminal->IsPseudo || !terminal->Pseudo.Is(PseudoTerminalFlags.Packets))
            return;
        terminal->Pseudo.Status = (terminal->Pseudo.Status & ~over) | happened;
        tracked.MarkChanged(&terminal->Header);
        scheduler.WakeAll(&terminal->Pseudo.MasterReaders);
    }

    /// <summary>Drops output that a master has not taken; the console's is on its way.</summary>
    internal void FlushOutput(Terminal* terminal)
    {
        if (!terminal->IsPseudo)
            return;
        if (terminal->Unread > PseudoTerminal.MasterBytes)
        {
            terminal->ScreenEnd = terminal->Pseudo.MasterTail + PseudoTerminal.MasterBytes;
            tracked.MarkChanged(&terminal->Header);
            scheduler.Wake(&terminal->Pseudo.Room);
        }
        Tell(terminal, PacketStatus.OutputFlushed);
    }
}
