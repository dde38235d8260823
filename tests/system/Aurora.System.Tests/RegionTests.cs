// A bank in a region: its books balance and nothing is missing that was acknowledged, wherever the power is cut and the program killed.
using System;
using System.Globalization;
using System.Threading.Tasks;
using Aurora.Images;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class RegionTests
{
    private const int Tellers = 4;
    private const int Cuts = 4;

    private readonly ITestOutputHelper _output;
    private readonly long[] _acknowledged = new long[Tellers];
    private int _books;
    private string _before = "";
    private string _rest = "";

    public RegionTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public async Task The_books_of_a_bank_balance_wherever_the_power_is_cut()
    {
        string[] program = ["/usr/lib/aurora/bank"];
        using var disk = new TestDisk();
        var random = new Random(36);
        for (int cut = 0; cut < Cuts; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await guest.Console.WaitForAsync("ack ", Guest.Deadline);
            await Task.Delay(random.Next(0, 1200)); // the moment of the cut, not a wait for anything
            Read(await guest.CutPowerAsync());
            Assert.DoesNotContain("@refused", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.DoesNotContain("@panic", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.True(_books > 1, "the books were opened once only");
        _output.WriteLine($"attack: power cuts of a region: {Cuts} cuts, {string.Join(' ', _acknowledged)} transfers acknowledged");
    }

    [Fact]
    public async Task The_books_of_a_bank_balance_whenever_its_program_is_killed()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/bank", "6", "0.7");
        (int? status, string output) = await guest.FinishAsync();
        Read(output);
        Assert.Equal(0, status);
        Assert.True(_books >= 5, output);
    }

    // What a life has printed was durable before: whoever opens the books later finds it, and goes on from there.
    private void Read(string output)
    {
        output = output[RepeatedIn(output)..];
        _before += output;
        Assert.DoesNotContain("FAIL", output, StringComparison.Ordinal);
        // A line that was cut off goes on in the next life.
        string[] lines = (_rest + output).Split('\n');
        _rest = lines[^1];
        foreach (string line in lines[..^1])
        {
            string[] words = line.TrimEnd().Split(' ');
            if (words[0] == "ack" && words.Length == 3)
                Acknowledge(int.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture), line);
            if (words[0] != "books" || words.Length != Tellers + 1)
                continue;
            _books++;
            for (int teller = 0; teller < Tellers; teller++)
            {
                long done = long.Parse(words[teller + 1], CultureInfo.InvariantCulture);
                Assert.True(done >= _acknowledged[teller], $"{line}: {_acknowledged[teller]} was acknowledged by {teller}");
            }
        }
    }

    // A machine that goes on may show again what the last one has shown at its end.
    private int RepeatedIn(string output)
    {
        for (int start = Math.Max(0, _before.Length - output.Length); start < _before.Length; start++)
        {
            if (output.StartsWith(_before[start..], StringComparison.Ordinal))
                return _before.Length - start;
        }
        return 0;
    }

    private void Acknowledge(int teller, long transfer, string line)
    {
        Assert.True(transfer > _acknowledged[teller], $"{line}: {_acknowledged[teller]} was acknowledged before");
        _acknowledged[teller] = transfer;
    }
}
