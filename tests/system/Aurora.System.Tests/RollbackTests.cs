// Time travel: a machine continues from an earlier checkpoint, from inside and from the host, and a power cut in the middle leaves one of the two.
using System;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class RollbackTests
{
    private readonly ITestOutputHelper _output;

    public RollbackTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public async Task A_counter_goes_back_and_counts_on_from_there()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        await guest.Console.TypeAsync("i=41; echo $i > /tmp/n; sls checkpoint then\n");
        await guest.Console.WaitForAsync("is durable", Guest.Deadline);
        await guest.Console.TypeAsync("i=99; echo $i > /tmp/n; rm /bin/ls; echo cha''nged\n");
        await guest.Console.WaitForAsync("changed", Guest.Deadline);
        await guest.Console.TypeAsync("sls rollback then\n");
        ResumedEvent resumed = await guest.ResumedAsync();
        Assert.True(resumed.Epoch > 0);
        await guest.Console.TypeAsync("echo n is $i $(cat /tmp/n); ls /bin/ls\n");
        await guest.Console.WaitForAsync("n is 41 41", Guest.Deadline);
        await guest.Console.WaitForAsync("\n/bin/ls", Guest.Deadline);
        await guest.Console.TypeAsync("sls history | grep -e left -e here | head -n 40 | cut -c1-60; echo liste''d\n");
        await guest.Console.WaitForAsync("listed", Guest.Deadline);
        Assert.Contains(" left ", guest.Console.Text, StringComparison.Ordinal);
        await guest.Console.TypeAsync("sls rollback nothing; exit 4\n");
        await guest.Console.WaitForAsync("no such checkpoint", Guest.Deadline);
        Assert.Equal(4, (await guest.FinishAsync()).Status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task The_host_starts_a_machine_at_an_earlier_checkpoint()
    {
        using var disk = new TestDisk();
        // The steps before the checkpoint have been seen when it is made: what is still held then would be shown again.
        const string step = "echo step $i; [ $i = 2 ] && read seen; [ $i = 3 ] && sls checkpoint three >/dev/null";
        const string steps = $"for i in 1 2 3 4 5 6; do {step}; done; echo end $i";
        string[] program = ["/bin/busybox", "sh", "-c", steps];
        await using (Guest first = await Guest.StartAsync(disk, program))
        {
            await first.Console.WaitForAsync("step 2", Guest.Deadline);
            await first.Console.TypeAsync("\n");
            Assert.Equal(0, (await first.FinishAsync()).Status);
        }
        Assert.Equal(0, DiskImage.LiveProcesses(disk.Path));
        DiskImage.GoBack(disk.Path, "three");
        await using Guest second = await Guest.StartAsync(disk, program);
        await second.ResumedAsync();
        (int? status, string output) = await second.FinishAsync();
        Assert.Equal(0, status);
        Assert.EndsWith("step 4\nstep 5\nstep 6\nend 6\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("step 1", output, StringComparison.Ordinal);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task A_power_cut_during_a_rollback_leaves_the_old_state_or_the_new()
    {
        using var disk = new TestDisk();
        var random = new Random(11);
        await using (Guest first = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh"))
        {
            await first.Console.WaitForAsync("# ", Guest.Deadline);
            await first.Console.TypeAsync("n=old; sls checkpoint then\n");
            await first.Console.WaitForAsync("is durable", Guest.Deadline);
            await first.Console.TypeAsync("n=new; sls checkpoint now\n");
            await first.Console.WaitForAsync("is durable", Guest.Deadline);
            await first.CutPowerAsync();
        }
        for (int cut = 0; cut < 6; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
            Match state = await AskAsync(guest, cut);
            bool isOld = state.Groups[1].Value == "old";
            await guest.Console.TypeAsync(isOld ? "sls rollback now\n" : "sls rollback then\n");
            await Task.Delay(random.Next(0, 120)); // the moment of the cut, not a wait for anything
            await guest.CutPowerAsync();
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        _output.WriteLine("attack: kills during a rollback: 6 kills");
    }

    // The old state may have had the rollback still before it, and do it after the cut: then the machine restarts, and what was typed belongs to
    // the state that was left.
    private static async Task<Match> AskAsync(Guest guest, int cut)
    {
        await guest.ResumedAsync();
        while (true)
        {
            await guest.Console.TypeAsync($"\necho cut{cut} $n end\n");
            using var given = new CancellationTokenSource();
            Task<Match> answer = guest.Console.WaitForAsync(new Regex($"cut{cut} (old|new) end"), Guest.Deadline, given.Token);
            Task<ResumedEvent> again = guest.Events.WaitAsync<ResumedEvent>(Guest.Deadline, cancellation: given.Token);
            if (await Task.WhenAny(answer, again) == answer)
            {
                await given.CancelAsync();
                return await answer;
            }
            await given.CancelAsync();
        }
    }
}
