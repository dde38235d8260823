// SQLite over regions: it does what it does with files, and a bank in it is sound, its sum holds and nothing is missing that was
// acknowledged, wherever the power is cut and the program killed.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class SqliteTests(ITestOutputHelper output)
{
    private const int Kills = 3;

    // It says of its transfers what the bank in a region says of its own.
    private readonly BankWitness _witness = new();

    [Fact]
    public async Task Sqlite_does_in_a_region_what_it_does_in_a_file()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/sqlchecks");
        (int? status, string shown) = await guest.FinishAsync();
        var report = new TapReport(shown);
        Assert.Empty(report.Failures);
        Assert.Null(report.Incomplete());
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task The_database_of_a_bank_is_sound_wherever_the_power_is_cut()
    {
        await BankCuts.RunAsync(_witness, 39, "/usr/lib/aurora/sqlbank");
        output.WriteLine($"attack: power cuts of a SQLite database in a region: {_witness.Transfers} transfers acknowledged");
    }

    [Fact]
    public async Task The_database_of_a_bank_is_sound_whenever_its_program_is_killed()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/sqlbank", $"{Kills + 1}", "1.5");
        (int? status, string shown) = await guest.FinishAsync();
        _witness.Observe(guest.Events, shown);
        Assert.Empty(_witness.Faults);
        Assert.Equal(0, status);
        Assert.True(_witness.Openings > Kills, shown);
    }
}
