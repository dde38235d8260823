// What the terminals' codecs need to put a terminal together again.
namespace Aurora.Posix.Terminals;

public sealed unsafe partial class TerminalService
{
    internal Terminal* AllocateTerminal() => _terminals.Allocate();

    internal TerminalText* AllocateText() => _texts.Allocate();

    /// <summary>Puts a restored text in its place; false when the place is taken.</summary>
    internal static bool AttachText(Terminal* terminal, TerminalText* text)
    {
        if (terminal->Texts[text->Index] != 0)
            return false;
        terminal->Texts[text->Index] = (ulong)text;
        return true;
    }

    /// <summary>Makes a restored terminal the console; false when it lacks a text or there is a console already.</summary>
    internal bool AdoptConsole(Terminal* terminal)
    {
        if (Console != null)
            return false;
        for (int i = 0; i < Terminal.InputTexts + Terminal.ScreenTexts; i++)
        {
            if (terminal->Texts[i] == 0)
                return false;
        }
        Console = terminal;
        return true;
    }
}
