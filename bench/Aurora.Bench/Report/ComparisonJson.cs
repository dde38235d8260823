// The table for programs:
//   { "versions": [ "…" ], "measures": [ { "measure", "words", "unit", "aurora": [ … ], "peer": [ … ],
//     "peer_without_mitigations": [ … ], "ratio", "ratio_without_mitigations", "spread", "target", "verdict" } ] }
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aurora.Bench.Report;

/// <summary>Writes comparisons as JSON.</summary>
public static class ComparisonJson
{
    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string Write(IReadOnlyList<string> versions, IReadOnlyList<Comparison> rows) => JsonSerializer.Serialize(
        new
        {
            Versions = versions,
            Measures = rows.Select(row => new
            {
                row.Measure, row.Words, row.Unit, row.Aurora, row.Peer,
                PeerWithoutMitigations = row.Bare,
                Ratio = row.IsAlone ? (double?)null : row.Ratio,
                RatioWithoutMitigations = row.IsAlone ? (double?)null : row.BareRatio,
                row.Spread, row.Target, row.Most, row.Verdict,
            }),
        },
        _options);
}
