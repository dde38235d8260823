using System.Linq;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class RestartedOutputTests
{
    private const string Text = "check 1 ok t=10\ncheck 2 ok t=20\ncheck 3 ok t=33\ncheck 4 ok t=344\n";

    [Fact]
    public void Wherever_a_panic_tears_the_output_and_the_next_run_begins_the_stream_is_among_the_readings()
    {
        for (int shown = 0; shown <= Text.Length; shown++)
        {
            for (int second = 0; second <= shown; second++)
                Assert.Contains(Text, RestartedOutput.Readings(100, 100 + second, Text[..shown] + Text[second..]));
        }
    }

    [Fact]
    public void A_line_that_was_torn_is_whole_only_where_the_runs_are_put_together()
    {
        string console = Text[..^8] + Text[^12..];
        var torn = new SelfCheckWitness();
        torn.Observe(console + "check 5 ok t=50\n");
        Assert.Contains(torn.Faults, fault => fault.Contains("4 was never shown", System.StringComparison.Ordinal));
        var whole = new SelfCheckWitness();
        whole.Observe(RestartedOutput.Readings(0, Text.Length - 12, console + "check 5 ok t=50\n").First());
        Assert.Equal((0, 5L), (whole.Faults.Count, whole.Last));
    }

    [Fact]
    public void Lost_output_has_no_reading() => Assert.Empty(RestartedOutput.Readings(0, 9, "12345678"));

    [Fact]
    public void Output_made_again_differently_is_read_only_as_it_was_shown()
        => Assert.Equal("t=10\nt=11\n", Assert.Single(RestartedOutput.Readings(0, 5, "t=10\nt=11\n")));
}
