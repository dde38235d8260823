// aurora bench: the table of measures on both systems, for people or programs, and the report with plots.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Instructions;
using Aurora.Bench.Pairs;
using Aurora.Bench.Report;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Bench;

/// <summary>The section of pairs.</summary>
internal sealed class PairSection(BenchChoices choices)
{
    private const int UsualPairs = 3;

    private int Pairs => choices.Pairs ?? (choices.Quick ? 1 : UsualPairs);

    /// <summary>Measures, shows and judges.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        IReadOnlyList<PairMeasure> measures = PairMeasure.Matching(choices.Filter);
        if (measures.Count == 0)
            throw new UserException(
                $"no measure's name contains {choices.Filter}: {string.Join(", ", PairMeasure.All.Select(measure => measure.Name))}");
        if (choices.Quick)
            measures = [.. measures.Where(measure => measure.IsQuick)];
        if (measures.Count == 0)
            throw new UserException($"--quick leaves out all whose names contain {choices.Filter}");
        // Before what takes long: a folder that is not there is told at once.
        if (choices.Report is { } path && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            throw new UserException($"--report: {path}: there is no such folder");
        IReadOnlyList<PairRun> runs = await Workspace.Report.WorkAsync(
            "measuring", show => MeasureAsync(measures, Progress(show), cancellation));
        Comparison[] rows = [.. measures.Select(measure => measure.Compare(runs)).OfType<Comparison>()];
        if (choices.Json)
            Console.WriteLine(ComparisonJson.Write(Versions(), rows));
        else
            Workspace.Report.Print(ComparisonTable.Of(rows));
        if (choices.Report is { } file)
        {
            new HtmlReport("Aurora beside Linux", Facts(), rows, new PairPlots(runs).Draw()).Write(file);
            Workspace.Report.Good($"wrote {file}");
        }
        return rows.All(row => row.Verdict is not Verdict.Missed) ? ExitCode.Success : ExitCode.Failed;
    }

    private async Task<IReadOnlyList<PairRun>> MeasureAsync(
        IReadOnlyList<PairMeasure> measures, Action<string> progress, CancellationToken cancellation)
    {
        progress("the peer's packages and both root file systems");
        var bench = new PairBench(choices, await PeerWorkspace.PrepareAsync(choices.Folder, cancellation));
        await bench.PrepareAsync(cancellation);
        HashSet<PairPart> parts = [.. measures.Select(measure => measure.Part)];
        var runs = new List<PairRun>();
        for (int pair = 1; pair <= Pairs; pair++)
        {
            int number = pair;
            runs.AddRange(await bench.RunAsync(parts, what => progress($"pair {number} of {Pairs}: {what}"), cancellation));
        }
        return runs;
    }

    // A line each where there is no terminal to rewrite one on.
    private static Action<string> Progress(Action<string> show) => Workspace.Report.IsTerminal ? show : Workspace.Report.Line;

    private static string[] Versions()
        => [.. HostVersions.Read().Select(version => $"{version.Key}: {version.Value}"), .. PeerWorkspace.Versions];

    private string[] Facts() =>
    [
        DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
        $"{Pairs} pair{(Pairs == 1 ? "" : "s")} of runs, one after the other: Aurora, Linux, Linux without mitigations; "
            + "the same machine and the same static programs",
        .. HostVersions.Read().Select(version => $"{version.Key}: {version.Value}"),
        .. PeerWorkspace.Versions,
        "Emulated machines compare with each other, not with hardware.",
    ];
}
