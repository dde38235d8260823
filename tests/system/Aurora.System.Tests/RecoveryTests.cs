// A session that cannot be started says so, says what can be done, and what is said works.
using System;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class RecoveryTests
{
    private const string SelfCheck = "/usr/lib/aurora/selfcheck";

    private readonly ITestOutputHelper _output;

    public RecoveryTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public async Task A_session_that_panics_three_times_is_held_and_goes_on_from_an_earlier_checkpoint()
    {
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, SelfCheck, "-i", "10"))
        {
            await first.Console.WaitForAsync("check 10 ok", Guest.Deadline);
            await first.Machine.SendAsync("checkpoint before");
            await first.Console.WaitForAsync("check 80 ok", Guest.Deadline);
            await PanicAsync(first);
            await first.ResumedAsync();
            await PanicAsync(first);
            await first.ResumedAsync();
            await PanicAsync(first);
            Assert.True((await first.Events.WaitAsync<RefusedEvent>(Guest.Deadline)).IsHeld);
        }
        await HeldBySomeoneElseAsync(disk);
        DiskImage.GoBack(disk.Path, "before");
        await using Guest second = await Guest.StartAsync(disk, SelfCheck);
        await second.ResumedAsync();
        await PanicAsync(second);
        await second.ResumedAsync();
        await PanicAsync(second);
        await second.ResumedAsync();
        // A start that lasts is worth three new ones.
        await second.Events.WaitAsync<LogEvent>(Guest.Deadline, log => log.Line.StartsWith("session: this start has lasted", StringComparison.Ordinal));
        await PanicAsync(second);
        await second.ResumedAsync();
        var witness = new SelfCheckWitness();
        witness.Observe(second.Events, await second.CutPowerAsync());
        Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        _output.WriteLine("attack: sessions that panic whenever they run: 1 sessions");
    }

    [Fact]
    public async Task A_session_that_cannot_be_restored_names_the_object_and_the_way_back_and_falls_back_when_told()
    {
        using var disk = new TestDisk();
        string[] program = ["/bin/busybox", "sh", "-c", "for i in $(seq 1 40); do echo step $i; usleep 50000; done; exit 7"];
        await using (Guest first = await Guest.StartAsync(disk, program))
        {
            await first.Console.WaitForAsync("step 5\n", Guest.Deadline);
            await first.CutPowerAsync();
        }
        ulong good = DiskImage.History(disk.Path)[^1].Epoch;
        ulong bad = BadRecord.Add(disk.Path);
        string[] command = ["run", "--disk", disk.Path, "-m", "256", "--", .. program];
        (int status, string output, string errors) = await Tool.RunAsync(command);
        Assert.Equal((122, ""), (status, output));
        Assert.Contains($"the present state (epoch {bad}) cannot be restored: a record is impossible: timer ", errors, StringComparison.Ordinal);
        Assert.Contains($"./aurora run --at {good} --disk {disk.Path} -m 256 -- /bin/busybox sh -c 'for i in", errors, StringComparison.Ordinal);

        (status, output, errors) = await Tool.RunAsync(["run", "--fallback", .. command[1..]]);
        Assert.True(status == 7, errors);
        Assert.EndsWith("step 39\nstep 40\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("step 1\n", output, StringComparison.Ordinal);
        Assert.Contains(DiskImage.History(disk.Path), checkpoint => checkpoint.Name == $"unrestorable-{bad}" && checkpoint is { IsKept: true, IsLeft: true });
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        _output.WriteLine("attack: sessions that cannot be restored: 1 sessions");
    }

    private static async Task PanicAsync(Guest guest)
    {
        await guest.Machine.SendAsync("panic test");
        await guest.Events.WaitAsync<PanicEvent>(Guest.Deadline);
    }

    // Another process of the host, which has seen none of the panics.
    private static async Task HeldBySomeoneElseAsync(TestDisk disk)
    {
        ulong newest = DiskImage.History(disk.Path)[^1].Epoch;
        (int status, string output, string errors) = await Tool.RunAsync("run", "--disk", disk.Path, "--", SelfCheck, "-i", "10");
        Assert.Equal((123, ""), (status, output));
        Assert.Contains($"./aurora run --hold --disk {disk.Path} -- {SelfCheck} -i 10", errors, StringComparison.Ordinal);
        Assert.Contains($"./aurora run --at {newest.ToString(CultureInfo.InvariantCulture)} --disk {disk.Path} ", errors, StringComparison.Ordinal);
        Assert.Contains($"./aurora extract {disk.Path} / FOLDER --at {newest}", errors, StringComparison.Ordinal);

        (status, _, errors) = await Tool.RunAsync("run", "--hold", "--disk", disk.Path);
        Assert.True(status == 0, errors);
        Assert.Contains($"held: epoch {newest}, processes: 2, failed starts in a row: 3", errors, StringComparison.Ordinal);
        Assert.Contains("held: process 1 (selfcheck) of 0, thread 1 at 0x", errors, StringComparison.Ordinal);
        Assert.Equal(newest, DiskImage.History(disk.Path)[^1].Epoch);
    }
}
