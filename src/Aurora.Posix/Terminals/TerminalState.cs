using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Posix.Terminals;

/// <summary>The terminals there are.</summary>
public sealed unsafe class TerminalState
{
    public const int MaxTerminals = GroupTable.MaxGroups;

    private const int TextsOfTerminal = Terminal.InputTexts + Terminal.ScreenTexts;

    private readonly GroupTable<ConsoleOfGroup> _consoles;

    public TerminalState(PageAllocator pages, TrackedObjects tracked)
    {
        _consoles = new GroupTable<ConsoleOfGroup>(tracked);
        Terminals = new Slab<Terminal>(pages, MaxTerminals);
        Pseudo = new Slab<Terminal>(
            pages, TerminalNodes.Most, ChargeKind.PseudoTerminal, TextsOfTerminal * sizeof(TerminalText));
        Texts = new Slab<TerminalText>(pages, (MaxTerminals + TerminalNodes.Most) * TextsOfTerminal);
    }

    public Slab<Terminal> Terminals { get; }
    public Slab<TerminalText> Texts { get; }

    /// <summary>Those whose line is a master: charged to who makes them, with their texts.</summary>
    public Slab<Terminal> Pseudo { get; }

    /// <summary>The console of a group; null until it is made or restored.</summary>
    public Terminal* ConsoleOf(ushort group) => _consoles.At(group)->Terminal;

    internal void SetConsole(Terminal* terminal) => _consoles.At(terminal->Header.Group)->Terminal = terminal;

    internal void ForgetConsole(Terminal* terminal) => _consoles.At(terminal->Header.Group)->Terminal = null;

    private struct ConsoleOfGroup
    {
        public Terminal* Terminal;
    }
}
