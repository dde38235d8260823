// Runs one test far longer than a change has to pass. The test itself reads how long, and from which seed, from the environment; its lines
// that begin with a verdict's mark are shown, and what it says when it fails. A test that ends without either (killed for want of memory,
// for instance) says so by its last lines.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Soak;

/// <summary>A test that a soak repeats.</summary>
/// <param name="Project">Its project, below the repository.</param>
/// <param name="Filter">Which tests of it.</param>
/// <param name="Building">What is said while it is built.</param>
internal sealed record LongTest(string Project, string Filter, string Building)
{
    private const int LastLines = 20;

    private static readonly string[] _verdicts = ["state fuzzer:", "memory soak:", "crash suite:", "attack:", "names:"];

    /// <summary>The option that repeats an earlier run.</summary>
    public static Option<int> Seed(string description) => new("--seed") { Description = description, DefaultValueFactory = _ => 1 };

    /// <summary>Runs it with these variables set; the exit code.</summary>
    public async Task<int> RunAsync(IEnumerable<(string Name, long Value)> variables, CancellationToken cancellation)
    {
        string project = Repository.In(Project);
        await Builder.BuildAsync(project, Building, cancellation);
        foreach ((string name, long value) in variables)
            Environment.SetEnvironmentVariable(name, value.ToString(CultureInfo.InvariantCulture));
        List<string> arguments =
            ["test", project, "--no-build", "--nologo", "--logger", "console;verbosity=detailed", "--filter", Filter];
        var shown = new Output();
        HostResult run = await HostProcess.RunAsync("dotnet", arguments, shown.Show, cancellation);
        if (run.Status == 0)
            return ExitCode.Success;
        if (!shown.HasFailure)
            Console.WriteLine("the test did not come to an end:\n" + string.Join('\n', run.Output.Split('\n').TakeLast(LastLines)));
        return ExitCode.Failed;
    }

    // The verdict, or the failure with its program up to the stack trace.
    private sealed class Output
    {
        private bool _isFailure;

        public bool HasFailure { get; private set; }

        public void Show(string line)
        {
            if (line.Contains("Stack Trace:", StringComparison.Ordinal))
                _isFailure = false;
            bool begins = line.Contains("Error Message:", StringComparison.Ordinal);
            HasFailure |= begins;
            if (begins)
                _isFailure = true;
            else if (_isFailure || _verdicts.Any(verdict => line.TrimStart().StartsWith(verdict, StringComparison.Ordinal)))
                Console.WriteLine(line.TrimEnd());
        }
    }
}
