// The processes of a consistency group put together, and their codecs added to the group's: with it a group can hold every kind of object. The
// kernel adds the Linux calls; a host tool restores with it as a boot would, and runs nothing.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Checkpoint;

/// <summary>The services of the processes of one group. Made once, before the group is created or restored.</summary>
public sealed class GroupProcesses
{
    private readonly FiberScheduler _fibers;

    /// <summary>Builds them; <paramref name="waits"/> is null where no thread will run.</summary>
    public GroupProcesses(GroupSession group, PageAllocator pages, ExtendedStateUnit extended, MachineControl control, WaitRestorer? waits)
    {
        Extended = extended;
        _fibers = group.Fibers;
        Table = group.Processes;
        Settings = group.Settings;
        Signals = group.Signals;
        Timers = group.Timers;
        Deadlines = new Deadlines(group.Scheduler, Timers, group.Files.TimerFiles);
        Terminals = new TerminalService(pages, group.Tracked, group.Scheduler, Signals, Table, group.Files,
            new HeldConsole(group.OutputHold, group.Tracked));
        Files = new ProcessFileTables(group.Files);
        Life = new ProcessLife(Table, group.Scheduler, Signals, group.Memory, Files, Timers, extended, control, group.Ipc);
        _ = new TerminalDrivers(Terminals, group.Scheduler, group.Tracked, group.Files);
        var codecs = new ProcessCodecs(Table, group.Scheduler, Signals, group.Memory, group.Files, extended, Timers, Terminals, Settings,
            waits, group.Ipc);
        for (int i = 0; i < codecs.Count; i++)
            group.Codecs.Add(codecs[i]);
    }

    public ExtendedStateUnit Extended { get; }
    public ProcessTable Table { get; }
    public MachineSettingsTable Settings { get; }
    public SignalService Signals { get; }
    public TimerService Timers { get; }
    public Deadlines Deadlines { get; }
    public TerminalService Terminals { get; }
    public ProcessFileTables Files { get; }
    public ProcessLife Life { get; }

    /// <summary>
    /// A group that was restored is about to go on: what was detached ends first, and that it begins again is told under its name
    /// (<see cref="ProcessLife.EndDetached"/>). Blocks.
    /// </summary>
    public unsafe void EndDetached(ObjectTracker group, ReadOnlySpan<byte> name)
    {
        for (int id = 1; !Life.EndDetached(group, ref id);)
            _fibers.GiveWay();
        Process* init = Table.Of(group).Init;
        if (!ProcessLife.IsStartingAgain(init))
            return;
        Span<byte> buffer = stackalloc byte[128];
        var line = new Utf8Writer(buffer);
        line.Append("a region has gone on without it; started again: "u8);
        line.Append(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(init->Name));
        GroupReport.Line(name, line.Written);
    }
}
