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

    private const string States = "tests/unit/Aurora.States.Tests/Aurora.States.Tests.csproj";

    private static readonly LongTest _cycles = new(States, "FullyQualifiedName~GroupLeakTests", "building the tests of groups");

    private static readonly LongTest _states = new(States, "FullyQualifiedName~GroupStateTests", "building the tests of groups");

    private static readonly LongTest _lives = new(
        "tests/system/Aurora.System.Tests/Aurora.System.Tests.csproj", "FullyQualifiedName~GroupKillLoopTests", "building the system tests");

    public static Command Create()
    {
        var command = new Command("groups", """
            Have groups come and go on the host, run random programs in three of them, and cut the power of a machine with
            groups at different paces again and again. Exits 1 when one of them fails, and says which and with which seed.
            """);
        var cycles = new Option<int>("--cycles") { Description = "How many groups come and go.", DefaultValueFactory = _ => DefaultCycles };
        var states = new Option<int>("--states") { Description = "How many states of three.", DefaultValueFactory = _ => DefaultStates };
        var lives = new Option<int>("--lives") { Description = "How many power cuts.", DefaultValueFactory = _ => DefaultLives };
        Option<int> seed = LongTest.Seed("The first program's seed, and that of the moments of the cuts.");
        command.Options.Add(cycles);
        command.Options.Add(states);
        command.Options.Add(lives);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(cycles), parsed.GetValue(states), parsed.GetValue(lives), parsed.GetValue(seed), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int cycles, int states, int lives, int seed, CancellationToken cancellation)
    {
        int result = await _cycles.RunAsync([("AURORA_GROUP_CYCLES", cycles)], cancellation);
        if (result == ExitCode.Success)
            result = await _states.RunAsync([("AURORA_GROUP_STATES", states), ("AURORA_STATES_SEED", seed)], cancellation);
        if (result == ExitCode.Success)
            result = await _lives.RunAsync([("AURORA_GROUP_LIVES", lives), ("AURORA_GROUP_SEED", seed)], cancellation);
        return result;
    }
}
