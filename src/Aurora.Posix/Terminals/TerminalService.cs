// Terminals: the services of this folder, put together once at boot. Nothing here acts. Each knows only those above it:
//
//   TerminalRings    unread input and the last screens       TerminalReads     what a program gets
//   TerminalOutput   bytes to the line                       TerminalJobs      sessions and foreground groups
//   TerminalEcho     what the user sees of his typing        LineEditing       erasing it again
//   TerminalInput    bytes from the line                     TerminalSettings  settings, the window
//   TerminalLife     making and restoring
//
// Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>All terminals and their line discipline.</summary>
public sealed unsafe class TerminalService
{
    private readonly TerminalState _state;

    public TerminalService(PageAllocator pages, TrackedObjects tracked, ThreadScheduler scheduler, SignalService signals,
        ProcessTable processes,
        ConsoleSink sink)
    {
        _state = new TerminalState(pages, tracked);
        Sink = sink;
        var rings = new TerminalRings(tracked);
        Reads = new TerminalReads(tracked);
        Output = new TerminalOutput(rings, tracked, sink);
        Jobs = new TerminalJobs(tracked, signals, processes);
        var echo = new TerminalEcho(Output, tracked);
        Input = new TerminalInput(rings, Jobs, echo, new LineEditing(echo, tracked), tracked, scheduler);
        Settings = new TerminalSettings(Input, Jobs, tracked, scheduler);
        Life = new TerminalLife(_state, sink);
    }

    public ConsoleSink Sink { get; }
    public TerminalReads Reads { get; }
    public TerminalOutput Output { get; }
    public TerminalJobs Jobs { get; }
    public TerminalInput Input { get; }
    public TerminalSettings Settings { get; }
    public TerminalLife Life { get; }

    /// <summary>The console of a group; null until it is made or restored.</summary>
    public Terminal* ConsoleOf(ObjectTracker group) => _state.ConsoleOf(group.Index);

    /// <summary>The console of the group that an object belongs to.</summary>
    public Terminal* ConsoleOf(ObjectHeader* header) => _state.ConsoleOf(header->Group);
}
