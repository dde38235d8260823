using System.CommandLine;
using Aurora.Cli.Soak;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak states</c>: kernel states that a restore must give back.</summary>
internal static class StateSoakCommand
{
    private const int DefaultStates = 5_000_000;

    private static readonly LongTest _test = new(
        "tests/unit/Aurora.States.Tests/Aurora.States.Tests.csproj", "FullyQualifiedName~Every_state_comes_back",
        "building the state fuzzer");

    public static Command Create()
    {
        var command = new Command("states", """
            Build up kernel states with random legal programs on the host,
                restore each into a fresh kernel and compare. Exits 1 when one does not come
            back as it was, and prints the smallest program that shows it, with its seed.
            """);
        var states = new Option<int>("--states") { Description = "How many states.", DefaultValueFactory = _ => DefaultStates };
        Option<int> seed = LongTest.Seed("The first program's seed.");
        command.Options.Add(states);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) => _test.RunAsync(
            [("AURORA_STATES", parsed.GetValue(states)), ("AURORA_STATES_SEED", parsed.GetValue(seed))], cancellation));
        return command;
    }
}
