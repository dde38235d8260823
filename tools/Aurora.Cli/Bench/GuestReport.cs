// What the guest program bench prints: "R measure parameter metric value" lines, anywhere in the console's output.
using System.Collections.Generic;
using System.Globalization;
using System.Text.RegularExpressions;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Bench;

/// <summary>The figures of one run of the guest's bench program.</summary>
internal sealed partial class GuestReport
{
    private readonly Dictionary<(string Measure, long Parameter, string Metric), double> _values = [];

    public GuestReport(string console)
    {
        foreach (Match match in Row().Matches(console))
        {
            long parameter = long.Parse(match.Groups["parameter"].ValueSpan, CultureInfo.InvariantCulture);
            _values[(match.Groups["measure"].Value, parameter, match.Groups["metric"].Value)]
                = double.Parse(match.Groups["value"].ValueSpan, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>A figure; throws when the guest did not report it.</summary>
    public double Value(string measure, long parameter, string metric)
        => _values.TryGetValue((measure, parameter, metric), out double value)
            ? value
            : throw new UserException($"the guest reported no {measure} {parameter} {metric}");

    [GeneratedRegex(@"R (?<measure>\w+) (?<parameter>\d+) (?<metric>\w+) (?<value>\d+)\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex Row();
}
