using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>What the user has asked the benchmark for.</summary>
/// <param name="Machine">The machine, without a disk.</param>
/// <param name="Folder">Where disks may be made; gone afterwards.</param>
/// <param name="Filter">Only measures whose name contains this text; null for all.</param>
/// <param name="Quick">Fewer samples, sizes and pairs.</param>
/// <param name="Pairs">How many pairs are taken; null for the usual number.</param>
/// <param name="Json">The result is for a program.</param>
/// <param name="Report">A file for a report with plots; null for none.</param>
internal sealed record BenchChoices(
    MachineConfiguration Machine, string Folder, string? Filter, bool Quick, int? Pairs, bool Json, string? Report);
