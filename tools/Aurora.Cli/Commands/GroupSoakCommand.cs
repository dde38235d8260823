using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Soak;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak groups</c>: several groups, for long.</summary>
internal static class GroupSoakCommand
{
    private const int DefaultLives = 100;
    private const int DefaultCycles = 100_000;
    private const int DefaultStates = 500_000;
    private const int DefaultHistories = 500;

    private const string States = "tests/unit/Aurora.States.Tests/Aurora.States.Tests.csproj";

    private static readonly LongTest _cycles = new(States, "FullyQualifiedName~GroupLeakTests", "building the tests of groups");

    private static readonly LongTest _states = new(States, "FullyQualifiedName~GroupStateTests", "building the tests of groups");

    private static readonly LongTest _histories = new(
        States, "FullyQualifiedName~GroupCrashTests.So_it_is", "building the tests of groups");

    private static readonly LongTest _lives = new(
        "tests/system/Aurora.System.Tests/Aurora.System.Tests.csproj", "FullyQualifiedName~GroupKillLoopTests",
        "building the system tests");

    public static Command Create()
    {
        var command = new Command("groups", """
            Have groups come and go on the host, run random programs in three of them, cut the power everywhere in random histories of
            groups, and cut that of a machine with groups at different paces again and again. Exits 1 when one of them fails, and says
            which and with which seed.
            """);
        var cycles = new Option<int>("--cycles") { Description = "How many groups come and go.", DefaultValueFactory = _ => DefaultCycles };
        var states = new Option<int>("--states") { Description = "How many states of three.", DefaultValueFactory = _ => DefaultStates };
        var histories = new Option<int>("--histories") { Description = "How many histories.", DefaultValueFactory = _ => DefaultHistories };
        var lives = new Option<int>("--lives") { Description = "How many power cuts.", DefaultValueFactory = _ => DefaultLives };
        Option<int> seed = LongTest.Seed("The first program's seed, and that of the moments of the cuts.");
        command.Options.Add(cycles);
        command.Options.Add(states);
        command.Options.Add(histories);
        command.Options.Add(lives);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) =>
        {
            int first = parsed.GetValue(seed);
            return RunAsync(
            [
                (_cycles, [("AURORA_GROUP_CYCLES", parsed.GetValue(cycles))]),
                (_states, [("AURORA_GROUP_STATES", parsed.GetValue(states)), ("AURORA_STATES_SEED", first)]),
                (_histories, [("AURORA_GROUP_HISTORIES", parsed.GetValue(histories)), ("AURORA_CRASH_SEED", first)]),
                (_lives, [("AURORA_GROUP_LIVES", parsed.GetValue(lives)), ("AURORA_GROUP_SEED", first)]),
            ], cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync((LongTest Test, (string, long)[] Variables)[] parts, CancellationToken cancellation)
    {
        foreach ((LongTest test, (string, long)[] variables) in parts)
        {
            int result = await test.RunAsync(variables, cancellation);
            if (result != ExitCode.Success)
                return result;
        }
        return ExitCode.Success;
    }
}
