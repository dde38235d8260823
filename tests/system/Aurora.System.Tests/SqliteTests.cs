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

    // A group uses a database; its copy and the host are told, with nothing and with each lock in hand. When it has been killed the host
    // uses the database.
    private const string Groups =
        "say() { until sls logs $1 | grep -q \"$2\"; do usleep 20000; done; sls logs $1 | grep \"^$2\"; }\n"
        + "for mode in idle reading reserved exclusive; do\n"
        + "sls run -d --name a -- sqlgroups hold $mode > /dev/null; say a holding\n"
        + "[ $mode = idle ] && sls exec a -- sqlgroups add 20 < /dev/null\n"
        + "sls fork a b > /dev/null; say b 'copy.*it ' > /dev/null; say b copy; say b log\n"
        + "[ $mode = idle ] && sls exec a -- sqlgroups add 20 < /dev/null\n"
        + "[ $mode = idle ] && sls regions clone sqlgroups clone && sqlgroups count clone\n"
        + "echo host; sqlgroups add 1; sls exec a -- touch /tmp/go < /dev/null; say a original\n"
        + "for group in a b; do sls kill $group; sls rm $group; done > /dev/null 2>&1; sqlgroups count; done; echo end\n";

    // A writer is killed in the middle of a transaction, and its group goes back to when nobody wrote, while the host shows the region.
    private const string GoingBack =
        "sls run -d --name a -- sleep 100000 > /dev/null; sls exec a -- sqlgroups add 20 < /dev/null\n"
        + "sqlgroups keep > /tmp/kept & keeper=$!; until grep -q keeping /tmp/kept; do usleep 20000; done\n"
        + "sls checkpoint a before > /dev/null; writer=$(sls exec -d a sqlgroups spill)\n"
        + "until sls logs a | grep -q 'in the middle'; do usleep 20000; done\n"
        + "sls exec a -- sh -c \"kill -9 $writer; while kill -0 $writer 2> /dev/null; do usleep 20000; done\" < /dev/null\n"
        + "sls rewind a before > /dev/null; sls exec a -- sqlgroups count < /dev/null; sls exec a -- sqlgroups add 1 < /dev/null\n"
        + "sls exec a -- sqlgroups count < /dev/null; kill $keeper; echo end\n";

    private const string Refused =
        "log 14 msnap: sqlgroups: programs of another group use it\nhost\n"
        + "log 14 msnap: sqlgroups: programs of another group use it\nrefused: open: unable to open database file\n";

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
        shown = shown.Replace("\r", "", StringComparison.Ordinal);
        Assert.Equal(0, status);
        (string Mode, string Answer)[] copies =
            [("idle", "locking protocol"), ("reading", "disk I/O error"), ("reserved", "disk I/O error"), ("exclusive", "disk I/O error")];
        // A clone is nobody's, though the region that it was made from is used by a group.
        const string clone = "added 20\nrows added 40 200000\nok\nhost\n";
        Assert.Contains(clone, shown, StringComparison.Ordinal);
        shown = shown.Replace(clone, "host\n", StringComparison.Ordinal);
        for (int i = 0; i < copies.Length; i++)
        {
            (string mode, string answer) = copies[i];
            Assert.Contains($"copy {mode}: {answer}\ncopy {mode}: it stays out\n", shown, StringComparison.Ordinal);
            Assert.Contains($"{Refused}original {mode}: done\nrows added 40 200000\nrows original {i + 1} {(i + 1) * 20000}\nok\n", shown,
                StringComparison.Ordinal);
        }
        Assert.EndsWith("ok\nend\n", shown, StringComparison.Ordinal);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task What_a_killed_writer_left_is_not_seen_when_its_group_has_gone_back()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", GoingBack);
        (int? status, string shown) = await guest.FinishAsync();
        Assert.Equal(0, status);
        Assert.Equal("added 20\nrows added 20 100000\nok\nadded 1\nrows added 21 105000\nok\nend\n",
            shown.Replace("\r", "", StringComparison.Ordinal));
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
