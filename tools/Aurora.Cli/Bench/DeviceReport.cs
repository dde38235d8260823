using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Aurora.Bench;
using Aurora.Bench.Pairs;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>The figures of the raw device, measured by the kernel's own driver (boot key <c>bench=nvme</c>).</summary>
internal sealed class DeviceReport
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _rows;

    public DeviceReport(IEnumerable<ControlEvent> events)
    {
        IReadOnlyDictionary<string, string>[] rows = [.. events.OfType<StatEvent>()
            .Where(stat => stat.Values.GetValueOrDefault("bench") == "nvme").Select(stat => stat.Values)];
        if (rows.FirstOrDefault(row => row.ContainsKey("error")) is { } failed)
            throw new UserException($"the device benchmark failed: {failed["error"]}");
        _rows = rows.Where(row => row.ContainsKey("name")).ToDictionary(row => row["name"]);
    }

    /// <summary>Raw writes and flushes of several sizes, as what stands in the place of a peer.</summary>
    public GuestReport Flushes() => new(PairMeasure.Persisted.Select(pages => KeyValuePair.Create(
        new FigureKey(PairMeasure.Device, pages, "p50"), Value($"{PairMeasure.Device}_{pages}", "p50_us") * 1000)));

    /// <summary>A figure; throws when the kernel did not report it.</summary>
    public double Value(string name, string metric)
        => _rows.TryGetValue(name, out IReadOnlyDictionary<string, string>? row) && row.TryGetValue(metric, out string? text)
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw new UserException($"the kernel reported no {name} {metric}");
}
