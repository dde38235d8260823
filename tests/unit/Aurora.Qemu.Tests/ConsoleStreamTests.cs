using System;
using System.Linq;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class ConsoleStreamTests
{
    [Theory]
    [InlineData(8, "two\nthree\n")]
    [InlineData(5, "ne two\nthree\n")]
    [InlineData(0, "all one two\nthree\n")]
    public void A_line_torn_by_a_cut_goes_on_wherever_the_next_boot_begins(long start, string console)
    {
        var stream = new ConsoleStream();
        Assert.Equal("", stream.Add(0, "all one "));
        Assert.Equal("all one two\nthree\n", stream.Add(start, console));
        Assert.Empty(stream.Faults);
    }

    [Fact]
    public void What_was_never_shown_is_found()
    {
        var stream = new ConsoleStream();
        stream.Add(0, "one\n");
        Assert.Equal("three\n", stream.Add(8, "three\n"));
        Assert.Contains("4 bytes of output were never shown, from position 4", Assert.Single(stream.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_shown_differently_the_second_time_is_found()
    {
        var stream = new ConsoleStream();
        stream.Add(0, "check 1 ok t=10\n");
        stream.Add(0, "check 1 ok t=11\n");
        Assert.Contains("position 14", Assert.Single(stream.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_cuts_give_the_whole_stream(int seed)
    {
        var random = new Random(seed);
        string text = string.Concat(Enumerable.Range(0, 200).Select(number => $"line {number * 7}\n"));
        var stream = new ConsoleStream();
        string shown = "";
        for (int end = 0; end < text.Length;)
        {
            int start = Math.Max(0, end - random.Next(100));
            int stop = Math.Min(text.Length, start + random.Next(150));
            shown += stream.Add(start, text[start..stop]);
            end = Math.Max(end, stop);
        }
        Assert.Equal(text, shown);
        Assert.Empty(stream.Faults);
    }
}
