using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>The terminals there are.</summary>
public sealed unsafe class TerminalState
{
    public const int MaxTerminals = 64;

    public TerminalState(PageAllocator pages)
    {
        Terminals = new Slab<Terminal>(pages, MaxTerminals);
        Texts = new Slab<TerminalText>(pages, MaxTerminals * (Terminal.InputTexts + Terminal.ScreenTexts));
    }

    public Slab<Terminal> Terminals { get; }
    public Slab<TerminalText> Texts { get; }

    /// <summary>The machine's console; null until it is made or restored.</summary>
    public Terminal* Console { get; set; }
}
