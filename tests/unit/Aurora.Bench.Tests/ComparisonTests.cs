using System.Collections.Generic;
using System.Text.Json;
using Aurora.Bench.Report;
using Xunit;

namespace Aurora.Bench.Tests;

public sealed class ComparisonTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 9, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void The_median_is_the_middle(double[] values, double median) => Assert.Equal(median, Statistics.Median(values));

    [Fact]
    public void One_figure_has_no_spread()
    {
        Assert.Null(Statistics.Spread([5]));
        Assert.Equal(0.5, Statistics.Spread([8, 10, 13]));
    }

    [Fact]
    public void Ratios_are_made_within_pairs()
    {
        // The host was three times slower during the second pair: the ratio does not notice.
        Comparison row = Row([10, 30, 10], [20, 60, 20], [10, 30, 10]);
        Assert.Equal(0.5, row.Ratio);
        Assert.Equal(1, row.BareRatio);
        Assert.Equal(0, row.Spread);
    }

    [Fact]
    public void The_spread_is_that_of_the_less_steady_peer()
    {
        Comparison row = Row([10, 10, 10], [10, 10, 10], [10, 20, 10]);
        Assert.Equal(0.5, row.Spread);
        Assert.Null(Row([10], [10], [10]).Spread);
    }

    [Theory]
    [InlineData(10, 20, 15, Verdict.Met)]
    [InlineData(10, 20, 9, Verdict.MetBesideMitigations)]
    [InlineData(10, 9, 8, Verdict.Missed)]
    public void A_target_is_met_beside_both_peers_or_one(double aurora, double peer, double bare, Verdict verdict)
        => Assert.Equal(verdict, Row([aurora], [peer], [bare]).Verdict);

    [Fact]
    public void Without_a_target_there_is_no_verdict()
        => Assert.Equal(Verdict.NoTarget, (Row([1], [2], [3]) with { Target = null }).Verdict);

    [Theory]
    [InlineData(50, Verdict.Met)]
    [InlineData(51, Verdict.Missed)]
    public void What_the_peer_has_not_is_held_to_a_figure_of_its_own(double aurora, Verdict verdict)
    {
        Comparison row = Row([aurora], [], []) with { Target = null, Most = 50 };
        Assert.Equal(verdict, row.Verdict);
        Assert.True(row.IsAlone);
        Assert.Equal(("≤ 50.0 ns", "", "", ""), (row.TargetWords, row.Share(isBare: false), row.Share(isBare: true), row.Value(row.Peer)));
        Assert.Null(row.Spread);
        using JsonDocument document = JsonDocument.Parse(ComparisonJson.Write([], [row]));
        JsonElement measure = document.RootElement.GetProperty("measures")[0];
        Assert.Equal(50, measure.GetProperty("most").GetDouble());
        Assert.False(measure.TryGetProperty("ratio", out _));
    }

    [Fact]
    public void Figures_without_partners_are_refused() => Assert.Throws<BenchException>(() => Row([1, 2], [1], [1]).Ratio);

    [Fact]
    public void The_table_for_programs_has_all_that_people_see()
    {
        using JsonDocument document = JsonDocument.Parse(ComparisonJson.Write(["kernel 1"], [Row([10, 12], [20, 20], [5, 5])]));
        JsonElement measure = document.RootElement.GetProperty("measures")[0];
        Assert.Equal("kernel 1", document.RootElement.GetProperty("versions")[0].GetString());
        Assert.Equal("m", measure.GetProperty("measure").GetString());
        Assert.Equal(12, measure.GetProperty("aurora")[1].GetDouble());
        Assert.Equal(0.55, measure.GetProperty("ratio").GetDouble(), 6);
        Assert.Equal("met_beside_mitigations", measure.GetProperty("verdict").GetString());
    }

    [Theory]
    [InlineData(12345.6, Unit.Instructions, "12,346")]
    [InlineData(12.34, Unit.Nanoseconds, "12.3 ns")]
    [InlineData(1234, Unit.Nanoseconds, "1.23 µs")]
    [InlineData(250_000_000, Unit.Nanoseconds, "250 ms")]
    [InlineData(2_500_000_000, Unit.Nanoseconds, "2.50 s")]
    public void Figures_are_told_with_their_unit(double value, Unit unit, string text) => Assert.Equal(text, Figures.Format(value, unit));

    private static Comparison Row(IReadOnlyList<double> aurora, IReadOnlyList<double> peer, IReadOnlyList<double> bare) => new()
    {
        Measure = "m", Words = "w", Unit = Unit.Nanoseconds, Aurora = aurora, Peer = peer, Bare = bare, Target = 1,
    };
}
