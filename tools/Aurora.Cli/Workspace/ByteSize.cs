using System;
using System.Globalization;

namespace Aurora.Cli.Workspace;

/// <summary>Sizes as people write them.</summary>
internal static class ByteSize
{
    private const string Suffixes = "KMGT";

    /// <summary>Parses <c>4G</c>, <c>512M</c> or a plain number of <paramref name="defaultUnit"/> bytes; null when it is none of these.</summary>
    public static long? Parse(string text, long defaultUnit)
    {
        if (text.Length == 0)
            return null;
        int power = Suffixes.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1;
        long unit = power == 0 ? defaultUnit : 1L << (10 * power);
        string digits = power == 0 ? text : text[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count <= long.MaxValue / unit
            ? count * unit
            : null;
    }

    /// <summary>The size with a binary unit, to three digits.</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        int power = 0;
        while (value >= 1024 && power < Suffixes.Length)
        {
            value /= 1024;
            power++;
        }
        return power == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Suffixes[power - 1]}iB");
    }
}
