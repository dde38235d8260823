using System.Text;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class EscapeKeyTests
{
    [Theory]
    [InlineData("plain", "plain", EscapeCommand.None)]
    [InlineData("ab\u001dqcd", "ab", EscapeCommand.PowerOff)]
    [InlineData("\u001dk", "", EscapeCommand.CutPower)]
    [InlineData("\u001dz", "", EscapeCommand.Help)]
    [InlineData("x\u001d\u001dy", "x\u001dy", EscapeCommand.None)]
    public void Typed_keys_pass_and_commands_are_taken_out(string typed, string passed, EscapeCommand expected)
    {
        byte[] keys = Encoding.ASCII.GetBytes(typed);
        int kept = new EscapeKey().Filter(keys, out EscapeCommand command);
        Assert.Equal((passed, expected), (Encoding.ASCII.GetString(keys, 0, kept), command));
    }

    [Fact]
    public void The_key_and_its_command_may_come_in_two_reads()
    {
        var escape = new EscapeKey();
        Assert.Equal(0, escape.Filter([EscapeKey.Key], out EscapeCommand first));
        Assert.Equal(0, escape.Filter("q"u8.ToArray(), out EscapeCommand second));
        Assert.Equal((EscapeCommand.None, EscapeCommand.PowerOff), (first, second));
    }
}
