using System.Collections.Generic;
using System.Linq;
using Aurora.Bench;
using Spectre.Console;

namespace Aurora.Cli.Bench;

/// <summary>Comparisons as a table in the terminal.</summary>
internal static class ComparisonTable
{
    private static readonly string[] _columns =
        ["measure", "", "Aurora", "peer", "unmitigated", "ratio", "unmitigated", "spread", "target", ""];

    public static Table Of(IEnumerable<Comparison> rows)
    {
        var table = new Table();
        foreach (string column in _columns)
            table.AddColumn(new TableColumn(column) { NoWrap = true });
        for (int column = 2; column < 9; column++)
            table.Columns[column].RightAligned();
        foreach (Comparison row in rows)
            table.AddRow([.. Cells(row).Select(Markup.Escape)]);
        return table;
    }

    private static string[] Cells(Comparison row) =>
    [
        row.Measure, row.Words, row.Value(row.Aurora), row.Value(row.Peer), row.Value(row.Bare),
        row.Share(isBare: false), row.Share(isBare: true), row.Spread is { } spread ? Figures.Share(spread) : "",
        row.TargetWords, Words(row.Verdict),
    ];

    private static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Met => "met",
        Verdict.MetBesideMitigations => "met beside mitigations",
        Verdict.Missed => "missed",
        _ => "",
    };
}
