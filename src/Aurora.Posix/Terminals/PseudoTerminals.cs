// The life of pseudo-terminals: an opening of /dev/ptmx makes one, the closing of that master hangs it up, and when nobody has it open
// either it ends, and its number can be given again. Who has it open is counted, not who refers to it: a session whose controlling terminal
// it is may find it again by /dev/tty as long as the master is open. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>Makes, hangs up and ends pseudo-terminals.</summary>
public sealed unsafe class PseudoTerminals(
    TerminalLife life, TerminalJobs jobs, FileServices files, TrackedObjects tracked, ThreadScheduler scheduler)
{
    /// <summary>
    /// Makes a terminal with the lowest free number, whose node belongs to the caller, for a master that is being opened. ENOSPC when there
    /// is no number, ENOMEM.
    /// </summary>
    internal Errno Make(OpenFile* master, in FileCaller caller)
    {
        ObjectTracker group = files.GroupOf(&master->Header);
        TerminalNodes nodes = files.State.Terminals;
        if (nodes.CountOf(group.Index) == TerminalNodes.Most)
            return Errno.ENOSPC;
        Terminal* terminal = life.CreatePseudo(group);
        if (terminal == null)
            return Errno.ENOMEM;
        Inode* node = files.Inodes.Create(group, InodeMode.CharacterDevice | TerminalNodes.Permissions, caller.Uid, TerminalNodes.Group);
        int number = node == null ? -1 : nodes.Take(group.Index);
        if (number < 0)
        {
            files.Inodes.Release(node);
            life.End(group, terminal);
            return Errno.ENOMEM;
        }
        terminal->Pseudo.Number = number;
        terminal->Pseudo.Node = node;
        node->Flags = InodeFlags.Terminal;
        node->Device = terminal->Pseudo.Device;
        node->Number = TerminalNodes.NumberOf((uint)number);
        Show(terminal);
        terminal->Pseudo.Masters = 1;
        master->Attachment = &terminal->Header;
        return Errno.Ok;
    }

    /// <summary>Opens a terminal itself: EBUSY when somebody has it for himself, EIO when it is locked.</summary>
    internal Errno Open(Terminal* terminal, in FileCaller caller)
    {
        if (terminal->IsExclusive && !caller.Has(Capability.SysAdmin))
            return Errno.EBUSY;
        if (!terminal->IsPseudo)
            return Errno.Ok;
        if (terminal->IsHungUp || terminal->Pseudo.Is(PseudoTerminalFlags.Locked))
            return Errno.EIO;
        terminal->Pseudo.Slaves++;
        Set(terminal, PseudoTerminalFlags.Left, false);
        return Errno.Ok;
    }

    /// <summary>An open file of a terminal is closed: the master reads that when nobody has it open any more.</summary>
    internal void Close(Terminal* terminal)
    {
        if (--terminal->Pseudo.Slaves > 0)
            return;
        if (terminal->Pseudo.Masters == 0)
        {
            End(terminal);
            return;
        }
        Set(terminal, PseudoTerminalFlags.Left, true);
        scheduler.WakeAll(&terminal->Pseudo.MasterReaders);
        scheduler.WakeAll(&terminal->Pseudo.MasterWriters);
    }

    /// <summary>The master is closed: the node is gone, and who has the terminal open or as its controlling one hears of it.</summary>
    internal void CloseMaster(Terminal* terminal)
    {
        terminal->Pseudo.Masters = 0;
        Set(terminal, PseudoTerminalFlags.HungUp, true);
        Set(terminal, PseudoTerminalFlags.Packets | PseudoTerminalFlags.Left, false);
        terminal->Pseudo.Status = PacketStatus.None;
        terminal->Pseudo.Node->Terminal = null;
        files.State.Terminals.Show(terminal->Header.Group, terminal->Pseudo.Number, null);
        jobs.HangUp(terminal);
        scheduler.WakeAll(&terminal->Readers);
        scheduler.WakeAll(&terminal->Writers);
        scheduler.WakeAll(&terminal->Pseudo.Room);
        if (terminal->Pseudo.Slaves == 0)
            End(terminal);
    }

    /// <summary>Something is so of a terminal, or no more.</summary>
    internal void Set(Terminal* terminal, PseudoTerminalFlags flags, bool isSo)
    {
        terminal->Pseudo.Flags = isSo ? terminal->Pseudo.Flags | flags : terminal->Pseudo.Flags & ~flags;
        tracked.MarkChanged(&terminal->Header);
    }

    /// <summary>A restored terminal has its number, unless that is another's.</summary>
    internal RestoreStatus Restore(Terminal* terminal)
    {
        if (files.State.Terminals.IsTaken(terminal->Header.Group, terminal->Pseudo.Number))
            return RestoreStatus.BadRecord;
        return files.State.Terminals.Take(terminal->Header.Group, terminal->Pseudo.Number) ? RestoreStatus.Ok : RestoreStatus.OutOfMemory;
    }

    /// <summary>The node can be found, as long as the master is open.</summary>
    internal void Show(Terminal* terminal)
    {
        terminal->Pseudo.Node->Terminal = &terminal->Header;
        files.State.Terminals.Show(terminal->Header.Group, terminal->Pseudo.Number, terminal->Pseudo.Node);
    }

    /// <summary>A terminal that is restored holds its node.</summary>
    internal void HoldNode(Inode* node) => files.Inodes.Hold(node);

    private void End(Terminal* terminal)
    {
        Panic.Unless(terminal->Session == null, "terminals: one ended that is a session's"u8);
        files.State.Terminals.Free(terminal->Header.Group, terminal->Pseudo.Number);
        files.Inodes.Release(terminal->Pseudo.Node);
        life.End(files.GroupOf(&terminal->Header), terminal);
    }
}
