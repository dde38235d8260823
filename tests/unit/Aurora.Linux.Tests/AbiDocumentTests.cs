using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>docs/linux-abi.md says of every call whether it is there, and what of it is missing.</summary>
public sealed class AbiDocumentTests
{
    private const uint LastNumber = 462;

    private static readonly string _document = File.ReadAllText(Path.Combine(
        typeof(AbiDocumentTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!,
        "docs/linux-abi.md"));

    private static readonly List<Row> _rows = [.. Regex.Matches(
        _document, @"^\| (\d+) \| `(\w+)` \| (\w+) \| (.*)\|$", RegexOptions.Multiline).Select(Row.Of)];

    private readonly SystemCallTable _table = new();

    public AbiDocumentTests()
    {
        FileCalls.Register(_table);
        SystemCallSetup.Register(_table);
    }

    private sealed record Row(uint Number, string Name, string State, string Text)
    {
        public static Row Of(Match match)
            => new(uint.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value, match.Groups[3].Value,
                match.Groups[4].Value.Trim());
    }

    private static IEnumerable<string> Names(Func<Row, bool> which) => _rows.Where(which).Select(row => $"{row.Number} {row.Name}");

    [Fact]
    public void Each_call_of_Linux_is_listed_once_with_its_name()
        => Assert.Equal(
            LinuxCallNames.All.Select(call => $"{call.Key} {call.Value}"),
            _rows.OrderBy(row => row.Number).Select(row => $"{row.Number} {row.Name}"));

    [Fact]
    public void The_names_end_where_the_document_says()
    {
        Assert.Equal(("read", "rseq"), (LinuxCallNames.All[0], LinuxCallNames.All[334]));
        Assert.Equal(("pidfd_send_signal", "mseal"), (LinuxCallNames.All[424], LinuxCallNames.All[LastNumber]));
        Assert.Equal(335 + (int)(LastNumber - 424) + 1, LinuxCallNames.All.Count);
    }

    [Fact]
    public void Every_line_with_a_number_is_such_a_row_or_one_of_Auroras()
        => Assert.Equal(
            _document.Split('\n').Count(line => Regex.IsMatch(line, @"^\|\s*\d")),
            _rows.Count + AuroraNumbers().Count);

    [Fact]
    public void A_call_is_absent_exactly_if_the_kernel_does_not_have_it()
    {
        Assert.Empty(Names(row => row.State is not ("complete" or "partial" or "absent")));
        Assert.Empty(Names(row => row.State == "absent" && _table.IsKnown(row.Number)));
        Assert.Empty(Names(row => row.State != "absent" && !_table.IsKnown(row.Number)));
    }

    [Fact]
    public void The_kernel_has_no_call_that_is_not_listed()
    {
        var listed = _rows.Select(row => row.Number).ToHashSet();
        Assert.DoesNotContain(Enumerable.Range(0, (int)SystemCallTable.LinuxLimit), number => _table.IsKnown((uint)number)
            && !listed.Contains((uint)number));
    }

    [Fact]
    public void A_call_that_is_there_in_part_has_what_is_missing()
        => Assert.Empty(Names(row => row.State == "partial" && row.Text.Length == 0));

    // "as `open`" leads to a row that says it.
    [Fact]
    public void What_a_row_refers_to_is_there()
    {
        var states = _rows.ToDictionary(row => row.Name, row => row.State);
        foreach (Row row in _rows)
            foreach (Match match in Regex.Matches(row.Text, @"^as `(\w+)`"))
                Assert.True(states.GetValueOrDefault(match.Groups[1].Value) == row.State, $"{row.Number} {row.Name}: {row.Text}");
    }

    private static List<uint> AuroraNumbers()
        => [.. Regex.Matches(_document, @"^\| 0x(5A\w{3}) \| (`\w+`)? ?\| .+ \|$", RegexOptions.Multiline)
            .Select(match => uint.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];

    [Fact]
    public void Each_of_Auroras_own_calls_is_listed_once()
    {
        IEnumerable<uint> registered = Enumerable.Range(0, (int)SystemCallTable.AuroraCount)
            .Select(index => SystemCallTable.AuroraFirst + (uint)index).Where(_table.IsKnown);
        Assert.Equal(registered, AuroraNumbers());
    }

    [Fact]
    public void Links_within_the_document_lead_somewhere()
    {
        var headings = Regex.Matches(_document, "^#+ (.+)$", RegexOptions.Multiline)
            .Select(match => Regex.Replace(match.Groups[1].Value.ToLowerInvariant(), "[^a-z0-9 -]", "").Replace(' ', '-')).ToHashSet();
        IEnumerable<string> links = Regex.Matches(_document, @"\]\(#([^)]+)\)").Select(match => match.Groups[1].Value);
        Assert.All(links, link => Assert.Contains(link, headings));
    }
}
