// aurora bench --instructions: beside the peer (the default), against the baseline (--alone), or as the new baseline (--record).
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Bench;
using Aurora.Bench.Instructions;
using Aurora.Bench.Report;
using Aurora.Cli.Workspace;
using Spectre.Console;

namespace Aurora.Cli.Bench;

/// <summary>The section of counted instructions.</summary>
internal sealed class InstructionSection(BenchChoices choices)
{
    private readonly InstructionBench _bench = new(choices.Machine, choices.Folder);

    /// <summary>Beside the peer; fails when a target is missed.</summary>
    public async Task<int> CompareAsync(CancellationToken cancellation)
    {
        IReadOnlyList<Comparison> rows = await Workspace.Report.WorkAsync(
            "counting instructions", progress => _bench.CompareAsync(choices.Filter, progress, cancellation));
        if (choices.Json)
            Console.WriteLine(ComparisonJson.Write(
                [.. HostVersions.Read().Select(version => $"{version.Key}: {version.Value}"), .. PeerWorkspace.Versions], rows));
        else
            Workspace.Report.Print(ComparisonTable.Of(rows));
        return rows.All(row => row.Verdict is not Verdict.Missed) ? ExitCode.Success : ExitCode.Failed;
    }

    /// <summary>Writes the baseline.</summary>
    public async Task<int> RecordAsync(CancellationToken cancellation)
    {
        GuestReport report = await CountAsync(cancellation);
        InstructionBaseline.Of(report, HostVersions.Read()).Write(InstructionBench.BaselineFile);
        Workspace.Report.Good($"recorded {InstructionBaseline.Figures(report).Count()} measures in {InstructionBench.BaselineFile}");
        return ExitCode.Success;
    }

    /// <summary>
    /// Aurora against the baseline; fails when a measure has risen or is above its limit; says when they cannot be compared.
    /// </summary>
    public async Task<int> CheckAsync(CancellationToken cancellation)
    {
        InstructionBaseline baseline = InstructionBaseline.Read(InstructionBench.BaselineFile);
        GuestReport report = await CountAsync(cancellation);
        Print(baseline, report);
        bool isMissed = InstructionBaseline.Figures(report).Any(figure => Primitive.IsMissed(figure.Name, figure.Each));
        if (baseline.WhyNotComparable(HostVersions.Read()) is { } reason)
            Workspace.Report.Warning(reason);
        else
            isMissed |= baseline.Rises(report).Count != 0;
        return isMissed ? ExitCode.Failed : ExitCode.Success;
    }

    private Task<GuestReport> CountAsync(CancellationToken cancellation)
        => Workspace.Report.WorkAsync("counting instructions on Aurora", _ => _bench.CountAuroraAsync(choices.Filter, cancellation));

    private static void Print(InstructionBaseline baseline, GuestReport report)
    {
        var table = new Table().AddColumns("measure", "", "recorded", "now", "at most", "");
        HashSet<string> risen = [.. baseline.Rises(report).Select(rise => rise.Name)];
        foreach ((string name, double each) in InstructionBaseline.Figures(report))
        {
            string recorded = baseline.Instructions.TryGetValue(name, out double before) ? Figures.Format(before, Unit.Instructions) : "";
            table.AddRow(
                name, Markup.Escape(Primitive.WordsOf(name)), recorded, Figures.Format(each, Unit.Instructions),
                Primitive.Find(name)?.Most is { } most ? Figures.Format(most, Unit.Instructions) : "",
                Primitive.IsMissed(name, each) ? "missed" : risen.Contains(name) ? "risen" : "");
        }
        Workspace.Report.Print(table);
    }
}
