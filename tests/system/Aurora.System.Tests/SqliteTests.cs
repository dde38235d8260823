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

    // A group uses a database; its copy and the host are told, with nothing and with each lock in hand. When it has been killed the host uses
    // the database.
    private const string Groups =
        "say() { until sls logs $1 | grep -q \"$2\"; do usleep 20000; done; sls logs $1 | grep \"^$2\"; }\n"
        + "for mode in idle reading reserved exclusive; do\n"
        + "sls run -d --name a -- sqlgroups hold $mode > /dev/null; say a holding\n"
        + "[ $mode = idle ] && sls exec a -- sqlgroups add 20 < /dev/null\n"
        + "sls fork a b > /dev/null; say b 'copy.*it '; say b copy; say b log\n"
        + "[ $mode = idle ] && sls exec a -- sqlgroups add 20 < /dev/null\n"
        + "echo host; sqlgroups add 1; sls exec a -- touch /tmp/go < /dev/null; say a original\n"
        + "for group in a b; do sls kill $group; sls rm $group; done > /dev/null 2>&1; sqlgroups count; done; echo end\n";

    private const string Refusal = "host\nlog 14 msnap: sqlgroups: programs of another group use it\nrefused: open: unable to open database file\n";

    // It says of its transfers what the bank in a region says of its own.
    private readonly BankWitness _witness = new();

    [Theory]
    [InlineData("sqlchecks")]
    [InlineData("sqlscripts")]
    public async Task Sqlite_does_in_a_region_what_it_does_in_a_file(string program)
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, $"/usr/lib/aurora/{program}");
        (int? status, string shown) = await guest.FinishAsync();
        var report = new TapReport(shown);
        Assert.Empty(report.Failures);
        Assert.Null(report.Incomplete());
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task Programs_of_other_groups_are_refused_and_change_nothing()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", Groups);
        (int? status, string shown) = await guest.FinishAsync();
        output.WriteLine(shown);
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
