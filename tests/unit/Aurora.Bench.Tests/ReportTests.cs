using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Aurora.Bench.Pairs;
using Aurora.Bench.Report;
using Xunit;

namespace Aurora.Bench.Tests;

public sealed class ReportTests
{
    private const string Console = """
        R fsync_overwrite 1 p0 100
        R fsync_overwrite 1 p50 200000
        R fsync_overwrite 1 p100 9000000
        R pace 10000 rounds_per_s 950
        R pace 1000 rounds_per_s 500
        R pace 0 rounds_per_s 1000
        R persist 1 p50 90000
        R persist 64 p50 400000
        R dump_pages 1 stop 15000
        R dump_pages 4096 stop 800000
        R restore 64 answers 12000000
        R restore 64 read 90000000

        """;

    [Fact]
    public void The_page_is_well_formed_and_needs_no_network()
    {
        string page = Report(Rows(), "<script> & \"quotes\"").Render();
        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        XElement html = Parse(page);
        Assert.DoesNotMatch(new Regex("https?:|url\\(|@import|<script|<link|<img|<iframe", RegexOptions.IgnoreCase), page);
        Assert.Contains("<script> & \"quotes\"", html.Descendants("li").Select(item => item.Value));
    }

    [Fact]
    public void Every_row_and_every_plot_is_there()
    {
        XElement html = Parse(Report(Rows(), "fact").Render());
        Assert.Equal(Rows().Length, html.Descendants("tbody").Elements("tr").Count());
        string[] titles = [.. html.Descendants("h2").Select(heading => heading.Value)];
        Assert.Contains("Stop time against dirty pages", titles);
        Assert.Contains("Latency of an overwritten page", titles);
        Assert.Contains("Throughput against period", titles);
        Assert.Contains("Persists against pages", titles);
        Assert.Contains("Restore against size", titles);
        Assert.DoesNotContain("Latency of an appended page", titles);
    }

    [Fact]
    public void Every_point_is_inside_its_plot()
    {
        foreach (XElement drawing in Parse(Report(Rows(), "fact").Render()).Descendants("svg"))
        {
            string[] words = ((string)drawing.Attribute("viewBox")!).Split(' ');
            double[] box = [.. words.Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            Assert.All(drawing.Descendants("circle"), circle => Assert.InRange((double)circle.Attribute("cx")!, 0, box[2]));
            Assert.All(drawing.Descendants("circle"), circle => Assert.InRange((double)circle.Attribute("cy")!, 0, box[3]));
        }
    }

    [Theory]
    [InlineData(1, 16384, true)]
    [InlineData(3, 4, true)]
    [InlineData(1000, 1000, true)]
    [InlineData(0, 100, false)]
    [InlineData(0, 7, false)]
    public void An_axis_has_a_few_ticks(double least, double greatest, bool isLogarithmic)
    {
        var axis = new PlotAxis("x", isLogarithmic, value => $"{value}");
        PlotScale scale = axis.Scale([least, greatest], 0, 500);
        IReadOnlyList<double> ticks = axis.Ticks(scale);
        Assert.InRange(ticks.Count, 1, 13);
        Assert.All(ticks, tick => Assert.InRange(scale.Pixel(tick), 0, 500));
    }

    [Fact]
    public void Nothing_has_no_place_on_a_logarithmic_axis()
        => Assert.Throws<ArgumentException>(() => new PlotAxis("x", true, value => "").Scale([0, 1], 0, 1));

    [Fact]
    public void A_measure_that_was_not_taken_has_no_row()
    {
        Assert.Null(PairMeasure.All.Single(measure => measure.Name == "msync_64").Compare(Runs()));
        Assert.Null(PairMeasure.All.Single(measure => measure.Name == "restore_read_256").Compare(Runs()));
    }

    [Fact]
    public void A_rate_becomes_the_time_of_one()
    {
        Comparison row = PairMeasure.All.Single(measure => measure.Name == "pace").Compare(Runs())!;
        Assert.Equal(1e9 / 950, row.Aurora[0], 3);
        Assert.Equal(1e9 / 1000, row.Peer[0], 3);
        Assert.Equal(Verdict.Met, row.Verdict);
    }

    [Fact]
    public void A_persist_is_compared_with_the_peer_and_with_the_device()
    {
        Comparison beside = PairMeasure.All.Single(measure => measure.Name == "persist_1").Compare(Runs())!;
        Comparison device = PairMeasure.All.Single(measure => measure.Name == "persist_device_1").Compare(Runs())!;
        Assert.Equal((1, Verdict.Missed), (beside.Ratio, beside.Verdict));
        Assert.Equal((1.2, 1.2, Verdict.Met), (device.Ratio, device.BareRatio, device.Verdict));
        Assert.Equal("≤ 1.30 ×", device.TargetWords);
        Assert.Null(PairMeasure.All.Single(measure => measure.Name == "persist_device_16").Compare(Runs()));
    }

    [Fact]
    public void A_persist_is_durable_in_a_share_of_what_writing_and_fsync_take()
    {
        double?[] targets = [.. PairMeasure.Persisted
            .Select(pages => PairMeasure.All.Single(measure => measure.Name == $"persist_{pages}").Target)];
        Assert.Equal([1.0 / 3, 0.1, 0.1, 0.1, 0.1], targets);
        Assert.All(PairMeasure.Matching("persist_stored"), measure => Assert.Null(measure.Target));
    }

    [Fact]
    public void What_has_a_persist_and_no_device_beside_it_is_an_error()
    {
        var report = new GuestReport(Console);
        PairMeasure device = PairMeasure.All.Single(measure => measure.Name == "persist_device_1");
        Assert.Throws<BenchException>(() => device.Compare([new PairRun(report, report, report)]));
    }

    [Fact]
    public void A_filter_chooses_by_a_part_of_the_name()
    {
        Assert.Equal(4, PairMeasure.Matching("msync").Count);
        Assert.Equal(PairMeasure.All.Count, PairMeasure.Matching(null).Count);
        Assert.Empty(PairMeasure.Matching("no such measure"));
        Assert.Equal(PairMeasure.All.Count, PairMeasure.All.DistinctBy(measure => measure.Name).Count());
    }

    private static PairRun[] Runs()
    {
        var report = new GuestReport(Console);
        var device = new GuestReport(
        [
            new(new FigureKey(PairMeasure.Device, 1, "p50"), 75000), new(new FigureKey(PairMeasure.Device, 64, "p50"), 300000),
        ]);
        return [new PairRun(report, report, report, device), new PairRun(report, report, report, device)];
    }

    private static Comparison[] Rows() => [.. PairMeasure.All.Select(measure => measure.Compare(Runs())).OfType<Comparison>()];

    private static HtmlReport Report(Comparison[] rows, string fact) => new("A <title>", [fact], rows, new PairPlots(Runs()).Draw());

    private static XElement Parse(string page)
    {
        using var reader = XmlReader.Create(
            new System.IO.StringReader(page), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader).Root!;
    }
}
