// Terminals: the services of this folder, put together once at boot. Nothing here acts. Each knows only those above it:
//
//   TerminalLine     the console, or a master                TerminalRings     unread input and the last screens
//   TerminalReads    what a program gets                     TerminalOutput    bytes to the line
//   TerminalJobs     sessions and foreground groups
//   TerminalEcho     what the user sees of his typing        LineEditing       erasing it again
//   TerminalInput    bytes from the line                     TerminalSettings  settings, the window
//   TerminalLife     making and restoring                    PseudoTerminals   openings of masters and what they make
//
// Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>All terminals and their line discipline.</summary>
public sealed unsafe class TerminalService
{
    private readonly TerminalState _state;

    public TerminalService(PageAllocator pages, TrackedObjects tracked, ThreadScheduler scheduler, SignalService signals,
        ProcessTable processes, FileServices files, ConsoleSink sink)
    {
        _state = new TerminalState(pages, tracked);
        Line = new TerminalLine(sink, tracked, scheduler);
        var rings = new TerminalRings(tracked);
        Reads = new TerminalReads(tracked, Line);
        Output = new TerminalOutput(rings, tracked, Line);
        Jobs = new TerminalJobs(tracked, signals, processes);
        var echo = new TerminalEcho(Output, tracked);
        Input = new TerminalInput(rings, Jobs, echo, new LineEditing(echo, tracked), Line, tracked, scheduler);
        Settings = new TerminalSettings(Input, Jobs, Line, tracked, scheduler);
        Life = new TerminalLife(_state, sink);
        Pseudo = new PseudoTerminals(Life, Jobs, files, tracked, scheduler);
    }

    public TerminalLine Line { get; }
    public TerminalReads Reads { get; }
    public TerminalOutput Output { get; }
    public TerminalJobs Jobs { get; }
    public TerminalInput Input { get; }
    public TerminalSettings Settings { get; }
    public TerminalLife Life { get; }
    public PseudoTerminals Pseudo { get; }

    /// <summary>The console of a group; null until it is made or restored.</summary>
    public Terminal* ConsoleOf(ObjectTracker group) => _state.ConsoleOf(group.Index);

    /// <summary>The console of the group that an object belongs to.</summary>
    public Terminal* ConsoleOf(ObjectHeader* header) => _state.ConsoleOf(header->Group);
}
