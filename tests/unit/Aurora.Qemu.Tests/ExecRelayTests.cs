using System;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.Qemu.Tests;

/// <summary>Programs that clients have run in a machine: their streams, and what becomes of them when somebody goes.</summary>
public sealed class ExecRelayTests
{
    [Fact]
    public async Task Two_clients_are_served_at_once_each_with_its_own_program()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient first = await kernel.ComeAsync();
        int one = await kernel.BeginAsync();
        using TestClient second = await kernel.ComeAsync();
        int two = await kernel.BeginAsync();
        kernel.Say($"@exec {two} out {TestKernel.Base64("of two")}");
        kernel.Say($"@exec {one} err {TestKernel.Base64("of one")}");
        kernel.Say($"@exec {one} ended 7");
        Assert.Equal((ExecFrameKind.Output, "of two"), await second.ReadAsync());
        Assert.Equal((ExecFrameKind.Errors, "of one"), await first.ReadAsync());
        Assert.Equal((ExecFrameKind.Ended, "7"), await first.ReadAsync());
        Assert.Equal($"exec {one} forget", await kernel.HearAsync());
        kernel.Say($"@exec {two} unstarted 13");
        Assert.Equal((ExecFrameKind.NotStarted, "13"), await second.ReadAsync());
        Assert.Equal($"exec {two} forget", await kernel.HearAsync());
    }

    [Fact]
    public async Task Input_is_passed_on_in_pieces_as_far_as_there_is_room_and_its_end_after_it()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        int number = await kernel.BeginAsync();
        string text = new('x', 200);
        await client.SendAsync(ExecFrameKind.Input, text);
        kernel.Say($"@exec {number} room 170");
        Assert.Equal($"exec {number} input {TestKernel.Base64(text[..165])}", await kernel.HearAsync());
        Assert.Equal($"exec {number} input {TestKernel.Base64(text[..5])}", await kernel.HearAsync());
        kernel.Say($"@exec {number} room 1000");
        Assert.Equal($"exec {number} input {TestKernel.Base64(text[..30])}", await kernel.HearAsync());
        Assert.Equal((ExecFrameKind.InputTaken, ""), await client.ReadAsync());
        await client.SendAsync(ExecFrameKind.EndOfInput);
        Assert.Equal($"exec {number} end-input", await kernel.HearAsync());
    }

    [Fact]
    public async Task What_nobody_reads_is_not_sent()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        int number = await kernel.BeginAsync();
        await client.SendAsync(ExecFrameKind.Input, "x");
        kernel.Say($"@exec {number} closed");
        Assert.Equal(ExecFrameKind.InputClosed, (await client.ReadAsync()).Kind);
        Assert.Equal(ExecFrameKind.InputTaken, (await client.ReadAsync()).Kind);
    }

    [Fact]
    public async Task More_output_is_asked_for_when_the_client_has_what_there_was()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        int number = await kernel.BeginAsync();
        string text = new('x', ExecRelayClient.WindowBytes / 4);
        kernel.Say($"@exec {number} out {TestKernel.Base64(text)}");
        Assert.Equal((ExecFrameKind.Output, text), await client.ReadAsync());
        Assert.Equal($"exec {number} show {text.Length}", await kernel.HearAsync());
    }

    [Fact]
    public async Task A_client_that_dies_is_forgotten_also_while_its_input_waits_and_the_others_go_on()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient other = await kernel.ComeAsync();
        int stays = await kernel.BeginAsync();
        TestClient client = await kernel.ComeAsync();
        int number = await kernel.BeginAsync();
        await client.SendAsync(ExecFrameKind.Input, "nobody takes it");
        client.Dispose();
        Assert.Equal($"exec {number} forget", await kernel.HearAsync());
        kernel.Say($"@exec {number} out AAAA");
        kernel.Say($"@exec {stays} ended 0");
        Assert.Equal((ExecFrameKind.Ended, "0"), await other.ReadAsync());
    }

    [Fact]
    public async Task Who_dies_before_there_is_a_place_gives_it_back()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        TestClient client = await kernel.ComeAsync();
        client.Dispose();
        Assert.StartsWith("exec 1 run", await kernel.HearAsync(), StringComparison.Ordinal);
        kernel.Say("@exec 1 go");
        string heard;
        while (!(heard = await kernel.HearAsync()).EndsWith(" forget", StringComparison.Ordinal))
            Assert.Matches("^exec 1 (text|show)", heard);
        Assert.Equal("exec 1 forget", heard);
    }

    /// <summary>A kernel that starts again may hear only then what was sent before.</summary>
    [Fact]
    public async Task A_place_that_nobody_waits_for_any_more_is_given_back()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        Assert.StartsWith("exec 1 run", await kernel.HearAsync(), StringComparison.Ordinal);
        kernel.Say("@resumed processes=1 epoch=2 boot_ns=3 output=4 replay=0");
        Assert.Equal(ExecFrameKind.Lost, (await client.ReadAsync()).Kind);
        kernel.Say("@exec 1 go");
        Assert.Equal("exec 1 forget", await kernel.HearAsync());
    }

    [Fact]
    public async Task Without_a_place_the_client_is_told_and_nothing_is_to_be_forgotten()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync(isDetached: true);
        Assert.Equal("exec 1 run detached 10 1 0", await kernel.HearAsync());
        kernel.Say("@exec 1 failed 23");
        Assert.Equal((ExecFrameKind.Refused, "23"), await client.ReadAsync());
        using TestClient next = await kernel.ComeAsync();
        Assert.Equal(2, await kernel.BeginAsync());
    }

    [Theory]
    [InlineData("@ready")]
    [InlineData("@resumed processes=1 epoch=2")]
    [InlineData("@panic slab: freed twice")]
    public async Task A_machine_that_starts_again_knows_of_no_program_and_the_next_one_waits_until_it_listens(string line)
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        await kernel.BeginAsync();
        kernel.Say(line);
        (ExecFrameKind kind, string words) = await client.ReadAsync();
        Assert.Equal(ExecFrameKind.Lost, kind);
        Assert.Contains("restart", words, StringComparison.Ordinal);
        using TestClient next = await kernel.ComeAsync();
        if (line.StartsWith("@panic", StringComparison.Ordinal))
            kernel.Say("@resumed processes=1 epoch=2");
        Assert.Equal(2, await kernel.BeginAsync());
    }

    [Fact]
    public async Task When_the_machine_ends_everybody_is_told_after_what_was_shown_before()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        int number = await kernel.BeginAsync();
        kernel.Say($"@exec {number} out {TestKernel.Base64("last")}");
        await kernel.EndAsync();
        Assert.Equal((ExecFrameKind.Output, "last"), await client.ReadAsync());
        Assert.Equal((ExecFrameKind.Lost, "the machine has ended"), await client.ReadAsync());
    }

    [Fact]
    public async Task Who_speaks_out_of_turn_is_let_go()
    {
        await using var kernel = new TestKernel();
        kernel.Say("@ready");
        using TestClient client = await kernel.ComeAsync();
        int number = await kernel.BeginAsync();
        await client.SendAsync(ExecFrameKind.Input, "one");
        await client.SendAsync(ExecFrameKind.Input, "two");
        Assert.Equal($"exec {number} forget", await kernel.HearAsync());
    }
}
