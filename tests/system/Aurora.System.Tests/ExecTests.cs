// Programs that are run in a group from the host: their streams, status and errors, and what is left of them after a power cut and in
// a copy.
using System;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class ExecTests
{
    private const string Group = "sls run -d --name a -- sh -c 'while :; do sleep 1; done' > /dev/null; ";

    [Fact]
    public async Task Streams_and_status_are_the_programs_and_errors_say_what_to_do()
    {
        (int? status, string text) = await RunAsync(Group
            + "printf 'one\\ntwo\\n' | sls exec a cat; echo cat $?; "
            + "sls exec a sh -c 'echo out; echo err >&2; exit 5' < /dev/null 2> /tmp/err; echo status $? $(cat /tmp/err); "
            + "sls exec -w /tmp -e X=1 -e X=y a sh -c 'echo $(pwd) $X $PPID' < /dev/null; "
            + "sls exec a sh -c 'kill -9 $$' < /dev/null; echo killed $?; "
            + "head -c 300000 /dev/zero | sls exec a cat | wc -c; "
            + "sls exec a nothere < /dev/null 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls exec a /etc < /dev/null 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls exec -w /nothere a true 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls exec b true 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls exec host true 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls suspend a; sls exec a true 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls kill a; sls exec a true 2> /tmp/err; echo $? $(cat /tmp/err); "
            + "sls exec -t a true 2> /tmp/err; echo $? $(head -1 /tmp/err); sls rm a && echo gone");
        Assert.Equal(0, status);
        Assert.Equal(
            "one\ntwo\ncat 0\nout\nstatus 5 err\n/tmp y 0\nkilled 137\n300000\n"
            + "127 sls: exec a: nothere: there is no such program in the group\n126 sls: exec a: /etc: it may not be run\n"
            + "1 sls: exec a: the directory is not there in the group\n1 sls: exec b: there is no such group; 'sls ps' lists them\n"
            + "1 sls: exec host: that is the host, whose programs are started without exec\n"
            + "1 sls: exec a: the group is suspended; 'sls resume' lets it go on\n"
            + "1 sls: exec a: the group has ended; 'sls rewind' takes it back to when it ran, and 'sls run' starts another\n"
            + "2 usage: sls COMMAND; N is a group, by name or number\ngone\n", text);
    }

    [Fact]
    public async Task A_detached_program_goes_on_by_itself_and_a_copy_s_is_not_the_sources()
    {
        (int? status, string text) = await RunAsync(Group
            + "pid=$(sls exec -d a sh -c 'echo from $$; read x || echo no input; exec sleep 1000'); "
            + "until sls logs a | grep -q 'no input'; do usleep 20000; done; [ \"$(sls logs a | head -1)\" = \"from $pid\" ] || echo $pid; "
            + "sls exec a sh -c \"grep -c sleep /proc/$pid/cmdline\" < /dev/null; "
            + "sls fork a c; sls exec c sh -c 'echo only here > /tmp/only' < /dev/null; sls exec c cat /tmp/only < /dev/null; "
            + "sls exec a test -e /tmp/only < /dev/null; echo not in the source $?; "
            + "sls exec a sh -c \"kill $pid\" < /dev/null; sls exec a test -e /proc/$pid < /dev/null; echo ended $?; "
            + "sls exec c test -e /proc/$pid < /dev/null; echo goes on $?");
        Assert.Equal((0, "1\nc\nonly here\nnot in the source 1\nended 1\ngoes on 0\n"), (status, text));
    }

    [Fact]
    public async Task A_program_gets_what_is_typed_and_the_end_of_its_input_when_who_types_interrupts_the_command()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        await guest.Console.TypeAsync(Group
                + "sls exec a sh -c 'echo rea''dy; read x; echo got-$x; cat > /dev/null; echo end > /tmp/end; sleep 1000'\n");
        await guest.Console.WaitForAsync("ready\r\n", Guest.Deadline);
        await guest.Console.TypeAsync("line\n");
        await guest.Console.WaitForAsync("got-line\r\n", Guest.Deadline);
        await guest.Console.TypeAsync("\u0003");
        await guest.Console.TypeAsync("\nuntil sls exec a cat /tmp/end < /dev/null 2> /dev/null; do :; done; exit 6\n");
        await guest.Console.WaitForAsync("end\r\n", Guest.Deadline);
        Assert.Equal(6, (await guest.FinishAsync()).Status);
    }

    [Fact]
    public async Task After_a_power_cut_a_program_goes_on_without_its_streams_and_who_waited_is_told()
    {
        using var disk = new TestDisk();
        await using (Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh"))
        {
            await guest.Console.WaitForAsync("# ", Guest.Deadline);
            await guest.Console.TypeAsync(Group
                + "mkfifo /tmp/p; (sls exec a sh -c 'trap : PIPE; (read x; echo end > /tmp/input) & i=0; while :; do i=$((i+1)); "
                + "echo $i > /tmp/new; mv /tmp/new /tmp/n; echo said $i 2> /dev/null || echo closed > /tmp/output; usleep 20000; done' "
                + "<> /tmp/p; echo stat''us $?) &\n");
            await guest.Console.WaitForAsync("said 20\r\n", Guest.Deadline);
            await guest.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using Guest again = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await again.ResumedAsync();
        await again.Console.WaitForAsync("the machine restarted meanwhile", Guest.Deadline);
        await again.Console.WaitForAsync("status 1", Guest.Deadline);
        await again.Console.TypeAsync("\nuntil sls exec a test -e /tmp/output -a -e /tmp/input < /dev/null; do :; done; "
            + "n() { sls exec a cat /tmp/n < /dev/null; }; first=$(n); usleep 300000; second=$(n); "
            + "echo fir''st $((first >= 20)) more $((second > first)) end; exit 4\n");
        await again.Console.WaitForAsync(new Regex("first 1 more 1 end"), Guest.Deadline);
        Assert.Equal(4, (await again.FinishAsync()).Status);
    }

    [Fact]
    public async Task Programs_are_run_in_groups_that_are_copied_rewound_and_removed_and_power_fails_meanwhile()
    {
        using var disk = new TestDisk();
        var random = new Random(7);
        const string Run = "while :; do echo x | sls exec a cat; sls exec -d a sleep 0.01; sls exec b yes | head -c 100000; done";
        const string Change = "while :; do sls fork a b; sls rewind a one; sls kill b; sls rm b; done";
        for (int life = 0; life < 4; life++)
        {
            await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
            if (life == 0)
                await guest.Console.WaitForAsync("# ", Guest.Deadline);
            else
                await guest.ResumedAsync();
            string begin = life == 0 ? Group + $"sls checkpoint a one; ({Run}) > /dev/null 2>&1 & ({Change}) > /dev/null 2>&1 &" : "";
            await guest.Console.TypeAsync(
                $"\n{begin}\nuntil sls exec a echo li''fe {life} < /dev/null; do :; done; sls ps > /tmp/ps && echo se''en {life}\n");
            await guest.Console.WaitForAsync($"life {life}", Guest.Deadline);
            await guest.Console.WaitForAsync($"seen {life}", Guest.Deadline);
            await Task.Delay(random.Next(1000, 4000)); // the moment of the cut, not a wait for anything
            await guest.CutPowerAsync();
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
    }

    [Fact]
    public async Task Programs_are_told_that_they_are_copies_or_have_gone_back()
    {
        (int? status, string text) = await RunAsync(
            "sls run -d --name a -- copies > /dev/null; until sls logs a | grep -q seed; do usleep 20000; done; "
            + "sls checkpoint a one > /dev/null; sls fork a b; until sls logs b | grep -q 'generation 1 after 0'; do usleep 20000; done; "
            + "sls rewind a one; until sls logs a | grep -q 'generation [1-9][0-9]* after 0'; do usleep 20000; done; "
            + "sls restore b@ c; until sls logs c | grep -q 'generation 2 after 1'; do usleep 20000; done; "
            + "for g in a b c; do sls logs $g; done | sed 's/.*seed//' | sort -u | wc -l; sls logs c | sed 's/ seed.*//'");
        Assert.Equal((0, "b\nc\n4\ngeneration 0 after -1\ngeneration 1 after 0\ngeneration 2 after 1\n"), (status, text));
    }

    private static async Task<(int? Status, string Text)> RunAsync(string script)
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, new BootConfiguration(), 256, "/bin/busybox", "sh", "-c", script);
        (int? status, string text) = await guest.FinishAsync(Guest.LongDeadline);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        return (status, text);
    }
}
