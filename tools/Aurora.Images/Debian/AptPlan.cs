using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Aurora.Images.Debian;

/// <summary>A package file that apt wants, as <c>apt-get install --print-uris</c> tells it.</summary>
/// <param name="File">Its name, NAME_VERSION_ARCHITECTURE.deb.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Hash">Algorithm and hash.</param>
public sealed record AptFile(string File, long Bytes, string Hash);

/// <summary>What apt would install, in its order.</summary>
public sealed partial record AptPlan(IReadOnlyList<AptFile> Files)
{
    // What becomes of packages follows from these as well: the number changes with the way in which they are unpacked.
    private static readonly string _making = $"1 {DebianRoot.ScriptText([])}";

    /// <summary>Names the packages with their versions and hashes, and the way in which they become an image.</summary>
    public string Key => KeyOf(Files.Select(file => $"{file.File} {file.Hash}").Order(StringComparer.Ordinal));

    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>A digest of lines, short enough for a file name.</summary>
    public static string KeyOf(IEnumerable<string> lines)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines.Prepend(_making)))))[..32];

    /// <summary>Reads apt's answer: a line for each file, which begins with a quote; other lines are words.</summary>
    public static AptPlan Parse(string output)
        => new([.. output.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith('\'')).Select(FileOf)]);

    /// <summary>True for NAME, NAME=VERSION or NAME/RELEASE: what apt takes for an option, a pattern or a removal is none.</summary>
    public static bool IsPackageName(string text) => Name().IsMatch(text) && !text.EndsWith('-');

    private static AptFile FileOf(string line)
    {
        Match match = FileLine().Match(line);
        return match.Success
            ? new(match.Groups[1].Value, long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), match.Groups[3].Value)
            : throw new ImageException($"apt names a file without its hash: {line}");
    }

    [GeneratedRegex(@"^'[^']+' (\S+\.deb) (\d+) (\S+:\S+)$", RegexOptions.CultureInvariant)]
    private static partial Regex FileLine();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?([=/][A-Za-z0-9.+:~-]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
