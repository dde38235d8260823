using System;
using System.Linq;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class BankWitnessTests
{
    [Fact]
    public void Books_that_hold_what_was_acknowledged_are_fine()
    {
        BankWitness witness = Observe("books 0 0 0 0\nack 0 8\nack 3 8\nlife 0 ended by 9\n", "books 9 1 0 8\nack 0 16\nack 1 8\n");
        Assert.Empty(witness.Faults);
        Assert.Equal((2, 32L), (witness.Openings, witness.Transfers));
    }

    [Theory]
    [InlineData("ack 0 8\n", "books 7 0 0 0\n", "8 was acknowledged by 0")]
    [InlineData("ack 2 8\n", "ack 2 8\n", "8 was acknowledged before")]
    [InlineData("books 0 0 0 0\n", "FAIL the sum: 199999, errno 0 Success\n", "FAIL the sum")]
    [InlineData("ack 4 8\n", "", "not an acknowledgement")]
    [InlineData("ack 1\n", "", "not an acknowledgement")]
    [InlineData("ack 1 -8\n", "", "not an acknowledgement")]
    [InlineData("books 1 2 3\n", "", "not the books")]
    public void What_was_lost_or_is_wrong_is_found(string before, string after, string fault)
        => Assert.Contains(Observe(before, after).Faults, text => text.Contains(fault, StringComparison.Ordinal));

    private static BankWitness Observe(params string[] boots)
    {
        var witness = new BankWitness();
        boots.ToList().ForEach(witness.Observe);
        return witness;
    }
}
