using System;
using System.Text;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

/// <summary>Cuts the power of a program that prints what bank.c does.</summary>
internal static class BankCuts
{
    private const int Fewest = 3;

    // A program goes on where a cut finds all as it was captured: until it had to start again there are more.
    private const int Most = 30;

    /// <summary>
    /// Cuts it at random moments until it has opened its region anew; every image is whole, and nothing is wrong. Returns what the kernel
    /// logged.
    /// </summary>
    public static async Task<string> RunAsync(BankWitness witness, int seed, params string[] program)
    {
        using var disk = new TestDisk();
        var log = new StringBuilder();
        var random = new Random(seed);
        for (int cut = 0; cut < Fewest || (witness.Openings < 2 && cut < Most); cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await guest.Console.WaitForAsync("ack ", Guest.Deadline);
            await Task.Delay(random.Next(0, 1200)); // the moment of the cut, not a wait for anything
            string shown = await guest.CutPowerAsync();
            witness.Observe(guest.Events, shown);
            log.AppendLine(guest.Events.Tail());
            Assert.DoesNotContain("@refused", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.DoesNotContain("@panic", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.Empty(witness.Faults);
        Assert.True(witness.Openings > 1, "its region was opened once only");
        return log.ToString();
    }
}
