using System;
using System.Linq;
using System.Threading.Tasks;
using Spectre.Console;

namespace Aurora.Cli.Workspace;

/// <summary>
/// What the tool says about itself. It goes to standard error, because standard output belongs to the guest or to a command's result;
/// colours and spinners appear only on a terminal.
/// </summary>
internal static class Report
{
    private static readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        Ansi = Console.IsErrorRedirected ? AnsiSupport.No : AnsiSupport.Detect,
    });

    // Of the work under way: there is one spinner.
    private static Action<string>? _show;

    public static bool IsTerminal => !Console.IsErrorRedirected;

    public static void Line(string text) => Console.Error.WriteLine(Harmless(text));

    /// <summary>A line on a terminal in raw mode, where a line feed does not return the carriage.</summary>
    public static void RawLine(string text) => Console.Error.WriteLine($"\r{Harmless(text)}\r");

    public static void Good(string text) => _console.MarkupLineInterpolated($"[green]{Harmless(text)}[/]");

    public static void Warning(string text) => _console.MarkupLineInterpolated($"[yellow]{Harmless(text)}[/]");

    public static void Error(string text)
    {
        if (IsTerminal)
            _console.MarkupLineInterpolated($"[red]aurora: {Harmless(text)}[/]");
        else
            Console.Error.WriteLine($"aurora: {Harmless(text)}");
    }

    /// <summary>
    /// Text without what a terminal obeys: names from an image or a package can hold anything. Lines and tabulators stay.
    /// </summary>
    internal static string Harmless(string text)
        => text.Any(IsObeyed) ? string.Concat(text.Select(letter => IsObeyed(letter) ? '?' : letter)) : text;

    /// <summary>
    /// Shows a title while work goes on: a spinner on a terminal, one line elsewhere. Work within work is shown in the spinner of that.
    /// </summary>
    public static async Task<T> WorkAsync<T>(string title, Func<Action<string>, Task<T>> work)
    {
        if (_show is { } outer)
        {
            outer(title);
            return await work(detail => outer($"{title}: {detail}"));
        }
        if (!IsTerminal)
        {
            Line(title);
            return await work(_ => { });
        }
        try
        {
            return await _console.Status().StartAsync(Markup.Escape(Harmless(title)), context =>
            {
                _show = text => context.Status(Markup.Escape(Harmless(text)));
                return work(detail => context.Status(Markup.Escape(Harmless($"{title}: {detail}"))));
            });
        }
        finally
        {
            _show = null;
        }
    }

    private static bool IsObeyed(char letter) => char.IsControl(letter) && letter is not ('\n' or '\t');

    /// <summary>Prints a table on standard output: aligned text when that is not a terminal.</summary>
    public static void Print(Table table)
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(Console.IsOutputRedirected ? table.AsciiBorder() : table.RoundedBorder());
    }
}
