// Programs that build up kernel state of every kind (guests/c/states.c) and know what it should be, through power cuts.
using System;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed partial class StateTests(ITestOutputHelper output)
{
    private const int Cuts = 6;

    [Fact]
    public async Task Kernel_state_of_every_kind_is_as_it_was_after_power_cuts()
    {
        string[] program = ["/usr/lib/aurora/states", "-s", "5", "-w", "1500", "-n", "16", "-p"];
        using var disk = new TestDisk();
        var random = new Random(5);
        int rounds = 0;
        for (int cut = 0; cut <= Cuts; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await (cut == 0 ? (Task)guest.ReadyAsync() : guest.ResumedAsync());
            await guest.Console.WaitForAsync(" ok\n", Guest.Deadline);
            await Task.Delay(random.Next(0, 1500)); // the moment of the cut, not a wait for anything
            string console = await guest.CutPowerAsync();
            Assert.DoesNotContain("FAIL", console, StringComparison.Ordinal);
            Assert.DoesNotContain(guest.Events.Snapshot(), item => item is PanicEvent or RefusedEvent or ExitEvent);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
            rounds += RoundLine().Count(console);
        }
        output.WriteLine($"attack: states through power cuts: {rounds} rounds, {Cuts} power cuts");
    }

    [GeneratedRegex("states round [0-9]+ ok")]
    private static partial Regex RoundLine();
}
