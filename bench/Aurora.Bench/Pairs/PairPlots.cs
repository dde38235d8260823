// The plots of the report, from all pairs: a point is the median of the pairs' figures.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Aurora.Bench.Report;

namespace Aurora.Bench.Pairs;

/// <summary>Draws what the pairs have measured.</summary>
public sealed class PairPlots(IReadOnlyList<PairRun> runs)
{
    private static readonly int[] _percents = [0, 5, 10, 25, 50, 75, 90, 95, 99, 100];

    private static readonly GuestReport _nothing = new([]);

    private static readonly PlotAxis _time = new("time", true, value => Figures.Format(value, Unit.Nanoseconds));
    private static readonly PlotAxis _percentile = new("percentile", false, value => Number(value));

    /// <summary>All plots of which something was measured.</summary>
    public IReadOnlyList<Plot> Draw()
        => [.. ((Plot[])[StopTimes(), .. Latencies(), Persists(), Pace(), Restores()])
            .Where(plot => plot.Series.Any(series => series.Points.Count > 0))];

    private Plot StopTimes() => new(
        "Stop time against dirty pages",
        "For how long a program with 64 MiB cannot run while what it has changed is saved: by Aurora's checkpoint, and by CRIU.",
        new PlotAxis("pages changed", true, Number),
        _time with { Label = "stopped" },
        [
            Line("Aurora", run => run.Aurora, "dump_pages", "stop"),
            Line("CRIU", run => run.Peer, "dump_pages", "stop"),
            Line("CRIU, no mitigations", run => run.Bare, "dump_pages", "stop"),
        ]);

    private IEnumerable<Plot> Latencies()
    {
        yield return Latency(
            "Latency of an overwritten page", "fsync_overwrite", 1, "4 KiB written somewhere in a file of 64 MiB, and fsync.");
        yield return Latency("Latency of an appended page", "fsync_append", 1, "write of 4 KiB to the end of a file, and fsync.");
        yield return Latency("Latency of 64 mapped pages", "msync", 64, "64 pages of a shared mapping of 64 MiB changed, and msync.");
    }

    private Plot Persists() => new(
        "Persists against pages",
        "Random pages of 64 MiB made durable as one: msnap_persist; pwrite of each and fsync; a raw write and FLUSH of as many in a run.",
        new PlotAxis("pages", true, Number),
        _time with { Label = "durable after" },
        [
            Line("Aurora", run => run.Aurora, "persist", "p50"),
            Line("Linux", run => run.Peer, "persist", "p50"),
            Line("Linux, no mitigations", run => run.Bare, "persist", "p50"),
            Line("the device by itself", run => run.Device ?? _nothing, PairMeasure.Device, "p50"),
        ]);

    private Plot Latency(string title, string measure, long parameter, string note) => new(
        title, note, _percentile, _time with { Label = "latency" },
        [
            Distribution("Aurora", run => run.Aurora, measure, parameter),
            Distribution("Linux", run => run.Peer, measure, parameter),
            Distribution("Linux, no mitigations", run => run.Bare, measure, parameter),
        ]);

    // The peer takes no checkpoints: one figure, drawn as a line over all periods. So is Aurora's without any.
    private Plot Pace()
    {
        PlotSeries aurora = Line("Aurora", run => run.Aurora, "pace", "rounds_per_s");
        (double X, double Y)[] taken = [.. aurora.Points.Where(point => point.X > 0).Select(point => (point.X / 1000, point.Y))];
        return new Plot(
            "Throughput against period",
            "A program that changes 64 pages and computes a little, again and again, with a checkpoint every so often.",
            new PlotAxis("milliseconds between checkpoints", true, Number),
            new PlotAxis("rounds a second", false, value => value.ToString("N0", CultureInfo.InvariantCulture)),
            [
                new PlotSeries("Aurora", taken),
                Level("Aurora, no checkpoints", run => run.Aurora, taken),
                Level("Linux", run => run.Peer, taken),
                Level("Linux, no mitigations", run => run.Bare, taken),
            ]);
    }

    private Plot Restores() => new(
        "Restore against size",
        "From nothing in memory until the program answers (Aurora reads its memory as it is touched), and until it has read all.",
        new PlotAxis("MiB of memory", true, Number),
        _time with { Label = "restored after" },
        [
            Line("Aurora, answers", run => run.Aurora, "restore", "answers"),
            Line("CRIU, answers", run => run.Peer, "restore", "answers"),
            Line("CRIU, no mitigations, answers", run => run.Bare, "restore", "answers"),
            Line("Aurora, all read", run => run.Aurora, "restore", "read"),
            Line("CRIU, all read", run => run.Peer, "restore", "read"),
            Line("CRIU, no mitigations, all read", run => run.Bare, "restore", "read"),
        ]);

    private PlotSeries Line(string name, Func<PairRun, GuestReport> system, string measure, string metric)
    {
        IEnumerable<long> parameters = runs.SelectMany(run => system(run).Parameters(measure, metric)).Distinct().Order();
        return new PlotSeries(
            name,
            [.. parameters.Select(parameter => ((double)parameter, Median(system, new FigureKey(measure, parameter, metric))!.Value))]);
    }

    private PlotSeries Distribution(string name, Func<PairRun, GuestReport> system, string measure, long parameter)
        => new(name, [.. _percents
            .Select(percent => (Percent: percent, Value: Median(system, new FigureKey(measure, parameter, $"p{percent}"))))
            .Where(point => point.Value != null).Select(point => ((double)point.Percent, point.Value!.Value))]);

    private PlotSeries Level(string name, Func<PairRun, GuestReport> system, (double X, double Y)[] over)
        => Median(system, new FigureKey("pace", 0, "rounds_per_s")) is { } level && over.Length > 0
            ? new PlotSeries(name, [(over[0].X, level), (over[^1].X, level)])
            : new PlotSeries(name, []);

    private double? Median(Func<PairRun, GuestReport> system, FigureKey key)
    {
        double[] values = [.. runs.Select(run => system(run).Find(key)).OfType<double>()];
        return values.Length == 0 ? null : Statistics.Median(values);
    }

    private static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);
}
