// ioctl on terminals. Numbers and structures are Linux's x86-64 ones (asm-generic/ioctls.h). A plain console answers ENOTTY to all but the
// byte counts, so that programs see a pipe.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>The terminal commands of ioctl.</summary>
public sealed unsafe class TerminalControl
{
    private const uint GetSettings = 0x5401;
    private const uint SetSettings = 0x5402;
    private const uint SetSettingsAfterOutput = 0x5403;
    private const uint SetSettingsFlush = 0x5404;
    private const uint GetOldSettings = 0x5405;
    private const uint SetOldSettings = 0x5406;
    private const uint SetOldSettingsAfterOutput = 0x5407;
    private const uint SetOldSettingsFlush = 0x5408;
    private const uint SendBreak = 0x5409;
    internal const uint FlowControl = 0x540A;
    internal const uint Flush = 0x540B;
    internal const uint Exclusive = 0x540C;
    internal const uint NotExclusive = 0x540D;
    private const uint SetControllingTerminal = 0x540E;
    internal const uint GetForeground = 0x540F;
    internal const uint SetForeground = 0x5410;
    private const uint OutputCount = 0x5411;
    internal const uint SimulateInput = 0x5412;
    private const uint GetWindow = 0x5413;
    private const uint SetWindow = 0x5414;
    private const uint InputCount = 0x541B;
    internal const uint GiveUpTerminal = 0x5422;
    private const uint SetDiscipline = 0x5423;
    private const uint GetDiscipline = 0x5424;
    private const uint SendBreakLong = 0x5425;
    internal const uint GetSession = 0x5429;
    private const uint GetSettings2 = 0x802C542A;
    internal const uint GetExclusive = 0x80045440;
    private const uint GetDevice = 0x80045432;
    private const uint SetSettings2 = 0x402C542B;
    private const uint SetSettingsAfterOutput2 = 0x402C542C;
    private const uint SetSettingsFlush2 = 0x402C542D;

    private readonly TerminalService _terminals;
    private readonly TerminalArguments _arguments;
    private readonly UserMemory _user;

    public TerminalControl(TerminalService terminals, TerminalArguments arguments, UserMemory user)
    {
        _terminals = terminals;
        _arguments = arguments;
        _user = user;
    }

    /// <summary>
    /// Carries out one command, asked by a file that may be read or not; ENOTTY when it is none of a terminal's.
    /// </summary>
    public SystemCallResult Control(Thread* thread, Terminal* terminal, uint command, ulong argument, bool mayRead)
    {
        if (command == InputCount)
        {
            TerminalReads.Readable(terminal, Terminal.InputBytes, out int count);
            return Write(thread, argument, in count);
        }
        if (terminal->IsPlain)
            return Errno.ENOTTY;
        switch (command)
        {
            case GetSettings or GetSettings2:
                return WriteSettings(thread, terminal, argument, command == GetSettings ? Termios.ShortBytes : Termios.Bytes);
            case SetSettings or SetSettingsAfterOutput or SetSettingsFlush:
                return ReadSettings(thread, terminal, argument, Termios.ShortBytes, command == SetSettingsFlush);
            case SetSettings2 or SetSettingsAfterOutput2 or SetSettingsFlush2:
                return ReadSettings(thread, terminal, argument, Termios.Bytes, command == SetSettingsFlush2);
            case GetOldSettings:
                return Write(thread, argument, OldTermios.Of(terminal->Settings));
            case SetOldSettings or SetOldSettingsAfterOutput or SetOldSettingsFlush:
                return ReadOldSettings(thread, terminal, argument, command == SetOldSettingsFlush);
            case GetWindow:
                return Write(thread, argument, in terminal->Window);
            case SetWindow:
                return ChangeWindow(thread, terminal, argument);
            case GetForeground or SetForeground or GetSession or SetControllingTerminal or GiveUpTerminal:
                return ControlJobs(thread, terminal, command, argument, mayRead);
            case Flush or FlowControl or SendBreak or SendBreakLong:
                return ControlFlow(thread, terminal, command, argument);
            case OutputCount or GetDiscipline:
                int zero = 0;
                return Write(thread, argument, in zero);
            case Exclusive or NotExclusive:
                _terminals.Settings.SetExclusive(terminal, command == Exclusive);
                return 0;
            case GetExclusive:
                return Write(thread, argument, terminal->IsExclusive ? 1 : 0);
            case GetDevice when terminal->IsPseudo:
                return Write(thread, argument, (uint)terminal->Pseudo.Device);
            case SetDiscipline:
                return ReadInt(thread, argument, out int discipline, out SystemCallResult failure)
                    ? discipline == 0 ? 0 : Errno.EINVAL : failure;
            case SimulateInput:
                return Simulate(thread, terminal, argument);
            default:
                return Errno.ENOTTY;
        }
    }

