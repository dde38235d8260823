// What is not kept: groups that are gone after a power cut and leave nothing, and a detached process whose parent goes on without it.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Xunit;

namespace Aurora.SystemTests;

public sealed class EphemeralTests
{
    private const string Script =
        "sls run -d --ephemeral --name e -- sh -c 'echo hello; echo x > /tmp/x; sync; exec sleep 10000' > /dev/null; "
        + "sls run -d --name a -- sleep 10000 > /dev/null; sls fork --ephemeral a f > /dev/null; "
        + "until sls logs e | grep hello; do usleep 20000; done; sls ps | awk 'NR > 2 {print $2, $3}'; "
        + "sls checkpoint e x || sls rewind e 1 || sls history e > /dev/null || sls fork e g || echo none; "
        + "sls exec f true < /dev/null && sls kill f && sls rm f && echo gone; "
        + "sleep 10000 & sls detach $!; grep Detached /proc/$!/status; sls checkpoint > /dev/null; echo re''ady; "
        + "wait $!; echo status $?; until sls ps | grep -q 'a  *ok'; do usleep 20000; done; sls ps -q; echo end";

    [Fact]
    public async Task Groups_and_processes_that_are_not_kept_are_gone_after_a_power_cut()
    {
        using var disk = new TestDisk();
        await using (Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", Script))
        {
            await guest.Console.WaitForAsync("ready", Guest.Deadline);
            string text = guest.Console.Text.Replace("\r", "", StringComparison.Ordinal);
            Assert.Contains("hello\ne ephemeral\na ok\nf ephemeral\n", text, StringComparison.Ordinal);
            Assert.Contains("none\ngone\nDetached:\t1\n", text, StringComparison.Ordinal);
            await guest.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using (Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", Script))
        {
            (int? status, string text) = await guest.FinishAsync();
            Assert.Equal(0, status);
            Assert.EndsWith("status 137\nhost\na\nend\n", text, StringComparison.Ordinal);
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }
}
