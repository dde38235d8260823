using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Records;

/// <summary>
/// The codecs of processes, threads, signals, timers and terminals, for the checkpoint engine's table. <paramref name="waits"/> is null
/// where no thread will run.
/// </summary>
public sealed class ProcessCodecs(
    ProcessTable processes, ThreadScheduler scheduler, SignalService signals, MemoryManager memory, FileServices files,
    ExtendedStateUnit extended, TimerService timers, TerminalService terminals, MachineSettingsTable settings, WaitRestorer? waits,
    IpcServices ipc)
{
    private readonly StateCodec[] _all =
    [
        new SignalActionsCodec(processes), new SessionCodec(processes), new ProcessGroupCodec(processes),
        new ProcessCodec(processes, scheduler, signals.Queue, memory, files),
        new ThreadCodec(processes, scheduler, signals.Queue, files, extended, waits, ipc.Undos), new TimerCodec(timers),
        new SignalBacklogCodec(signals.Queue), new TerminalCodec(terminals), new TerminalTextCodec(terminals),
        new MachineSettingsCodec(settings),
    ];

    public int Count => _all.Length;

    public StateCodec this[int index] => _all[index];
}
