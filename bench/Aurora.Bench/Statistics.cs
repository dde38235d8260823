using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Bench;

/// <summary>What is said of several figures of the same thing.</summary>
public static class Statistics
{
    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("there is no median of nothing", nameof(values));
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>How far the least and the greatest are apart, as a share of the median; null for fewer than two.</summary>
    public static double? Spread(IReadOnlyCollection<double> values)
        => values.Count < 2 ? null : (values.Max() - values.Min()) / Median(values);
}
