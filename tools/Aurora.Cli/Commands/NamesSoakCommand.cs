using System.CommandLine;
using Aurora.Cli.Soak;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak names</c>: a directory of very many files in a machine that has not room for them.</summary>
internal static class NamesSoakCommand
{
    private const int DefaultFiles = 1_000_000;
    private const int DefaultMebibytes = 256;

    private static readonly LongTest _test = new(
        "tests/system/Aurora.System.Tests/Aurora.System.Tests.csproj", "FullyQualifiedName~NamesTests.A_directory_that_does_not_fit",
        "building the system tests");

    public static Command Create()
    {
        var command = new Command("names", """
            Make a million files in one directory of a machine that cannot keep them in memory, cut its power, list them while another
            program adds and removes names, look each up, rename some and remove all. Exits 1 when anything is not as it should be.
            """);
        var files = new Option<int>("--files") { Description = "How many.", DefaultValueFactory = _ => DefaultFiles };
        var memory = new Option<int>("--memory", "-m")
        {
            Description = "The machine's memory in MiB.", DefaultValueFactory = _ => DefaultMebibytes,
        };
        command.Options.Add(files);
        command.Options.Add(memory);
        command.SetAction((parsed, cancellation) => _test.RunAsync(
            [("AURORA_NAMES_FILES", parsed.GetValue(files)), ("AURORA_NAMES_MEMORY", parsed.GetValue(memory))], cancellation));
        return command;
    }
}
