using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Soak;

/// <summary>What a soak has done so far.</summary>
internal sealed partial class SoakStatistics
{
    private readonly List<double> _restoreMilliseconds = [];
    private readonly Dictionary<SoakEnd, int> _ends = [];
    private double _stopP99Microseconds;
    private ulong _checkpoints;
    private ulong _bytes;

    public int Lives { get; private set; }
    public int Rollbacks { get; set; }

    /// <summary>Adds a boot: how it ended and the last counters it printed.</summary>
    public void Add(SoakEnd end, string console)
    {
        Lives++;
        _ends[end] = _ends.GetValueOrDefault(end) + 1;
        if (CounterLine().Matches(console).LastOrDefault() is not { } line)
            return;
        IReadOnlyDictionary<string, string> values = ControlLineParser.ParseValues(line.Groups["values"].Value);
        _checkpoints += Value(values, "checkpoints");
        _bytes += Value(values, "bytes");
        _stopP99Microseconds = Math.Max(_stopP99Microseconds, Value(values, "stop_p99") / 1000.0);
    }

    public void AddRestore(ulong nanoseconds) => _restoreMilliseconds.Add(nanoseconds / 1e6);

    /// <summary>One line for the log.</summary>
    public string Line(TimeSpan elapsed, long steps, int faults)
    {
        string ends = string.Join(", ", _ends.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} {NameOf(pair.Key)}"));
        double restore = _restoreMilliseconds.Count == 0 ? 0 : _restoreMilliseconds.Order().ElementAt(_restoreMilliseconds.Count / 2);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed.TotalMinutes,5:0.0} min  {Lives} lives ({ends}, {Rollbacks} rollbacks)  {steps} steps  {_checkpoints} checkpoints  {ByteSize.Format((long)_bytes)} streamed  stop p99 ≤ {_stopP99Microseconds:0} µs  restore median {restore:0} ms  {faults} faults");
    }

    private static string NameOf(SoakEnd end) => end switch
    {
        SoakEnd.PowerCut => "power cuts",
        SoakEnd.EarlyCut => "cuts while starting",
        SoakEnd.DiskErrors => "with disk errors",
        _ => "power-offs",
    };

    private static ulong Value(IReadOnlyDictionary<string, string> values, string key)
        => values.TryGetValue(key, out string? text) && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0;

    [GeneratedRegex(@"S (?<values>checkpoints=[^\r\n]*boot=\d+)\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex CounterLine();
}
