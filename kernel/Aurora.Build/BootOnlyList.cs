using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Aurora.Build;

/// <summary>The methods that run at boot alone: constructors, and those whose symbol starts with a line of boot-only.txt.</summary>
public sealed class BootOnlyList(IReadOnlyList<string> prefixes)
{
    /// <summary>Reads the list; '#' starts a comment.</summary>
    public static BootOnlyList Read(string path)
        => new(File.ReadLines(path).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length != 0).ToArray());

    public bool Allows(string method)
        => method.Contains("___ctor", StringComparison.Ordinal)
            || method.Contains("___cctor", StringComparison.Ordinal)
            || prefixes.Any(prefix => method.StartsWith(prefix, StringComparison.Ordinal));
}
