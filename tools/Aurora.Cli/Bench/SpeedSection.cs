using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Spectre.Console;

namespace Aurora.Cli.Bench;

/// <summary>The sections that measure Aurora by itself.</summary>
internal static class SpeedSection
{
    /// <summary>Runs one of them, or all, and prints what was measured even if a later one fails.</summary>
    public static async Task<int> RunAsync(BenchChoices choices, string? section, CancellationToken cancellation)
    {
        var bench = new SpeedBench(choices.Machine, choices.Folder);
        try
        {
            await Report.WorkAsync("measuring", async progress =>
            {
                await bench.RunAsync(section, progress, cancellation);
                return true;
            });
        }
        finally
        {
            if (bench.Rows.Count > 0)
                Print(bench);
        }
        return bench.Rows.All(row => row.Holds != false) ? ExitCode.Success : ExitCode.Failed;
    }

    private static void Print(SpeedBench bench)
    {
        var table = new Table().AddColumns("measure (medians in the guest)", "value", "target", "");
        foreach (Measurement row in bench.Rows)
            table.AddRow(
                Markup.Escape(row.Measure), Markup.Escape(row.Value), row.Target,
                row.Holds switch { true => "met", false => "missed", _ => "" });
        Report.Print(table);
    }
}
