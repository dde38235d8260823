using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>The terminals there are.</summary>
public sealed unsafe class TerminalState
{
    public const int MaxTerminals = GroupTable.MaxGroups;

    private readonly GroupTable<ConsoleOfGroup> _consoles;

    public TerminalState(PageAllocator pages, TrackedObjects tracked)
    {
        _consoles = new GroupTable<ConsoleOfGroup>(tracked);
        Terminals = new Slab<Terminal>(pages, MaxTerminals);
        Texts = new Slab<TerminalText>(pages, MaxTerminals * (Terminal.InputTexts + Terminal.ScreenTexts));
    }

    public Slab<Terminal> Terminals { get; }
    public Slab<TerminalText> Texts { get; }

    /// <summary>The console of a group; null until it is made or restored.</summary>
    public Terminal* ConsoleOf(ushort group) => _consoles.At(group)->Terminal;

    internal void SetConsole(Terminal* terminal) => _consoles.At(terminal->Header.Group)->Terminal = terminal;

    internal void ForgetConsole(Terminal* terminal) => _consoles.At(terminal->Header.Group)->Terminal = null;

    private struct ConsoleOfGroup
    {
        public Terminal* Terminal;
    }
}
