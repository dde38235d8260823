// ioctl on masters. Settings, window and jobs are the terminal's, whichever end asks; what is in a buffer, and who holds it, is each end's
// own. Numbers are Linux's x86-64 ones (asm-generic/ioctls.h).
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>The commands of ioctl for masters.</summary>
public sealed unsafe class MasterControl(
    TerminalService terminals, TerminalControl control, TerminalArguments arguments, FileServices files, ThreadScheduler scheduler,
    TrackedObjects tracked)
{
    private const uint Packets = 0x5420;
    private const uint GetPackets = 0x80045438;
    private const uint Lock = 0x40045431;
    private const uint GetLock = 0x80045439;
    private const uint GetNumber = 0x80045430;
    private const uint SendSignal = 0x40045436;
    private const uint OpenPeer = 0x5441;

    /// <summary>Carries out one command of a thread.</summary>
    public SystemCallResult Control(Thread* thread, Terminal* terminal, uint command, ulong argument)
    {
        switch (command)
        {
            case Packets or Lock:
                return arguments.Read(thread, argument, out int value, out SystemCallResult failure)
                    ? SetMode(terminal, command, value != 0) : failure;
            case GetPackets:
                return arguments.Write(thread, argument, Flag(terminal, PseudoTerminalFlags.Packets));
            case GetLock:
                return arguments.Write(thread, argument, Flag(terminal, PseudoTerminalFlags.Locked));
            case GetNumber:
                return arguments.Write(thread, argument, in terminal->Pseudo.Number);
            case SendSignal:
                return Signal(terminal, (Signal)(int)argument);
            case OpenPeer:
                return Open(thread, terminal, (uint)argument);
            case TerminalControl.GetForeground:
                return arguments.Write(thread, argument, in terminal->ForegroundGroup);
            case TerminalControl.GetSession:
                return terminal->Session == null ? Errno.ENOTTY : arguments.Write(thread, argument, in terminal->Session->Id);
            case TerminalControl.GiveUpTerminal:
                return Errno.ENOTTY;
            case TerminalControl.Exclusive or TerminalControl.NotExclusive:
                terminals.Pseudo.Set(terminal, PseudoTerminalFlags.MasterExclusive, command == TerminalControl.Exclusive);
                return 0;
            case TerminalControl.GetExclusive:
                return arguments.Write(thread, argument, Flag(terminal, PseudoTerminalFlags.MasterExclusive));
            case TerminalControl.Flush:
                return Flush(terminal, argument);
            case TerminalControl.FlowControl:
                return ControlFlow(terminal, argument);
            case TerminalControl.SimulateInput:
                return Simulate(thread, terminal, argument);
            default:
                return control.Control(thread, terminal, command, argument, mayRead: true);
        }
    }

    private static int Flag(Terminal* terminal, PseudoTerminalFlags flag) => terminal->Pseudo.Is(flag) ? 1 : 0;

    // Packets begin with nothing to tell.
    private SystemCallResult SetMode(Terminal* terminal, uint command, bool isOn)
    {
        if (command == Packets && isOn && !terminal->Pseudo.Is(PseudoTerminalFlags.Packets))
            terminal->Pseudo.Status = PacketStatus.None;
        terminals.Pseudo.Set(terminal, command == Packets ? PseudoTerminalFlags.Packets : PseudoTerminalFlags.Locked, isOn);
        return 0;
    }

    private SystemCallResult Signal(Terminal* terminal, Signal signal)
    {
        if (signal is not (Signals.Signal.SIGINT or Signals.Signal.SIGQUIT or Signals.Signal.SIGTSTP))
            return Errno.EINVAL;
        terminals.Jobs.SignalForeground(terminal, signal);
        return 0;
    }

    // TIOCGPTPEER: whoever has the master may open the terminal, whatever the modes of its node are.
    private SystemCallResult Open(Thread* thread, Terminal* terminal, uint flags)
    {
        var table = (DescriptorTable*)thread->Process->Descriptors;
        ulong limit = thread->Process->Limits.Soft(Resource.OpenFiles);
        if (!Descriptors.FindFree(table, 0, limit, out _))
            return Errno.EMFILE;
        var caller = new FileCaller(thread);
        Errno error = files.OpenFiles.Open(in caller, terminal->Pseudo.Node, flags, out OpenFile* file);
        if (error != Errno.Ok)
            return error;
        error = files.Descriptors.Install(table, file, 0, limit, (flags & OpenFlags.CloseOnExec) != 0, out int descriptor);
        if (error == Errno.Ok)
            return SystemCallResult.Done(descriptor);
        files.OpenFiles.Release(file);
        return error;
    }

    // 0 what the master has yet to read, 1 what it has written, which has arrived, 2 both.
    private SystemCallResult Flush(Terminal* terminal, ulong what)
    {
        if (what > 2)
            return Errno.EINVAL;
        if (what == 1)
            return 0;
        terminal->Pseudo.MasterTail = terminal->ScreenEnd;
        tracked.MarkChanged(&terminal->Header);
        scheduler.Wake(&terminal->Pseudo.Room);
        return 0;
    }

    // 0 and 1 stop the master's own writes and let them go on, 2 and 3 type the stop and start characters.
    private SystemCallResult ControlFlow(Terminal* terminal, ulong what)
    {
        if (what > 3)
            return Errno.EINVAL;
        if (what <= 1)
        {
            terminals.Pseudo.Set(terminal, PseudoTerminalFlags.MasterStopped, what == 0);
            if (what == 1)
                scheduler.WakeAll(&terminal->Pseudo.MasterWriters);
            return 0;
        }
        byte value = what == 2 ? StopCharacter : StartCharacter;
        terminals.Input.Receive(terminal, new System.ReadOnlySpan<byte>(in value));
        return 0;
    }

    private const byte StopCharacter = 19;
    private const byte StartCharacter = 17;

    // A master is nobody's controlling terminal.
    private SystemCallResult Simulate(Thread* thread, Terminal* terminal, ulong address)
    {
        if (!thread->Process->Credentials.Has(Capability.SysAdmin))
            return Errno.EPERM;
        if (!arguments.Read(thread, address, out byte value, out SystemCallResult failure))
            return failure;
        terminals.Output.SendRaw(terminal, value);
        return 0;
    }
}
