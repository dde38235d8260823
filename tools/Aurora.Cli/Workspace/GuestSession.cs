// A machine with its console on the standard streams, from power-on to an exit status. A kernel that panics resets and resumes by itself,
// so a panic is reported and the session goes on; the kernel itself holds a session that panics again and again (RefusedEvent.IsHeld), and a machine
// that does not even get that far is given up.
using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Qemu;

namespace Aurora.Cli.Workspace;

/// <summary>Runs a machine for a user.</summary>
internal sealed class GuestSession
{
    // More than the kernel needs to hold the session.
    private const int PanicsBeforeGivingUp = 5;
    private const string HeldPrefix = "held: ";
    private static readonly TimeSpan _outputGrace = TimeSpan.FromSeconds(5);

    private readonly VirtualMachine _machine;
    private readonly bool _verbose;
    private readonly string _program;
    private readonly TaskCompletionSource<UserException> _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _panics;

    private GuestSession(VirtualMachine machine, bool verbose, string program)
    {
        _machine = machine;
        _verbose = verbose;
        _program = program;
    }

    /// <summary>Starts the machine, runs it to its end and returns the exit status for the tool.</summary>
    public static async Task<int> RunAsync(
        MachineConfiguration configuration, bool verbose, TimeSpan? timeLimit, Action? onBooted, CancellationToken cancellation)
    {
        await using VirtualMachine machine = await VirtualMachine.StartAsync(configuration, cancellation);
        var session = new GuestSession(machine, verbose, configuration.Boot.Arguments.FirstOrDefault("init"));
        if (machine.ProgramsFault.Length > 0)
            Say($"aurora exec will not find this machine: {machine.ProgramsFault}");
        machine.Events.Received += session.OnEvent;
        foreach (ControlEvent missed in machine.Events.Snapshot())
            session.OnEvent(missed);
        using var proxy = new ConsoleProxy(machine, configuration.Boot.Interactive);
        _ = session.NotifyBootedAsync(onBooted);
        return await session.WaitAsync(proxy, timeLimit, cancellation);
    }

    private async Task<int> WaitAsync(ConsoleProxy proxy, TimeSpan? timeLimit, CancellationToken cancellation)
    {
        Task output = proxy.RunAsync(cancellation);
        Task limit = Task.Delay(timeLimit ?? Timeout.InfiniteTimeSpan, cancellation);
        Task first = await Task.WhenAny(_machine.Exited, _hopeless.Task, output, limit);
        cancellation.ThrowIfCancellationRequested();
        if (first == limit)
        {
            await _machine.CutPowerAsync();
            Report.Error($"the time limit of {timeLimit!.Value.TotalSeconds:0.#} s has passed: the plug is pulled");
            return ExitCode.TimedOut;
        }
        if (proxy.OutputClosed)
        {
            await _machine.CutPowerAsync();
            return ExitCode.OutputClosed;
        }
        if (first == _hopeless.Task)
        {
            await _machine.CutPowerAsync();
            throw await _hopeless.Task;
        }
        MachineExit exit = await _machine.Exited;
        await Task.WhenAny(output, Task.Delay(_outputGrace, cancellation));
        return StatusOf(exit, proxy);
    }

    private static int StatusOf(MachineExit exit, ConsoleProxy proxy)
    {
        if (exit.GuestStatus is { } status)
            return status;
        if (exit.PoweredOff)
            return ExitCode.Success;
        if (proxy.LastCommand == EscapeCommand.CutPower)
            return ExitCode.PowerCut;
        throw new UserException($"the machine ended without an exit status (QEMU status {exit.QemuStatus}) {exit.Errors}".TrimEnd());
    }

    private async Task NotifyBootedAsync(Action? onBooted)
    {
        if (onBooted == null)
            return;
        var booted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _machine.Events.Received += _ => booted.TrySetResult();
        if (_machine.Events.Snapshot().Count > 0)
            booted.TrySetResult();
        await Task.WhenAny(booted.Task, _machine.Exited);
        onBooted();
    }

    private void OnEvent(ControlEvent item)
    {
        switch (item)
        {
            case ReadyEvent or ResumedEvent:
                _panics = 0;
                if (_verbose)
                    Say(item.Line);
                break;
            case PanicEvent panic:
                Say($"the kernel panicked: {panic.Reason}");
                if (++_panics >= PanicsBeforeGivingUp)
                    _hopeless.TrySetResult(new UserException($"the kernel panicked {_panics} times in a row: {panic.Reason}"));
                break;
            case TraceEvent trace when _panics > 0:
                Say(trace.Text);
                break;
            case RefusedEvent refused:
                _hopeless.TrySetResult(new RefusedException(refused));
                break;
            case UnstartedEvent unstarted:
                Report.Error($"{_program}: {ProgramMessages.NotStarted(unstarted.Error)}");
                break;
            case LogEvent log when _verbose || log.Line.StartsWith(HeldPrefix, StringComparison.Ordinal):
                Say(log.Line);
                break;
        }
    }

    // The terminal may be in raw mode.
    private static void Say(string text)
    {
        if (HostTerminal.IsInteractive)
            Report.RawLine($"[aurora] {text}");
        else
            Report.Line($"[aurora] {text}");
    }
}
