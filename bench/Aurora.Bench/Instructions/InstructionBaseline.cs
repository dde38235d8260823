// bench/instructions.json: what Aurora's primitives cost when it was written, and the versions of the host's tools these figures hold for.
//   { "versions": { "gcc": "…", … }, "instructions": { "null_call": 123, … } }
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Aurora.Bench.Instructions;

/// <summary>A measure that costs more than was recorded.</summary>
public sealed record InstructionRise(string Name, double Recorded, double Found)
{
    public override string ToString()
        => $"{Name}: {Recorded:N0} instructions recorded, {Found:N0} now, {100 * (Found / Recorded - 1):0.0} % more";
}

/// <summary>The recorded figures.</summary>
public sealed class InstructionBaseline
{
    /// <summary>The greatest rise that passes.</summary>
    public const double Tolerance = 0.05;

    // Of a cost of a few instructions 5 % is less than one: rounding is no rise.
    private const double LeastRise = 3;

    // What these cost changes from boot to boot by more than the tolerance, with the order in which threads run and the tables of memory
    // that are there: they are told, and not held to it.
    private static readonly HashSet<string> _moving =
    [
        "yield_pair", "pipe_round_trip", "futex_pair", "thread_create_join", "fault_fresh", "fault_copy", "mmap_touch_munmap",
        "mprotect_pair", "fork_64mib", "persist_async_1", "socket_round_trip", "shm_attach_touch", "shell_pipeline",
        "memckpt_async_1", "memckpt_async_1024",
    ];

    // People read this file, and no browser does.
    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The host's tools the figures hold for, by name.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    /// <summary>Instructions of one repetition of a measure, by its name.</summary>
    public required IReadOnlyDictionary<string, double> Instructions { get; init; }

    /// <summary>Reads a baseline; throws when it is not there or makes no sense.</summary>
    public static InstructionBaseline Read(string path)
    {
        try
        {
            JsonElement root = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
            return new InstructionBaseline
            {
                Versions = root.GetProperty("versions").EnumerateObject().ToDictionary(item => item.Name, item => item.Value.GetString()!),
                Instructions = root.GetProperty("instructions").EnumerateObject()
                    .ToDictionary(item => item.Name, item => item.Value.GetDouble()),
            };
        }
        catch (Exception failure) when (failure is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BenchException($"{path} is no baseline: {failure.Message}", failure);
        }
    }

    /// <summary>The figures of a report, with the versions of this host.</summary>
    public static InstructionBaseline Of(GuestReport report, IReadOnlyDictionary<string, string> versions) => new()
    {
        Versions = versions,
        Instructions = Figures(report).ToDictionary(figure => figure.Name, figure => figure.Each),
    };

    /// <summary>The cost of one repetition of every measure of a report.</summary>
    public static IEnumerable<(string Name, double Each)> Figures(GuestReport report)
        => report.Keys.Where(key => key.Metric == "each").Select(key => (key.Measure, report.Find(key)!.Value));

    /// <summary>Writes the baseline.</summary>
    public void Write(string path)
        => File.WriteAllText(path, JsonSerializer.Serialize(new { versions = Versions, instructions = Instructions }, _options) + "\n");

    /// <summary>Why figures of a host with these versions cannot be compared with the recorded ones; null when they can.</summary>
    public string? WhyNotComparable(IReadOnlyDictionary<string, string> versions)
    {
        string[] differing = [.. Versions.Where(recorded => versions.GetValueOrDefault(recorded.Key) != recorded.Value)
            .Select(recorded => $"{recorded.Key} was {recorded.Value} and is {versions.GetValueOrDefault(recorded.Key, "unknown")}")];
        return differing.Length == 0
            ? null
            : $"instructions cannot be compared with bench/instructions.json: {string.Join("; ", differing)}. " +
                "To record this host's: ./aurora bench --instructions --record";
    }

    /// <summary>What costs more than was recorded and tolerated.</summary>
    public IReadOnlyList<InstructionRise> Rises(GuestReport report)
        => [.. Figures(report).Where(figure => !_moving.Contains(figure.Name)
                && Instructions.TryGetValue(figure.Name, out double recorded) && Rose(recorded, figure.Each))
            .Select(figure => new InstructionRise(figure.Name, Instructions[figure.Name], figure.Each))];

    /// <summary>What was recorded and not measured, or measured and not recorded: such a baseline is not of this program.</summary>
    public IReadOnlyList<string> Unmatched(GuestReport report)
    {
        HashSet<string> names = [.. Figures(report).Select(figure => figure.Name)];
        names.SymmetricExceptWith(Instructions.Keys);
        return [.. names.Order(StringComparer.Ordinal)];
    }

    private static bool Rose(double recorded, double found) => found > recorded * (1 + Tolerance) && found > recorded + LeastRise;
}
