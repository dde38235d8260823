// Runs a test far longer than a change has to pass. The tests themselves read how long from the environment.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak store</c>.</summary>
internal static class StoreSoakCommand
{
    private const int DefaultStates = 1_000_000;

    // Histories of stores in a tight place: one for so many states.
    private const int StatesPerTightRun = 500;
    private const string CrashProject = "tests/crash/Aurora.Crash.Tests/Aurora.Crash.Tests.csproj";

    public static Command Create()
    {
        var command = new Command("store", "Recover from a million distinct power cuts of generated histories, and run two thousand stores without room, memory or a steady clock. Exits 1 when one is not survived, naming its seed.");
        var states = new Option<int>("--states") { Description = "How many distinct crash states.", DefaultValueFactory = _ => DefaultStates };
        var seed = new Option<int>("--seed") { Description = "The first history's seed.", DefaultValueFactory = _ => 1 };
        command.Options.Add(states);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(states), parsed.GetValue(seed), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int states, int seed, CancellationToken cancellation)
    {
        string project = Repository.In(CrashProject);
        await Builder.BuildAsync(project, "building the crash tests", cancellation);
        Environment.SetEnvironmentVariable("AURORA_CRASH_STATES", states.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("AURORA_TIGHT_RUNS", Math.Max(1, states / StatesPerTightRun).ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("AURORA_CRASH_SEED", seed.ToString(CultureInfo.InvariantCulture));
        List<string> arguments =
            ["test", project, "--no-build", "--nologo", "--logger", "console;verbosity=detailed", "--filter", "FullyQualifiedName~Recovery_survives_every_enumerated_power_cut|FullyQualifiedName~TightStore"];
        HostResult run = await HostProcess.RunAsync("dotnet", arguments, Show, cancellation);
        return run.Status == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    // The suite's own lines, and what it found.
    private static void Show(string line)
    {
        if (line.StartsWith("crash suite:", StringComparison.Ordinal) || line.Contains("seed ", StringComparison.Ordinal) || line.Contains("attack:", StringComparison.Ordinal))
            Console.WriteLine(line.Trim());
    }
}
