// What a guest's measuring program prints: "R measure parameter metric value" lines, anywhere in the console's output. Of two lines with
// the same key the later one counts.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace Aurora.Bench;

/// <summary>Which figure of a guest's report is meant.</summary>
/// <param name="Measure">What was measured.</param>
/// <param name="Parameter">How much of it: pages, mebibytes, repetitions.</param>
/// <param name="Metric">Which of its figures: a percentile, a mean, a stop time in nanoseconds.</param>
public readonly record struct FigureKey(string Measure, long Parameter, string Metric);

/// <summary>The figures of one run of a measuring program.</summary>
public sealed partial class GuestReport
{
    private readonly Dictionary<FigureKey, double> _values;

    public GuestReport(string console)
    {
        _values = [];
        foreach (Match match in Row().Matches(console))
        {
            long parameter = long.Parse(match.Groups["parameter"].ValueSpan, CultureInfo.InvariantCulture);
            _values[new FigureKey(match.Groups["measure"].Value, parameter, match.Groups["metric"].Value)]
                = double.Parse(match.Groups["value"].ValueSpan, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Figures that were found otherwise.</summary>
    public GuestReport(IEnumerable<KeyValuePair<FigureKey, double>> figures) => _values = new(figures);

    /// <summary>What was reported.</summary>
    public IEnumerable<FigureKey> Keys => _values.Keys;

    /// <summary>A figure; throws when the guest did not report it.</summary>
    public double Value(string measure, long parameter, string metric)
        => Find(new FigureKey(measure, parameter, metric))
            ?? throw new BenchException($"the guest reported no {measure} {parameter} {metric}");

    /// <summary>A figure; null when the guest did not report it.</summary>
    public double? Find(FigureKey key) => _values.TryGetValue(key, out double value) ? value : null;

    /// <summary>The parameters for which a figure was reported, in order.</summary>
    public IReadOnlyList<long> Parameters(string measure, string metric)
        => [.. _values.Keys.Where(key => key.Measure == measure && key.Metric == metric).Select(key => key.Parameter).Order()];

    [GeneratedRegex(@"R (?<measure>\w+) (?<parameter>\d+) (?<metric>\w+) (?<value>\d+)\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex Row();
}