    private SystemCallResult WriteSettings(Thread* thread, Terminal* terminal, ulong address, int bytes)
    {
        AccessResult access = _user.Write(
            thread->Process->AddressSpace, new VirtualAddress(address), new ReadOnlySpan<byte>(&terminal->Settings, bytes));
        return access.IsOk ? 0 : Stop(thread, in access);
    }

    private SystemCallResult ReadSettings(Thread* thread, Terminal* terminal, ulong address, int bytes, bool dropsInput)
    {
        Termios settings = terminal->Settings;
        AccessResult access = _user.Read(thread->Process->AddressSpace, new VirtualAddress(address), new Span<byte>(&settings, bytes));
        return access.IsOk ? ChangeSettings(thread, terminal, in settings, dropsInput) : Stop(thread, in access);
    }

    private SystemCallResult ReadOldSettings(Thread* thread, Terminal* terminal, ulong address, bool dropsInput)
    {
        AccessResult access = _user.Read(thread->Process->AddressSpace, new VirtualAddress(address), out OldTermios old);
        return access.IsOk ? ChangeSettings(thread, terminal, old.Over(terminal->Settings), dropsInput) : Stop(thread, in access);
    }

    private SystemCallResult ChangeSettings(Thread* thread, Terminal* terminal, in Termios asked, bool dropsInput)
    {
        Errno error = _terminals.Jobs.CheckChange(thread, terminal);
        if (error != Errno.Ok)
            return error;
        Termios settings = asked;
        settings.Line = 0;
        _terminals.Settings.Set(terminal, in settings, dropsInput);
        return 0;
    }

    private SystemCallResult ChangeWindow(Thread* thread, Terminal* terminal, ulong address)
    {
        AccessResult access = _user.Read(thread->Process->AddressSpace, new VirtualAddress(address), out WindowSize window);
        if (!access.IsOk)
            return Stop(thread, in access);
        _terminals.Settings.SetWindow(terminal, in window);
        return 0;
    }

    private SystemCallResult ControlJobs(Thread* thread, Terminal* terminal, uint command, ulong argument, bool mayRead)
    {
        bool isOwn = TerminalJobs.ControllingTerminal(thread) == terminal;
        switch (command)
        {
            case SetControllingTerminal:
                return _terminals.Jobs.Acquire(thread, terminal, argument == 1, mayRead);
            case GiveUpTerminal:
                return _terminals.Jobs.GiveUp(thread, terminal);
            case GetForeground:
                return isOwn ? Write(thread, argument, in terminal->ForegroundGroup) : Errno.ENOTTY;
            case GetSession:
                return isOwn ? Write(thread, argument, in terminal->Session->Id) : Errno.ENOTTY;
            default:
                return ReadInt(thread, argument, out int group, out SystemCallResult failure)
                    ? _terminals.Jobs.SetForeground(thread, terminal, group) : failure;
        }
    }

    private SystemCallResult ControlFlow(Thread* thread, Terminal* terminal, uint command, ulong argument)
    {
        Errno error = _terminals.Jobs.CheckChange(thread, terminal);
        if (error != Errno.Ok)
            return error;
        switch (command)
        {
            case Flush:
                if (argument > 2)
                    return Errno.EINVAL;
                // 0 input, 1 output, 2 both.
                if (argument != 1)
                    _terminals.Input.Flush(terminal);
                if (argument != 0)
                    _terminals.Line.FlushOutput(terminal);
                return 0;
            case FlowControl:
                if (argument > 3)
                    return Errno.EINVAL;
                if (argument <= 1)
                    _terminals.Input.SetOutputStopped(terminal, argument == 0);
                else
                    SendFlowControl(terminal, argument == 2 ? ControlCharacter.Stop : ControlCharacter.Start);
                return 0;
            default:
                return 0;
        }
    }

    private SystemCallResult Simulate(Thread* thread, Terminal* terminal, ulong address)
    {
        if (TerminalJobs.ControllingTerminal(thread) != terminal && !thread->Process->Credentials.Has(Capability.SysAdmin))
            return Errno.EPERM;
        AccessResult access = _user.Read(thread->Process->AddressSpace, new VirtualAddress(address), out byte value);
        if (!access.IsOk)
            return Stop(thread, in access);
        _terminals.Input.Receive(terminal, new ReadOnlySpan<byte>(in value));
        return 0;
    }

    // Asks who is at the other end of the line to stop, or to go on.
    private void SendFlowControl(Terminal* terminal, int character)
    {
        byte value = terminal->Settings.Characters[character];
        if (value != 0)
            _terminals.Output.SendRaw(terminal, value);
    }

    private bool ReadInt(Thread* thread, ulong address, out int value, out SystemCallResult failure)
        => _arguments.Read(thread, address, out value, out failure);

    private SystemCallResult Write<T>(Thread* thread, ulong address, in T value)
        where T : unmanaged => _arguments.Write(thread, address, in value);

    private SystemCallResult Stop(Thread* thread, in AccessResult access) => _arguments.Stop(thread, in access);
}
