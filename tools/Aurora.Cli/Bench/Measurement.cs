namespace Aurora.Cli.Bench;

/// <summary>One row of the benchmark's table.</summary>
/// <param name="Measure">What was measured.</param>
/// <param name="Value">The figure, with its unit.</param>
/// <param name="Target">What it should be; empty when there is none.</param>
/// <param name="Holds">Whether the target is met; null when there is none.</param>
internal sealed record Measurement(string Measure, string Value, string Target = "", bool? Holds = null);
