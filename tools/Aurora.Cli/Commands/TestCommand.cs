// Runs the test projects and adds up their results. The projects of a kind are found in their folder, so a new one needs no entry here.
// Results come from the runner's TRX files, not from its text; a project that crashes or hangs counts as one failed test.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora test [unit|crash|system]</c>.</summary>
internal static class TestCommand
{
    private static readonly string[] _kinds = ["unit", "crash", "system"];

    public static Command Create()
    {
        var command = new Command("test", "Run the tests: unit and crash tests on the host, system tests in QEMU. Ends with a line \"N passed, N failed\".");
        var kinds = new Argument<string[]>("kind") { Description = "unit, crash, system; all of them when none is named.", Arity = ArgumentArity.ZeroOrMore };
        kinds.AcceptOnlyFromAmong(_kinds);
        var filter = new Option<string?>("--filter") { Description = "Only tests whose name contains this text." };
        command.Arguments.Add(kinds);
        command.Options.Add(filter);
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(kinds) is { Length: > 0 } named ? named : _kinds, parsed.GetValue(filter), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string[] kinds, string? filter, CancellationToken cancellation)
    {
        if (Packages.Missing() is { Count: > 0 } missing)
            await Packages.InstallAsync(missing, cancellation);
        await Builder.BuildAsync(Builder.Solution, "building Aurora", cancellation);
        var total = new TestCount(0, 0, 0);
        foreach (string kind in _kinds.Where(kinds.Contains))
        {
            // Unit tests are many small projects; two at a time keep both cores of a small machine busy. The others measure time or boot machines.
            int atOnce = kind == "unit" ? 2 : 1;
            total += await RunKindAsync(kind, atOnce, filter, cancellation);
        }
        if (total.Skipped > 0)
            Console.WriteLine($"{total.Skipped} skipped");
        Console.WriteLine($"{total.Passed} passed, {total.Failed} failed");
        return total.Failed == 0 && total.Passed > 0 ? ExitCode.Success : ExitCode.Failed;
    }

    private static async Task<TestCount> RunKindAsync(string kind, int atOnce, string? filter, CancellationToken cancellation)
    {
        string folder = Repository.In($"tests/{kind}");
        string[] projects = Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : [];
        var total = new TestCount(0, 0, 0);
        var gate = new Lock();
        await Parallel.ForEachAsync(projects, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation }, async (project, token) =>
        {
            TestCount count = await TestProject.RunAsync(project, kind, filter, token);
            lock (gate)
                total += count;
        });
        return total;
    }
}
