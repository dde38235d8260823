// A bank in a region, and a journal in one: the books balance, records follow each other, and nothing is missing that was acknowledged,
// wherever the power is cut and the program killed.
using System;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class RegionTests(ITestOutputHelper output)
{
    private readonly BankWitness _witness = new();

    [Theory]
    [InlineData("bank")]
    [InlineData("journal")]
    public async Task What_was_persisted_is_there_wherever_the_power_is_cut(string name)
    {
        await BankCuts.RunAsync(_witness, 36, $"/usr/lib/aurora/{name}");
        output.WriteLine($"attack: power cuts of a region ({name}): {_witness.Transfers} transfers or records acknowledged");
    }

    /// <summary>
    /// Nobody but the kernel starts process 1 again: with its arguments, its threads gone, and the books as they were persisted.
    /// </summary>
    [Fact]
    public async Task A_group_whose_process_1_shows_the_region_is_started_again()
    {
        string log = await BankCuts.RunAsync(_witness, 49, "/usr/lib/aurora/bank", "alone");
        int restarts = Regex.Count(log, "group host: a region has gone on without it; started again: bank");
        Assert.InRange(_witness.Openings, 2, restarts + 1);
        output.WriteLine($"attack: groups started again: {restarts} times, {_witness.Transfers} transfers acknowledged");
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
            + "sls regions rollback bank@7; sls regions rollback bank@$(sls regions history bank | sed -n '$s/ .*//p') && echo went back; "
            + "sls regions && sls regions rm bank nothere; sls regions rm journal-check journal-other tellers; sls regions");
        (int? status, string shown) = await guest.FinishAsync();
        Assert.Equal(0, status);
        Assert.DoesNotContain("not ok", shown, StringComparison.Ordinal);
        Assert.Contains("1..14", shown, StringComparison.Ordinal);
        Assert.Contains("sls: regions clone bank@x: an epoch is a number", shown, StringComparison.Ordinal);
        Assert.Contains("sls: regions rollback bank@7: there is no such region, or of that epoch", shown, StringComparison.Ordinal);
        Assert.Contains("went back", shown, StringComparison.Ordinal);
        Assert.Contains("sls: regions rm nothere: there is no such region", shown, StringComparison.Ordinal);
        string[] last = shown[shown.LastIndexOf("REGION", StringComparison.Ordinal)..].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, last.Length);
        Assert.Matches(@"^copy +800\.0 KiB +0 B +- +0 +stored", last[1]);
    }
}
