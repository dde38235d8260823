// An axis of a plot: from data to pixels, and where its ticks are. Logarithmic ones have ticks at powers of ten, at their doubles and
// fivefolds too when there are few, and as linear ones when there are hardly any; these have them at steps of 1, 2 or 5 times a power of
// ten, and begin at zero.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Bench.Report;

/// <summary>How an axis is labelled and scaled.</summary>
/// <param name="Label">What it shows.</param>
/// <param name="IsLogarithmic">Whether equal distances are equal ratios; then all values are positive.</param>
/// <param name="Format">What stands at a tick.</param>
public sealed record PlotAxis(string Label, bool IsLogarithmic, Func<double, string> Format)
{
    private const int FewTicks = 4;
    private const int ManySteps = 6;

    /// <summary>The scale for these values between two pixels.</summary>
    public PlotScale Scale(IReadOnlyCollection<double> values, double firstPixel, double lastPixel)
    {
        double least = values.Min(), greatest = values.Max();
        if (!IsLogarithmic)
            return new PlotScale(Math.Min(0, least), Math.Max(greatest, double.Epsilon) * 1.05, false, firstPixel, lastPixel);
        if (least <= 0)
            throw new ArgumentException($"{Label}: {least} has no place on a logarithmic axis", nameof(values));
        return new PlotScale(least / 1.15, greatest * 1.15, true, firstPixel, lastPixel);
    }

    /// <summary>The values at which the axis has ticks.</summary>
    public IReadOnlyList<double> Ticks(PlotScale scale) => IsLogarithmic ? LogarithmicTicks(scale) : LinearTicks(scale);

    private static double[] LogarithmicTicks(PlotScale scale)
    {
        int first = (int)Math.Floor(Math.Log10(scale.Least)), last = (int)Math.Ceiling(Math.Log10(scale.Greatest));
        double[] powers = [.. Enumerable.Range(first, last - first + 1).Select(power => Math.Pow(10, power))];
        double[] ticks = [.. powers.Where(scale.Shows)];
        if (ticks.Length < FewTicks)
            ticks = [.. powers.SelectMany(power => (double[])[power, 2 * power, 5 * power]).Where(scale.Shows)];
        return ticks.Length > 1 ? ticks : LinearTicks(scale);
    }

    private static double[] LinearTicks(PlotScale scale)
    {
        double rough = (scale.Greatest - scale.Least) / ManySteps;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = ((double[])[1, 2, 5, 10]).Select(factor => factor * power).First(candidate => candidate >= rough);
        int first = (int)Math.Ceiling(scale.Least / step);
        return [.. Enumerable.Range(first, 2 * ManySteps + 1).Select(index => index * step).Where(scale.Shows)];
    }
}

/// <summary>From values to pixels.</summary>
public readonly record struct PlotScale(double Least, double Greatest, bool IsLogarithmic, double FirstPixel, double LastPixel)
{
    public bool Shows(double value) => value >= Least && value <= Greatest;

    public double Pixel(double value)
    {
        double share = IsLogarithmic
            ? Math.Log(value / Least) / Math.Log(Greatest / Least)
            : (value - Least) / (Greatest - Least);
        return FirstPixel + share * (LastPixel - FirstPixel);
    }
}
