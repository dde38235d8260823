using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Aurora.Bench.Instructions;
using Xunit;

namespace Aurora.Bench.Tests;

public sealed class InstructionBaselineTests : IDisposable
{
    private static readonly Dictionary<string, string> _versions = new() { ["qemu"] = "7.2", ["libc"] = "2.36" };
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void What_is_written_is_read()
    {
        InstructionBaseline.Of(Report(("null_call", 100), ("stat_5", 3000)), _versions).Write(_file);
        InstructionBaseline read = InstructionBaseline.Read(_file);
        Assert.Equal(_versions, read.Versions);
        Assert.Equal(3000, read.Instructions["stat_5"]);
        Assert.Null(read.WhyNotComparable(_versions));
    }

    [Theory]
    [InlineData(1049, false)]
    [InlineData(1051, true)]
    [InlineData(10, false)]
    public void More_than_five_percent_is_a_rise(int now, bool rises)
    {
        InstructionBaseline baseline = InstructionBaseline.Of(Report(("pipe", 1000)), _versions);
        IReadOnlyList<InstructionRise> found = baseline.Rises(Report(("pipe", now)));
        Assert.Equal(rises, found.Count == 1);
        if (rises)
            Assert.Equal("pipe: 1,000 instructions recorded, 1,051 now, 5.1 % more", found[0].ToString());
    }

    [Fact]
    public void What_changes_from_boot_to_boot_is_told_and_not_held_to_it()
    {
        InstructionBaseline baseline = InstructionBaseline.Of(Report(("fork_64mib", 1000)), _versions);
        Assert.Empty(baseline.Rises(Report(("fork_64mib", 2000))));
        Assert.Empty(baseline.Unmatched(Report(("fork_64mib", 2000))));
    }

    [Fact]
    public void An_instruction_or_two_of_a_few_is_rounding()
    {
        InstructionBaseline baseline = InstructionBaseline.Of(Report(("compute", 8)), _versions);
        Assert.Empty(baseline.Rises(Report(("compute", 10))));
        Assert.Single(baseline.Rises(Report(("compute", 12))));
    }

    [Theory]
    [InlineData("qemu", "8.0")]
    [InlineData("libc", "2.37")]
    public void Another_version_of_a_tool_is_named(string tool, string version)
    {
        InstructionBaseline baseline = InstructionBaseline.Of(Report(("pipe", 1000)), _versions);
        string? reason = baseline.WhyNotComparable(new Dictionary<string, string>(_versions) { [tool] = version });
        Assert.Contains($"{tool} was {_versions[tool]} and is {version}", reason);
        Assert.Contains("--record", reason);
    }

    [Fact]
    public void Measures_that_only_one_of_them_has_are_named()
    {
        InstructionBaseline baseline = InstructionBaseline.Of(Report(("gone", 1), ("kept", 1)), _versions);
        Assert.Equal(["gone", "new"], baseline.Unmatched(Report(("kept", 1), ("new", 1))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"versions\": {}, \"instructions\": {\"a\": \"b\"}}")]
    public void What_is_no_baseline_is_refused(string text)
    {
        File.WriteAllText(_file, text);
        Assert.Contains(_file, Assert.Throws<BenchException>(() => InstructionBaseline.Read(_file)).Message);
    }

    [Fact]
    public void Every_measure_has_one_name_and_words()
    {
        Assert.Equal(Primitive.All.Count, Primitive.All.DistinctBy(primitive => primitive.Name).Count());
        Assert.All(Primitive.All, primitive => Assert.NotEqual(primitive.Name + "?", primitive.Words));
    }

    [Theory]
    [InlineData("persist_async_1", 5000, false)]
    [InlineData("persist_async_1", 5001, true)]
    [InlineData("persist_async_1024", 150001, true)]
    [InlineData("null_call", 1000000, false)]
    public void What_has_no_peer_has_a_figure_it_is_held_to(string name, double each, bool isMissed)
        => Assert.Equal(isMissed, Primitive.IsMissed(name, each));

    private static GuestReport Report(params (string Name, int Each)[] figures)
        => new(string.Concat(figures.Select(figure => $"R {figure.Name} 10 each {figure.Each}\n")));
}
