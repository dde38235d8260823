using System;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class SelfCheckWitnessTests
{
    [Fact]
    public void A_continuation_with_a_replay_is_fine()
    {
        SelfCheckWitness witness = Observe("selfcheck started\ncheck 1 ok t=10\ncheck 2 ok t=20\r\ncheck 3 ok t=3", "heck 1 ok t=10\ncheck 2 ok t=20\ncheck 3 ok t=30\n$ check 4 ok t=40\n");
        Assert.Empty(witness.Faults);
        Assert.Equal((1L, 4L), (witness.First, witness.Last));
    }

    [Theory]
    [InlineData("check 1 ok t=10\ncheck 2 ok t=20\n", "check 2 ok t=21\n", "made again")]
    [InlineData("check 1 ok t=10\n", "check 3 ok t=30\n", "step 2 was never shown")]
    [InlineData("check 1 ok t=10\n", "check 1 ok t=99\ncheck 2 ok t=100\n", "made again")]
    [InlineData("check 1 ok t=10\n", "check 2 FAIL memory (errno 0)\n", "FAIL memory")]
    public void Lost_work_lost_output_and_failed_checks_are_found(string before, string after, string fault)
        => Assert.Contains(Observe(before, after).Faults, text => text.Contains(fault, System.StringComparison.Ordinal));

    [Fact]
    public void Labels_keep_several_apart()
    {
        const string First = "a: check 1 ok t=10\nbb: check 7 ok t=1\na: check 2 ok t=20\n", Second = "a: check 3 ok t=30\nbb: check 8 ok t=2\ncheck 1 ok t=5\n";
        foreach ((string label, long first, long last) in (ValueTuple<string, long, long>[])[("a", 1, 3), ("bb", 7, 8), ("", 1, 1)])
        {
            var witness = new SelfCheckWitness(label);
            witness.Observe(First);
            witness.Observe(Second);
            Assert.Empty(witness.Faults);
            Assert.Equal((first, last), (witness.First, witness.Last));
        }
    }

    [Fact]
    public void The_last_step_of_a_text_is_found() => Assert.Equal(12, SelfCheckWitness.LastStepIn("check 11 ok t=1\ncheck 12 ok t=2\ncheck 13 o"));

    private static SelfCheckWitness Observe(params string[] boots)
    {
        var witness = new SelfCheckWitness();
        foreach (string boot in boots)
            witness.Observe(boot);
        return witness;
    }
}
