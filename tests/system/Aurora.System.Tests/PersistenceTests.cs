// The engine's promises, seen from the programs: durability that is asked for, output that is shown once, memory that is written faster
// than the disk, and a kernel that does not persist what contradicts itself.
using System;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class PersistenceTests
{
    private static readonly string[] _shell = ["/bin/busybox", "sh"];

    [Fact]
    public async Task Without_persistence_nothing_waits_for_the_disk()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(
            disk, new BootConfiguration { Persist = false }, [.. _shell, "-c", "echo x > /tmp/f; sync && sls ps; "
                + "sls checkpoint || sls checkpoint name || echo refused"]);
        (int? status, string output) = await guest.FinishAsync();
        Assert.Equal(0, status);
        Assert.Contains("ephemeral", output, StringComparison.Ordinal);
        Assert.EndsWith("refused\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_session_printed_at_its_end_is_not_printed_by_the_next()
    {
        using var disk = new TestDisk();
        for (int boot = 0; boot < 3; boot++)
        {
            await using Guest guest = await Guest.StartAsync(disk, [.. _shell, "-c", "echo hi"]);
            Assert.Equal((0, "hi\n"), await guest.FinishAsync());
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
    }

    [Fact]
    public async Task More_memory_than_a_commit_holds_survives_with_its_contents()
    {
        // Each line of "yes" differs from zeroes in every page; the digest is that of the first 600 MiB of them. A part
        // is a number of lines.
        string[] program = [.. _shell, "-c",
            "yes aurora | head -c 7340032 > /tmp/part; for i in $(seq 86); do cat /tmp/part; done > /tmp/big; "
            + "truncate -s 629145600 /tmp/big; "
            + "echo written; sleep 1; sha256sum < /tmp/big | cut -c1-16"];
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), 1024, program))
        {
            await first.Console.WaitForAsync("written", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), 1024, program);
        await second.ResumedAsync();
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        Assert.Equal(0, status);
        Assert.Equal("70951eb189b5da62", output.Trim().Split('\n').Last());
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task A_kernel_object_that_contradicts_itself_is_not_persisted_and_the_session_goes_on()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, _shell);
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        await guest.Machine.SendAsync("corrupt");
        await guest.Console.TypeAsync("echo go''ne on\n");
        await guest.Console.WaitForAsync("gone on", Guest.Deadline);
        await guest.Console.TypeAsync("sls stat | grep wrong\n");
        await guest.Console.WaitForAsync("discarded as wrong      1", Guest.Deadline);
        Assert.Contains("contradicts itself", guest.Events.Tail(), StringComparison.Ordinal);
        await guest.Console.TypeAsync("exit\n");
        Assert.Equal(0, (await guest.FinishAsync()).Status);
    }

    [Fact]
    public async Task Named_checkpoints_are_listed_and_dropped()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(
            disk, [.. _shell, "-c", "sls checkpoint one >/dev/null & sls checkpoint two >/dev/null; wait; sls drop one; sls drop one; sls history | grep -c -e one -e two"]);
        (int? status, string output) = await guest.FinishAsync();
        Assert.Equal((0, "sls: drop: no such checkpoint\n1\n"), (status, output));
        Assert.Equal(["two"], DiskImage.History(disk.Path).Where(checkpoint => checkpoint.IsKept && checkpoint.Name != "").Select(checkpoint => checkpoint.Name));
    }
}
