// Runs a test far longer than a change has to pass. The test itself reads how long from the environment.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora soak states</c>.</summary>
internal static class StateSoakCommand
{
    private const int DefaultStates = 5_000_000;
    private const string Project = "tests/unit/Aurora.States.Tests/Aurora.States.Tests.csproj";

    public static Command Create()
    {
        var command = new Command("states", """
            Build up kernel states with random legal programs on the host,
                restore each into a fresh kernel and compare. Exits 1 when one does not come
            back as it was, and prints the smallest program that shows it, with its seed.
            """);
        var states = new Option<int>("--states") { Description = "How many states.", DefaultValueFactory = _ => DefaultStates };
        var seed = new Option<int>("--seed") { Description = "The first program's seed.", DefaultValueFactory = _ => 1 };
        command.Options.Add(states);
        command.Options.Add(seed);
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(states), parsed.GetValue(seed), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int states, int seed, CancellationToken cancellation)
    {
        string project = Repository.In(Project);
        await Builder.BuildAsync(project, "building the state fuzzer", cancellation);
        Environment.SetEnvironmentVariable("AURORA_STATES", states.ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("AURORA_STATES_SEED", seed.ToString(CultureInfo.InvariantCulture));
        List<string> arguments =
            ["test", project, "--no-build", "--nologo", "--logger", "console;verbosity=detailed", "--filter",
                "FullyQualifiedName~Every_state_comes_back"];
        var shown = new Output();
        HostResult run = await HostProcess.RunAsync("dotnet", arguments, shown.Show, cancellation);
        return run.Status == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    // The verdict, or the failure with its program up to the stack trace.
    private sealed class Output
    {
        private bool _isFailure;

        public void Show(string line)
        {
            if (line.Contains("Stack Trace:", StringComparison.Ordinal))
                _isFailure = false;
            if (line.Contains("Error Message:", StringComparison.Ordinal))
                _isFailure = true;
            else if (_isFailure || line.Contains("state fuzzer:", StringComparison.Ordinal))
                Console.WriteLine(line.TrimEnd());
        }
    }
}
