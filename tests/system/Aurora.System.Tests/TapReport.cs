using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Aurora.SystemTests;

/// <summary>The output of a guest test program: "ok N - what" lines and a plan "1..N".</summary>
internal sealed class TapReport
{
    private readonly string[] _lines;

    public TapReport(string output)
        => _lines = [.. output.Split('\n').Select(line => line.TrimEnd('\r'))];

    /// <summary>The checks that failed.</summary>
    public IReadOnlyList<string> Failures => [.. _lines.Where(line => line.StartsWith("not ok", StringComparison.Ordinal))];

    /// <summary>How many checks there were.</summary>
    public int Checks => _lines.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) + Failures.Count;

    /// <summary>What is wrong with the report as a whole, or null: the plan must be there and match the number of checks.</summary>
    public string? Incomplete()
    {
        string? plan = _lines.LastOrDefault(line => line.StartsWith("1..", StringComparison.Ordinal));
        if (plan == null)
            return $"no plan after {Checks} checks; the last line is: {_lines.LastOrDefault(line => line.Length > 0)}";
        return int.Parse(plan[3..], CultureInfo.InvariantCulture) == Checks && Checks > 0 ? null : $"{Checks} checks, but the plan is {plan}";
    }
}
