// The point of it all: programs go on after the power was cut.
using System;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class PowerCutTests
{
    private const int Cycles = 10;

    [Fact]
    public async Task A_self_checking_workload_survives_ten_power_cuts()
    {
        using var disk = new TestDisk();
        var stream = new ConsoleStream();
        var witness = new SelfCheckWitness();
        var random = new Random(20);
        for (int cycle = 0; cycle < Cycles; cycle++)
        {
            await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/selfcheck", "-i", "3", "-m", "512");
            await (cycle == 0 ? (Task)guest.ReadyAsync() : guest.ResumedAsync());
            long wanted = witness.Last + random.Next(1, 60);
            while (SelfCheckWitness.LastStepIn(guest.Console.Text) < wanted)
                await guest.Console.WaitForAsync("\n", Guest.Deadline);
            witness.Observe(stream.Add(guest.Events, await guest.CutPowerAsync()));
            Assert.True(witness.Faults.Count + stream.Faults.Count == 0, string.Join("\n", [.. stream.Faults, .. witness.Faults]));
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.True(witness.Last >= Cycles);
    }

    [Fact]
    public async Task A_resumed_pipeline_gives_the_same_digest_and_status()
    {
        const string Digest = "20492a4d0d84f8beb1767f6616229f85d44c2827b64bdbfb260ee12fa1109e0e"; // of 100 MiB of zeroes
        string[] program = ["/bin/busybox", "sh", "-c", "dd if=/dev/zero bs=1M count=100 2>/dev/null | gzip -1 | gzip -d | sha256sum; exit 5"];
        using var disk = new TestDisk();
        var random = new Random(3);
        for (int cut = 0; cut < 3; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await (cut == 0 ? (Task)guest.ReadyAsync() : guest.ResumedAsync());
            await Task.Delay(random.Next(200, 1000)); // the moment of the cut, not a wait for anything
            Assert.False(guest.Machine.Exited.IsCompleted, "the work was done before its power was cut");
            Assert.Equal("", await guest.CutPowerAsync());
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        await using Guest last = await Guest.StartAsync(disk, program);
        await last.ResumedAsync();
        (int? status, string output) = await last.FinishAsync();
        Assert.Equal((5, Digest), (status, output.Split(' ').First()));
    }

    [Fact]
    public async Task A_half_typed_command_and_an_editor_are_still_there()
    {
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh"))
        {
            await first.Console.WaitForAsync("# ", Guest.Deadline);
            await first.Console.TypeAsync("vi /tmp/note\n");
            await first.Console.WaitForAsync("/tmp/note", Guest.Deadline);
            await first.Console.TypeAsync("ifirst half");
            await first.Console.WaitForAsync("first half", Guest.Deadline);
            await first.CutPowerAsync();
        }
        await using Guest second = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await second.ResumedAsync();
        await second.Console.WaitForAsync("first half", Guest.Deadline);
        await second.Console.TypeAsync(", second half");
        await second.Console.WaitForAsync(", second half", Guest.Deadline);
        await second.Console.TypeAsync("\u001b"); // what follows an escape at once would be a function key to vi
        await second.Console.WaitForAsync("- /tmp/note", Guest.Deadline);
        await second.Console.TypeAsync(":wq\n");
        await second.Console.WaitForAsync("# ", Guest.Deadline);
        await second.Console.TypeAsync("cat /tmp/note; exit 3\n");
        (int? status, string output) = await second.FinishAsync();
        Assert.Equal(3, status);
        Assert.Contains("first half, second half", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_has_ended_starts_afresh_with_its_files()
    {
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", "echo kept > /root/file"))
            Assert.Equal((0, ""), await first.FinishAsync());
        await using Guest second = await Guest.StartAsync(disk, "/bin/busybox", "cat", "/root/file");
        Assert.Equal((0, "kept\n"), await second.FinishAsync());
    }

    [Fact]
    public async Task Powering_off_keeps_the_session()
    {
        using var disk = new TestDisk();
        string[] program = ["/usr/lib/aurora/selfcheck", "-i", "5"];
        var stream = new ConsoleStream();
        var witness = new SelfCheckWitness();
        await using (Guest first = await Guest.StartAsync(disk, program))
        {
            await first.Console.WaitForAsync("check 5 ok", Guest.Deadline);
            MachineExit exit = await first.Machine.StopAsync(Guest.Deadline);
            await first.Console.Completed;
            Assert.True(exit.PoweredOff);
            witness.Observe(stream.Add(first.Events, first.Console.Text));
        }
        Assert.Equal(2, DiskImage.LiveProcesses(disk.Path));
        await using Guest second = await Guest.StartAsync(disk, program);
        await second.ResumedAsync();
        await second.Console.WaitForAsync($"check {witness.Last + 1} ok", Guest.Deadline);
        witness.Observe(stream.Add(second.Events, await second.CutPowerAsync()));
        Assert.True(witness.Faults.Count + stream.Faults.Count == 0, string.Join("\n", [.. stream.Faults, .. witness.Faults]));
    }
}
