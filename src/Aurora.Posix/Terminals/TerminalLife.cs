using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>Makes terminals, and puts restored ones together.</summary>
public sealed unsafe class TerminalLife(TerminalState state, ConsoleSink sink)
{
    /// <summary>Makes the console of a group. A plain one behaves as a pipe does and is no terminal to isatty.</summary>
    public Terminal* CreateConsole(ObjectTracker group, bool isPlain, WindowSize window)
    {
        Panic.Unless(state.ConsoleOf(group.Index) == null, "terminal: the console was made twice"u8);
        Terminal* terminal = state.Terminals.Allocate();
        if (terminal == null)
            return null;
        group.Register(&terminal->Header, ObjectKind.Terminal);
        terminal->Settings = isPlain ? Termios.Raw() : Termios.Cooked();
        terminal->IsPlain = isPlain;
        terminal->Window = window;
        if (!sink.Prepare(terminal) || !AddTexts(group, terminal))
        {
            End(group, terminal);
            return null;
        }
        state.SetConsole(terminal);
        return terminal;
    }

    /// <summary>
    /// Makes a terminal whose line is a master, locked; null when there is no room. The caller gives it its number and node.
    /// </summary>
    internal Terminal* CreatePseudo(ObjectTracker group)
    {
        Terminal* terminal = state.Pseudo.Allocate();
        if (terminal == null)
            return null;
        group.Register(&terminal->Header, ObjectKind.Terminal);
        terminal->IsPseudo = true;
        terminal->Settings = Termios.OfPseudoTerminal();
        terminal->Pseudo.Flags = PseudoTerminalFlags.Locked;
        if (AddTexts(group, terminal))
            return terminal;
        End(group, terminal);
        return null;
    }

    private bool AddTexts(ObjectTracker group, Terminal* terminal)
    {
        for (int i = 0; i < Terminal.InputTexts + Terminal.ScreenTexts; i++)
        {
            TerminalText* text = state.Texts.Allocate();
            if (text == null)
                return false;
            text->Terminal = terminal;
            text->Index = i;
            terminal->Texts[i] = (ulong)text;
            group.Register(&text->Header, ObjectKind.TerminalText);
        }
        return true;
    }

    /// <summary>The console of a group that ends, if it has one; none of its processes is left.</summary>
    public void EndConsole(ObjectTracker group)
    {
        Terminal* terminal = state.ConsoleOf(group.Index);
        if (terminal == null)
            return;
        Panic.Unless(terminal->Session == null, "terminal: the console of a group ended before its session"u8);
        state.ForgetConsole(terminal);
        End(group, terminal);
    }

    /// <summary>A terminal that nobody uses goes.</summary>
    internal void End(ObjectTracker group, Terminal* terminal)
    {
        for (int i = 0; i < Terminal.InputTexts + Terminal.ScreenTexts; i++)
        {
            TerminalText* text = (TerminalText*)terminal->Texts[i];
            if (text == null)
                continue;
            group.Remove(&text->Header);
            state.Texts.Free(text);
        }
        group.Remove(&terminal->Header);
        if (terminal->IsPseudo)
            state.Pseudo.Free(terminal);
        else
            state.Terminals.Free(terminal);
    }

    internal Terminal* AllocateTerminal(bool isPseudo) => isPseudo ? state.Pseudo.Allocate() : state.Terminals.Allocate();

    internal TerminalText* AllocateText() => state.Texts.Allocate();

    /// <summary>Puts a restored text in its place; false when the place is taken.</summary>
    internal static bool AttachText(Terminal* terminal, TerminalText* text)
    {
        if (terminal->Texts[text->Index] != 0)
            return false;
        terminal->Texts[text->Index] = (ulong)text;
        return true;
    }

    /// <summary>A restored terminal has all its texts.</summary>
    internal static bool IsWhole(Terminal* terminal)
    {
        for (int i = 0; i < Terminal.InputTexts + Terminal.ScreenTexts; i++)
        {
            if (terminal->Texts[i] == 0)
                return false;
        }
        return true;
    }

    /// <summary>Makes a restored terminal the console of its group; a bad record when it lacks a text or there is one already.</summary>
    internal RestoreStatus AdoptConsole(Terminal* terminal)
    {
        if (state.ConsoleOf(terminal->Header.Group) != null || !IsWhole(terminal))
            return RestoreStatus.BadRecord;
        if (!sink.Prepare(terminal))
            return RestoreStatus.OutOfMemory;
        state.SetConsole(terminal);
        return RestoreStatus.Ok;
    }
}
