// What the tests say about how much they tried. A test writes lines "attack: NAME: N WORDS, N WORDS"; those of the same name are added up word by word.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Xml.Linq;

namespace Aurora.Cli.Workspace;

/// <summary>The counts of attacks that a test project reports in its results.</summary>
internal sealed class AttackCounts
{
    private const string Prefix = "attack: ";

    private readonly SortedDictionary<string, Dictionary<string, long>> _attacks = new(StringComparer.Ordinal);

    /// <summary>One line for each attack: its name and its sums.</summary>
    public IEnumerable<string> Lines
        => _attacks.Select(attack => $"{attack.Key}: {string.Join(", ", attack.Value.Select(sum => $"{sum.Value.ToString("N0", CultureInfo.InvariantCulture)} {sum.Key}"))}");

    /// <summary>Reads the output of every test in a TRX document.</summary>
    public void AddAll(XContainer results)
    {
        foreach (XElement output in results.Descendants().Where(element => element.Name.LocalName == "StdOut"))
        {
            foreach (string line in output.Value.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)))
                Add(line[Prefix.Length..]);
        }
    }

    private void Add(string line)
    {
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0)
            throw new FormatException($"a test reports an attack without counts: {line}");
        if (!_attacks.TryGetValue(line[..colon], out Dictionary<string, long>? sums))
            _attacks[line[..colon]] = sums = [];
        foreach (string part in line[(colon + 2)..].Split(", "))
        {
            string[] words = part.Split(' ', 2);
            if (words.Length != 2 || !long.TryParse(words[0], CultureInfo.InvariantCulture, out long count))
                throw new FormatException($"a test reports an attack with a bad count: {line}");
            sums[words[1]] = sums.GetValueOrDefault(words[1]) + count;
        }
    }
}
