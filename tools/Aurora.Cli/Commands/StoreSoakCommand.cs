using System;
using System.CommandLine;
using Aurora.Cli.Soak;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak store</c>: power cuts of the store, and stores in a tight place.</summary>
internal static class StoreSoakCommand
{
    private const int DefaultStates = 1_000_000;

    // Histories of stores in a tight place: one for so many states.
    private const int StatesPerTightRun = 500;

    private static readonly LongTest _test = new(
        "tests/crash/Aurora.Crash.Tests/Aurora.Crash.Tests.csproj",
        "FullyQualifiedName~Recovery_survives_every_enumerated_power_cut|FullyQualifiedName~TightStore",
        "building the crash tests");

    public static Command Create()
    {
        var command = new Command("store", """
            Recover from a million distinct power cuts of generated histories, and run two thousand stores
                without room, memory or a steady clock. Exits 1 when one is not survived, naming its seed.
            """);
        var states = new Option<int>("--states") { Description = "How many distinct crash states.", DefaultValueFactory = _ => DefaultStates };
        Option<int> seed = LongTest.Seed("The first history's seed.");
        command.Options.Add(states);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) =>
        {
            int wanted = parsed.GetValue(states);
            return _test.RunAsync(
                [
                    ("AURORA_CRASH_STATES", wanted), ("AURORA_TIGHT_RUNS", Math.Max(1, wanted / StatesPerTightRun)),
                    ("AURORA_CRASH_SEED", parsed.GetValue(seed)),
                ],
                cancellation);
        });
        return command;
    }
}
