using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Images.Debian;

/// <summary>What of apt's output says why it failed.</summary>
public static class AptWords
{
    private const string Unmet = "The following packages have unmet dependencies:";
    private const string Error = "E: ";

    /// <summary>Its errors, with the dependencies that cannot be met before them; everything when there are none.</summary>
    public static string Of(string output)
    {
        string[] lines = [.. output.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
        IEnumerable<string> unmet = lines.SkipWhile(line => line != Unmet).Skip(1).TakeWhile(line => line[0] == ' ');
        IEnumerable<string> errors = lines.Where(line => line.StartsWith(Error, StringComparison.Ordinal));
        string[] words = [.. unmet.Select(line => line.Trim()).Concat(errors.Select(line => line[Error.Length..])).Distinct()];
        return string.Join('\n', words.Length > 0 ? words : lines);
    }
}
