// Terminals: making them, their rings, and who is told when something changes. The line discipline is in the other parts: Input (bytes from
// the line), Echo, Output (bytes to the line), Reading (what a program gets), Jobs (sessions and foreground groups).
// Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>All terminals of a group and their line discipline.</summary>
public sealed unsafe partial class TerminalService
{
    public const int MaxTerminals = 64;

    private readonly Slab<Terminal> _terminals;
    private readonly Slab<TerminalText> _texts;
    private readonly ObjectTracker _tracker;
    private readonly ThreadScheduler _scheduler;
    private readonly SignalService _signals;
    private readonly ProcessTable _processes;

    public TerminalService(PageAllocator pages, ObjectTracker tracker, ThreadScheduler scheduler, SignalService signals, ProcessTable processes,
        ConsoleSink sink)
    {
        _terminals = new Slab<Terminal>(pages, MaxTerminals);
        _texts = new Slab<TerminalText>(pages, MaxTerminals * (Terminal.InputTexts + Terminal.ScreenTexts));
        _tracker = tracker;
        _scheduler = scheduler;
        _signals = signals;
        _processes = processes;
        Sink = sink;
    }

    public ConsoleSink Sink { get; }

    /// <summary>The machine's console; null until it is made or restored.</summary>
    public Terminal* Console { get; private set; }

    /// <summary>Makes the console. A plain one behaves as a pipe does and is no terminal to isatty.</summary>
    public Terminal* CreateConsole(bool isPlain, WindowSize window)
    {
        Panic.Unless(Console == null, "terminal: the console was made twice"u8);
        Terminal* terminal = _terminals.Allocate();
        if (terminal == null)
            return null;
        _tracker.Register(&terminal->Header, ObjectKind.Terminal);
        terminal->Settings = isPlain ? Termios.Raw() : Termios.Cooked();
        terminal->IsPlain = isPlain;
        terminal->Window = window;
        for (int i = 0; i < Terminal.InputTexts + Terminal.ScreenTexts; i++)
        {
            TerminalText* text = _texts.Allocate();
            if (text == null)
                return null;
            text->Terminal = terminal;
            text->Index = i;
            terminal->Texts[i] = (ulong)text;
            _tracker.Register(&text->Header, ObjectKind.TerminalText);
        }
        Console = terminal;
        return terminal;
    }

    /// <summary>Changes how the host is attached after a restore: a session may go on with or without a terminal.</summary>
    public void SetPlain(Terminal* terminal, bool isPlain)
    {
        if (terminal->IsPlain == isPlain)
            return;
        terminal->IsPlain = isPlain;
        terminal->Settings = isPlain ? Termios.Raw() : Termios.Cooked();
        terminal->IsEnded = false;
        terminal->LineHead = terminal->InputHead;
        _tracker.MarkChanged(&terminal->Header);
    }

    /// <summary>Sets the window's size; the foreground group hears of a change.</summary>
    public void SetWindow(Terminal* terminal, in WindowSize window)
    {
        if (terminal->Window.Equals(in window))
            return;
        terminal->Window = window;
        _tracker.MarkChanged(&terminal->Header);
        SignalForeground(terminal, Signal.SIGWINCH);
    }

    /// <summary>Tells the programs of a freshly attached terminal to draw their screen again.</summary>
    public void NotifyAttached(Terminal* terminal) => SignalForeground(terminal, Signal.SIGWINCH);

    /// <summary>The host's input has ended.</summary>
    public void EndInput(Terminal* terminal)
    {
        terminal->IsEnded = true;
        _tracker.MarkChanged(&terminal->Header);
        _scheduler.WakeAll(&terminal->Readers);
    }

    /// <summary>Copies the kept end of the output, oldest first; at most the buffer's length of the newest bytes.</summary>
    public static int CopyScreen(Terminal* terminal, Span<byte> destination)
    {
        ulong kept = Math.Min(terminal->ScreenEnd, Terminal.ScreenBytes);
        int count = (int)Math.Min(kept, (ulong)destination.Length);
        for (int i = 0; i < count; i++)
            destination[i] = *ScreenByte(terminal, terminal->ScreenEnd - (ulong)(count - i));
        return count;
    }

    private void SignalForeground(Terminal* terminal, Signal signal)
    {
        if (terminal->ForegroundGroup != 0)
            _signals.SendToGroup(_processes.FindGroup(terminal->ForegroundGroup), signal);
    }

    private static TerminalText* TextOf(Terminal* terminal, int index) => (TerminalText*)terminal->Texts[index];

    private static byte InputAt(Terminal* terminal, ulong position)
    {
        int offset = (int)(position % Terminal.InputBytes);
        return TextOf(terminal, offset / TerminalText.Bytes)->Content[offset % TerminalText.Bytes];
    }

    private void SetInput(Terminal* terminal, ulong position, byte value, bool endsLine)
    {
        int offset = (int)(position % Terminal.InputBytes);
        TerminalText* text = TextOf(terminal, offset / TerminalText.Bytes);
        text->Content[offset % TerminalText.Bytes] = value;
        _tracker.MarkChanged(&text->Header);
        ulong bit = 1UL << (offset % 64);
        if (endsLine)
            terminal->LineEnds[offset / 64] |= bit;
        else
            terminal->LineEnds[offset / 64] &= ~bit;
        _tracker.MarkChanged(&terminal->Header);
    }

    private static bool EndsLine(Terminal* terminal, ulong position)
    {
        int offset = (int)(position % Terminal.InputBytes);
        return (terminal->LineEnds[offset / 64] & (1UL << (offset % 64))) != 0;
    }

    private static byte* ScreenByte(Terminal* terminal, ulong position)
    {
        int offset = (int)(position % Terminal.ScreenBytes);
        TerminalText* text = TextOf(terminal, Terminal.InputTexts + (offset / TerminalText.Bytes));
        return &text->Content[offset % TerminalText.Bytes];
    }
}
