using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using System.Xml.Linq;

namespace Aurora.Cli.Workspace;

/// <summary>How many tests had which outcome.</summary>
internal readonly record struct TestCount(int Passed, int Failed, int Skipped)
{
    public static TestCount operator +(TestCount left, TestCount right)
        => new(left.Passed + right.Passed, left.Failed + right.Failed, left.Skipped + right.Skipped);
}

/// <summary>Runs one test project and reads its results.</summary>
internal static class TestProject
{
    // A project that exceeds this hangs: the whole run is meant to take less.
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(20);

    public static async Task<TestCount> RunAsync(string project, string kind, string? filter, CancellationToken cancellation)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        string results = Path.Combine(Repository.Artifacts, "test-results", name);
        if (Directory.Exists(results))
            Directory.Delete(results, recursive: true);
        List<string> arguments = ["test", project, "--no-build", "--nologo", "--logger", "trx;LogFileName=results.trx", "--results-directory", results];
        if (filter != null)
            arguments.AddRange(["--filter", $"FullyQualifiedName~{filter}"]);
        long start = Stopwatch.GetTimestamp();
        HostResult run = await RunWithDeadlineAsync(arguments, cancellation);
        TestCount count = Count(Path.Combine(results, "results.trx"), run.Status, filter != null);
        string elapsed = $"{Stopwatch.GetElapsedTime(start).TotalSeconds,6:0.0} s";
        string skipped = count.Skipped > 0 ? $", {count.Skipped} skipped" : "";
        Console.WriteLine($"{kind,-6} {name,-28} {elapsed}  {count.Passed} passed, {count.Failed} failed{skipped}");
        string resultFile = Path.Combine(results, "results.trx");
        foreach (string line in AttacksIn(resultFile).Concat(SkipsIn(resultFile)))
            Console.WriteLine($"       {line}");
        if (count.Failed > 0)
            Console.WriteLine(Explain(run.Output));
        return count;
    }

    /// <summary>Reads a TRX file. A run that failed without a failed test in its file counts as one failure.</summary>
    internal static TestCount Count(string resultFile, int status, bool mayBeEmpty)
    {
        if (!File.Exists(resultFile))
            return status == 0 && mayBeEmpty ? default : new TestCount(0, 1, 0);
        ILookup<string, XElement> outcomes = XDocument.Load(resultFile).Descendants()
            .Where(element => element.Name.LocalName == "UnitTestResult")
            .ToLookup(element => (string?)element.Attribute("outcome") ?? "");
        int passed = outcomes["Passed"].Count();
        int skipped = outcomes["NotExecuted"].Count();
        int failed = outcomes.Sum(group => group.Count()) - passed - skipped;
        return new TestCount(passed, status != 0 && failed == 0 ? 1 : failed, skipped);
    }

    private static IEnumerable<string> AttacksIn(string resultFile)
    {
        var attacks = new AttackCounts();
        if (File.Exists(resultFile))
            attacks.AddAll(XDocument.Load(resultFile));
        return attacks.Lines;
    }

    // What was not tested, and why: on this host, for instance, it cannot be.
    private static IEnumerable<string> SkipsIn(string resultFile)
        => !File.Exists(resultFile) ? [] : XDocument.Load(resultFile).Descendants()
            .Where(element => element.Name.LocalName == "UnitTestResult" && (string?)element.Attribute("outcome") == "NotExecuted")
            .Select(element => $"skipped: {(string?)element.Attribute("testName")}: {MessageOf(element)}");

    private static string MessageOf(XElement result)
        => result.Descendants().FirstOrDefault(element => element.Name.LocalName is "Message" or "StdOut")?.Value.Trim() ?? "";

    private static async Task<HostResult> RunWithDeadlineAsync(List<string> arguments, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(_deadline);
        try
        {
            return await HostProcess.RunAsync("dotnet", arguments, cancellation: timer.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HostResult(ExitCode.TimedOut, $"no end after {_deadline.TotalMinutes:0} minutes: stopped");
        }
    }

    private static string Explain(string output)
    {
        string[] lines = [.. output.Split('\n').Select(line => line.TrimEnd())
            .Where(line => line.Length > 0 && !line.StartsWith("Test run for", StringComparison.Ordinal))];
        return string.Join('\n', lines.TakeLast(200).Select(line => "    " + line));
    }
}
