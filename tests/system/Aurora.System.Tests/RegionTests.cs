// A bank in a region, and a journal in one: the books balance, records follow each other, and nothing is missing that was acknowledged,
// wherever the power is cut and the program killed.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class RegionTests(ITestOutputHelper output)
{
    private const int Cuts = 3;

    // A program goes on where a cut finds all as it was captured: until it had to start again there are more.
    private const int MostCuts = 30;

    private readonly BankWitness _witness = new();

    [Theory]
    [InlineData("bank")]
    [InlineData("journal")]
    public async Task What_was_persisted_is_there_wherever_the_power_is_cut(string name)
    {
        string[] program = [$"/usr/lib/aurora/{name}"];
        using var disk = new TestDisk();
        var random = new Random(36);
        for (int cut = 0; cut < Cuts || (_witness.Openings < 2 && cut < MostCuts); cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await guest.Console.WaitForAsync("ack ", Guest.Deadline);
            await Task.Delay(random.Next(0, 1200)); // the moment of the cut, not a wait for anything
            string shown = await guest.CutPowerAsync();
            _witness.Observe(guest.Events, shown);
            Assert.DoesNotContain("@refused", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.DoesNotContain("@panic", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.Empty(_witness.Faults);
        Assert.True(_witness.Openings > 1, "the books were opened once only");
        output.WriteLine($"attack: power cuts of a region ({name}): {Cuts} cuts, {_witness.Transfers} transfers or records acknowledged");
    }

    [Theory]
    [InlineData("bank")]
    [InlineData("journal")]
    public async Task What_was_persisted_is_there_whenever_the_program_is_killed(string name)
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, $"/usr/lib/aurora/{name}", "6", "0.5");
        (int? status, string shown) = await guest.FinishAsync();
        _witness.Observe(guest.Events, shown);
        Assert.Empty(_witness.Faults);
        Assert.Equal(0, status);
        Assert.True(_witness.Openings >= 5, shown);
    }
    [Fact]
    public async Task Journals_do_what_they_say_and_regions_are_listed_cloned_and_removed()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(
            disk, "/bin/sh", "-c", "journal check && bank 1 0.3 && sls regions clone bank copy && sls regions clone bank@x past; "
            + "sls regions && sls regions rm bank nothere; sls regions rm journal-check journal-other; sls regions");
        (int? status, string shown) = await guest.FinishAsync();
        Assert.Equal(0, status);
        Assert.DoesNotContain("not ok", shown, StringComparison.Ordinal);
        Assert.Contains("1..14", shown, StringComparison.Ordinal);
        Assert.Contains("sls: regions clone bank@x: an epoch is a number", shown, StringComparison.Ordinal);
        Assert.Contains("sls: regions rm nothere: there is no such region", shown, StringComparison.Ordinal);
        string[] last = shown[shown.LastIndexOf("REGION", StringComparison.Ordinal)..].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, last.Length);
        Assert.Matches(@"^copy +816\.0 KiB +0 B +- +0 +stored", last[1]);
    }
}
