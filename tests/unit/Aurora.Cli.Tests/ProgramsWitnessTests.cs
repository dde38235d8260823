// What the programs of the demo say across power cuts, and what of it is a fault.
using System;
using System.Linq;
using Aurora.Cli.Demo;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class ProgramsWitnessTests
{
    private const string Begun = "starting redis\nstarting postgres\nstarting node\n";
    private const string Three = "acknowledged 1 aa\nacknowledged 2 bb\nacknowledged 3 cc\n";

    // sha256 of "aa\nbb\ncc\n"
    private const string DigestOfThree = "97d220e0067d22e8cf1371e1cd782e421614e0c08956f1866c9b40f7a35b1aaa";

    private readonly ProgramsWitness _witness = new();

    [Fact]
    public void Words_that_are_acknowledged_one_after_the_other_are_no_fault()
    {
        _witness.Observe(Begun + "client 71 drawn\n" + State(0) + Three);
        _witness.Observe(State(3) + "remembered 71 drawn 3\n");
        Assert.Empty(_witness.Faults);
        Assert.Equal((3, DigestOfThree), (_witness.Acknowledged, _witness.Digest));
        Assert.Equal((71, "drawn"), _witness.ClientStart);
        Assert.Equal((71, "drawn", 3), _witness.ClientEnd);
        Assert.Equal([0, 3], _witness.States.Select(states => states["redis"].Count));
        Assert.Equal(("drawn", 9L), (_witness.States[1]["redis"].Identity, _witness.States[1]["redis"].UptimeSeconds));
    }

    [Theory]
    [InlineData("acknowledged 5 dd\n")]
    [InlineData("acknowledged 3 cc\n")]
    [InlineData("acknowledged 1 aa\n")]
    [InlineData("acknowledged four dd\n")]
    [InlineData("acknowledged 4\n")]
    [InlineData("acknowledged 4 \n")]
    [InlineData("failed redis counts to 3 and PostgreSQL to 4, not to 4\n")]
    [InlineData("state {}x\n")]
    [InlineData("state {\"redis\":{\"pid\":1}}\n")]
    [InlineData("state {}\n")]
    [InlineData("state {\"node\":null,\"redis\":null,\"postgres\":null}\n")]
    [InlineData("remembered 71\n")]
    [InlineData("remembered 71 3\n")]
    [InlineData("client drawn 71\n")]
    [InlineData("client 72 another\n")]
    [InlineData("Segmentation fault\n")]
    public void What_is_not_the_next_word_or_known_is_a_fault(string line)
    {
        _witness.Observe(Begun + "client 71 drawn\n" + Three + line);
        Assert.Contains(line.Trim(), Assert.Single(_witness.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_word_has_another_digest()
    {
        _witness.Observe(Three.Replace("bb", "bc", StringComparison.Ordinal));
        Assert.NotEqual(DigestOfThree, _witness.Digest);
    }

    private static string State(int count)
    {
        string state = $"{{\"pid\":4,\"identity\":\"drawn\",\"uptime\":9,\"count\":{count},\"digest\":\"00\"}}";
        return $"state {{\"node\":{state},\"redis\":{state},\"postgres\":{state}}}\n";
    }
}
