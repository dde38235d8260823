using System;
using System.Globalization;

namespace Aurora.Bench;

/// <summary>What a figure counts. Less of it is always better.</summary>
public enum Unit
{
    Instructions,
    Nanoseconds,
}

/// <summary>Figures for people.</summary>
public static class Figures
{
    /// <summary>A figure with its unit, to three digits.</summary>
    public static string Format(double value, Unit unit) => unit switch
    {
        Unit.Instructions => value.ToString("N0", CultureInfo.InvariantCulture),
        Unit.Nanoseconds => Time(value),
        _ => throw new ArgumentOutOfRangeException(nameof(unit)),
    };

    /// <summary>A ratio: 0.012 ×, 1.05 ×, 12.3 ×.</summary>
    public static string Ratio(double value) => Digits(value) + " ×";

    /// <summary>A share: 4 %.</summary>
    public static string Share(double value) => (100 * value).ToString("0", CultureInfo.InvariantCulture) + " %";

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e3 => Digits(nanoseconds) + " ns",
        < 1e6 => Digits(nanoseconds / 1e3) + " µs",
        < 1e9 => Digits(nanoseconds / 1e6) + " ms",
        _ => Digits(nanoseconds / 1e9) + " s",
    };

    private static string Digits(double value) => value.ToString(
        value switch { < 0.1 => "0.0000", < 1 => "0.000", < 10 => "0.00", < 100 => "0.0", _ => "N0" }, CultureInfo.InvariantCulture);
}
