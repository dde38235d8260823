// Groups beside each other on a machine whose power fails: each comes back where its own last checkpoint has it, whatever the others do.
using System;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class GroupTests(ITestOutputHelper output)
{
    private const string Counting =
        "sls run -d --name a -- sh -c 'i=0; while :; do i=$((i+1)); echo $i; usleep 30000; done'; echo beg''un\n";

    [Fact]
    public async Task Groups_that_fork_and_go_back_count_on_after_every_power_cut()
    {
        using var disk = new TestDisk();
        var random = new Random(5);
        long seen = 0;
        for (int life = 0; life < 6; life++)
        {
            await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
            if (life == 0)
            {
                await guest.Console.WaitForAsync("# ", Guest.Deadline);
                await guest.Console.TypeAsync(Counting);
                await guest.Console.WaitForAsync("begun", Guest.Deadline);
            }
            else
            {
                await guest.ResumedAsync();
            }
            long count = await CountAsync(guest, "a", life);
            Assert.True(count >= seen, $"life {life}: the log had {seen} lines and now {count}");
            seen = count;
            // What a power cut leaves half done is done again.
            string again = life == 0 ? "sls fork a b; sls period b 3"
                : "sls kill c; sls rm c; sls fork b c; sls rewind b -0.2; sls suspend c; sls resume c";
            await guest.Console.TypeAsync($"while :; do {again}; usleep 1000; done > /dev/null 2>&1 &\n");
            await Task.Delay(random.Next(100, 900)); // the moment of the cut, not a wait for anything
            await guest.CutPowerAsync();
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        output.WriteLine("attack: kills of several groups: 6 kills");
    }

    [Fact]
    public async Task A_group_that_takes_all_it_can_leaves_the_others_undisturbed()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, new BootConfiguration(), 256, "/bin/busybox", "sh", "-c",
            "sls run -d --name bad -- sh -c 'while :; do :; done & while :; do echo x; done & yes | head -c 9000000 > /tmp/f; wait' "
            + "> /dev/null; "
            + "for i in 1 2 3 4 5; do echo $i > /tmp/n; sync; [ $(cat /tmp/n) = $i ] || echo wrong; sleep 0.4; done; "
            + "sls kill bad && sls rm bad && sls ps -q && sls fork host twin && sls kill twin && sls rm twin && echo whole");
        (int? status, string text) = await guest.FinishAsync(Guest.LongDeadline);
        Assert.Equal((0, "host\ntwin\nwhole\n"), (status, text));
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task A_group_in_the_foreground_has_the_terminal_and_its_status_is_the_commands()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        await guest.Console.TypeAsync("sls run --name c -- sh\n");
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        await guest.Console.TypeAsync("echo pid $$ in the gr''oup; tty; echo mine > /tmp/mine\n");
        await guest.Console.WaitForAsync("pid 1 in the group", Guest.Deadline);
        await guest.Console.TypeAsync("\u001e");
        await guest.Console.TypeAsync("ls /tmp/mine || echo not he''re\n");
        await guest.Console.WaitForAsync("not here", Guest.Deadline);
        await guest.Console.TypeAsync("sls console c; echo status $?\n");
        await guest.Console.TypeAsync("cat /tmp/mine; exit 5\n");
        await guest.Console.WaitForAsync("status 5", Guest.Deadline);
        await guest.Console.TypeAsync("sls ps | grep 'ended 5' && sls rm c; exit 3\n");
        Assert.Equal(3, (await guest.FinishAsync()).Status);
        Assert.Matches(new Regex("c +ended 5"), guest.Console.Text);
    }

    // The number of lines of a log that are 1, 2, 3 and so on.
    private static async Task<long> CountAsync(Guest guest, string group, int question)
    {
        await guest.Console.TypeAsync(
            $"\nsls logs {group} | awk '$1 != NR {{bad++}} END {{print \"log\", {question}, NR, bad+0, \"end\"}}'\n");
        Match answer = await guest.Console.WaitForAsync(new Regex($"log {question} (\\d+) (\\d+) end"), Guest.Deadline);
        Assert.Equal("0", answer.Groups[2].Value);
        return long.Parse(answer.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }
}
