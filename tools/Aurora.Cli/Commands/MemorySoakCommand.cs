// The model of virtual memory, far longer than a change has to pass. The test reads how long from the environment.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak memory</c>.</summary>
internal static class MemorySoakCommand
{
    private const long DefaultSteps = 10_000_000;
    private const string MemoryProject = "tests/unit/Aurora.Memory.Tests/Aurora.Memory.Tests.csproj";

    public static Command Create()
    {
        var command = new Command(
            "memory", "Run ten million random steps of virtual memory against its model. Exits 1 when they differ, naming the seed and the shortest program.");
        var steps = new Option<long>("--steps") { Description = "How many steps.", DefaultValueFactory = _ => DefaultSteps };
        var seed = new Option<int>("--seed") { Description = "The first program's seed.", DefaultValueFactory = _ => 1 };
        command.Options.Add(steps);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(steps), parsed.GetValue(seed), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(long steps, int seed, CancellationToken cancellation)
    {
        string project = Repository.In(MemoryProject);
        await Builder.BuildAsync(project, "building the memory tests", cancellation);
        Environment.SetEnvironmentVariable("AURORA_MEMORY_STEPS", steps.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("AURORA_MEMORY_SEED", seed.ToString(CultureInfo.InvariantCulture));
        List<string> arguments =
            ["test", project, "--no-build", "--nologo", "--logger", "console;verbosity=detailed", "--filter", "FullyQualifiedName~MemorySoakTests"];
        HostResult run = await HostProcess.RunAsync("dotnet", arguments, Show, cancellation);
        return run.Status == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    private static void Show(string line)
    {
        if (line.Contains("memory soak:", StringComparison.Ordinal) || line.Contains("seed ", StringComparison.Ordinal))
            Console.WriteLine(line.Trim());
    }
}
