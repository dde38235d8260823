// One row of the table: the same measure on Aurora, on the peer as it is and on the peer without mitigations ("bare"), each as often as it
// was taken. The figures with the same index were taken one after the other and are a pair: ratios are made within pairs, so that a slow
// spell of the host hits both sides of most of them, and the ratio of the row is the median of the pairs' ratios.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Bench;

/// <summary>Whether a target is met.</summary>
public enum Verdict
{
    /// <summary>There is none.</summary>
    NoTarget,

    /// <summary>Beside the peer with mitigations and without.</summary>
    Met,

    /// <summary>Beside the peer with mitigations only.</summary>
    MetBesideMitigations,
    Missed,
}

/// <summary>A measure on both systems.</summary>
public sealed record Comparison
{
    /// <summary>The name by which it is chosen.</summary>
    public required string Measure { get; init; }

    /// <summary>What is done.</summary>
    public required string Words { get; init; }

    public required Unit Unit { get; init; }
    public required IReadOnlyList<double> Aurora { get; init; }

    /// <summary>The peer with its default mitigations.</summary>
    public required IReadOnlyList<double> Peer { get; init; }

    /// <summary>The peer without mitigations.</summary>
    public required IReadOnlyList<double> Bare { get; init; }

    /// <summary>What Aurora may cost at most, as a multiple of the peer; null for no target.</summary>
    public double? Target { get; init; }

    /// <summary>What Aurora may cost at most, in the row's unit; null for no such target.</summary>
    public double? Most { get; init; }

    /// <summary>The peer has nothing like it.</summary>
    public bool IsAlone => Peer.Count == 0 && Bare.Count == 0;

    /// <summary>Aurora's share of what the peer costs: the median of the pairs.</summary>
    public double Ratio => Statistics.Median(Ratios(Peer));

    /// <summary>The same beside the peer without mitigations.</summary>
    public double BareRatio => Statistics.Median(Ratios(Bare));

    /// <summary>How far the pairs' ratios are apart, of both peers the larger; null for one pair, and without a peer.</summary>
    public double? Spread => !IsAlone && Statistics.Spread(Ratios(Peer)) is { } spread
        ? Math.Max(spread, Statistics.Spread(Ratios(Bare)) ?? 0)
        : null;

    public Verdict Verdict => Most is { } most ? (Statistics.Median(Aurora) > most ? Verdict.Missed : Verdict.Met)
        : Target is not { } target ? Verdict.NoTarget
        : Ratio > target ? Verdict.Missed
        : BareRatio > target ? Verdict.MetBesideMitigations
        : Verdict.Met;

    /// <summary>The target for people; empty for none.</summary>
    public string TargetWords => Most is { } most ? "≤ " + Figures.Format(most, Unit)
        : Target is { } target ? "≤ " + Figures.Ratio(target)
        : "";

    /// <summary>A median for people; empty for none.</summary>
    public string Value(IReadOnlyList<double> values) => values.Count == 0 ? "" : Figures.Format(Statistics.Median(values), Unit);

    /// <summary>Aurora's share for people, or that beside the peer without mitigations; empty where there is no peer.</summary>
    public string Share(bool isBare) => IsAlone ? "" : Figures.Ratio(isBare ? BareRatio : Ratio);

    private double[] Ratios(IReadOnlyList<double> peer)
        => peer.Count == Aurora.Count
            ? [.. Aurora.Zip(peer, (aurora, other) => aurora / other)]
            : throw new BenchException($"{Measure}: {Aurora.Count} figures of Aurora and {peer.Count} of the peer make no pairs");
}
