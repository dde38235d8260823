// Held files, locks, moved waiters: states that last, with the power cut while they do.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Xunit;

namespace Aurora.SystemTests;

public sealed class KeepsTests
{
    [Fact]
    public async Task What_waits_and_what_is_held_goes_on_after_three_power_cuts()
    {
        const int Cuts = 3;
        string[] program = ["/usr/lib/aurora/keeps", "8"];
        using var disk = new TestDisk();
        var random = new Random(41);
        string output = "";
        for (int cut = 0; cut < Cuts; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await (cut == 0 ? (Task)guest.Console.WaitForAsync("holding", Guest.Deadline) : guest.ResumedAsync());
            await Task.Delay(random.Next(100, 1500)); // the moment of the cut, not a wait for anything
            output += await guest.CutPowerAsync();
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        await using Guest last = await Guest.StartAsync(disk, program);
        await last.ResumedAsync();
        (int? status, string text) = await last.FinishAsync();
        Assert.DoesNotContain("not ok", output + text, StringComparison.Ordinal);
        Assert.Equal(0, status);
    }
}
