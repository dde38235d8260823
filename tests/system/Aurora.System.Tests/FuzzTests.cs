// Hostile programs beside an honest one, through power cuts: the kernel lives, what it saves can be restored, and the honest one notices
// nothing. By hand, for longer: ./aurora run -m 256 --disk d.img -- /usr/lib/aurora/fuzz -s SEED -t SECONDS (docs/testing.md).
using System;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed partial class FuzzTests
{
    private const int Cuts = 10;

    private readonly ITestOutputHelper _output;

    public FuzzTests(ITestOutputHelper output) => _output = output;

    [Theory]
    [InlineData(1)]
    public async Task Random_calls_harm_neither_the_kernel_nor_a_neighbour(int seed)
    {
        string script = $"/usr/lib/aurora/fuzz -s {seed} -t 40 -n 4 & exec /usr/lib/aurora/selfcheck -i 20 -m 256";
        using var disk = new TestDisk();
        var witness = new SelfCheckWitness();
        var random = new Random(seed);
        for (int cut = 0; cut < Cuts; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", script);
            await (cut == 0 ? (Task)guest.Console.WaitForAsync(" calls, ", Guest.Deadline) : guest.ResumedAsync());
            await Task.Delay(random.Next(100, 4000)); // so long it is fuzzed before the cut
            witness.Observe(guest.Events, await guest.CutPowerAsync());
            Judge(guest, witness);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        await using Guest last = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", script);
        await last.ResumedAsync();
        await last.Console.WaitForAsync($"fuzz seed {seed.ToString(CultureInfo.InvariantCulture)}: done", Guest.Deadline);
        long step = SelfCheckWitness.LastStepIn(last.Console.Text);
        await last.Console.WaitForAsync($"check {step + 3} ok", Guest.Deadline);
        witness.Observe(last.Events, await last.CutPowerAsync());
        Judge(last, witness);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        Report(last.Console.Text);
    }

    // "fuzz seed 1: 123456 calls, 78 processes ended", the last time it was printed.
    private void Report(string console)
    {
        Match line = CallsLine().Matches(console)[^1];
        _output.WriteLine(
            $"attack: hostile programs: {line.Groups[1].Value} calls, {line.Groups[2].Value} of them killed, {Cuts} power cuts");
    }

    [GeneratedRegex("fuzz seed [0-9]+: ([0-9]+) calls, ([0-9]+) processes ended")]
    private static partial Regex CallsLine();

    private static void Judge(Guest guest, SelfCheckWitness witness)
    {
        Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
        Assert.DoesNotContain(guest.Events.Snapshot(), item => item is PanicEvent or RefusedEvent);
    }
}
