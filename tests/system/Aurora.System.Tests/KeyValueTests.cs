// The key-value store in a region: it does what it should, nothing is missing that two programs with two threads each have acknowledged,
// and nothing is half there, wherever the power is cut and the programs are killed.
using System;
using System.Globalization;
using System.Threading.Tasks;
using Aurora.Images;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class KeyValueTests
{
    private const int Writers = 4;
    private const int WritersOfEach = 2;
    private const int Cuts = 4;

    // A program goes on where a cut finds all as it was captured: until it had to start again there are more.
    private const int MostCuts = 30;
    private const int Kills = 4;

    private readonly ITestOutputHelper _output;
    private readonly long[] _acknowledged = new long[Writers];
    private int _found;
    private string _before = "";
    private string _rest = "";

    public KeyValueTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public async Task The_store_does_what_it_should()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/kvcheck", "2", "8");
        (int? status, string output) = await guest.FinishAsync();
        var report = new TapReport(output);
        Assert.Empty(report.Failures);
        Assert.Null(report.Incomplete());
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task Nothing_acknowledged_is_missing_wherever_the_power_is_cut()
    {
        using var disk = new TestDisk();
        var random = new Random(38);
        for (int cut = 0; cut < Cuts || (_found <= 2 && cut < MostCuts); cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/kvlives");
            await guest.Console.WaitForAsync("ack ", Guest.Deadline);
            await Task.Delay(random.Next(0, 1200)); // the moment of the cut, not a wait for anything
            Read(await guest.CutPowerAsync());
            Assert.DoesNotContain("@refused", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.DoesNotContain("@panic", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.True(_found > 2, "the store was opened once only");
        _output.WriteLine($"attack: power cuts of a key-value store: {Cuts} cuts, {string.Join(' ', _acknowledged)} batches acknowledged");
    }

    [Fact]
    public async Task Nothing_acknowledged_is_missing_whenever_a_program_is_killed()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/kvlives", $"{Kills}", "0.7");
        (int? status, string output) = await guest.FinishAsync();
        Read(output);
        Assert.Equal(0, status);
        Assert.True(_found >= Kills + WritersOfEach, output);
    }

    // What a program has printed was durable before: when it is started again, it finds it, and goes on from there.
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
                _acknowledged[Number(words[1])] = Number(words[2]);
            if (words[0] == "found" && words.Length == WritersOfEach + 2)
                Compare(line, words);
        }
    }

    private void Compare(string line, string[] words)
    {
        _found++;
        for (int i = 0; i < WritersOfEach; i++)
        {
            long acknowledged = _acknowledged[Number(words[1]) * WritersOfEach + i];
            Assert.True(Number(words[i + 2]) >= acknowledged, $"{line}: {acknowledged} was acknowledged");
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

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
}
