// SIGKILL at moments that no program chooses: while the machine boots, while it restores, and while it runs.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class KillLoopTests
{
    private static readonly string[] _program = ["/usr/lib/aurora/selfcheck", "-i", "2", "-m", "512"];

    private readonly ITestOutputHelper _output;

    public KillLoopTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public async Task Kills_in_the_first_moments_of_a_boot_cost_nothing()
    {
        using var disk = new TestDisk();
        var witness = new SelfCheckWitness();
        var random = new Random(5);
        await RunAsync(disk, witness, resumes: false, steps: 10);
        for (int cycle = 0; cycle < 30; cycle++)
        {
            // Before the kernel speaks, while it recovers the log, while it restores: QEMU starts in some 100 ms.
            await using (Guest guest = await Guest.StartAsync(disk, _program))
            {
                await Task.Delay(random.Next(0, 400)); // the moment of the cut, not a wait for anything
                witness.Observe(guest.Events, await guest.CutPowerAsync());
            }
            Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
            if (cycle % 3 == 2)
                await RunAsync(disk, witness, resumes: true, steps: random.Next(1, 20));
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        _output.WriteLine("attack: kills while the machine starts: 30 kills");
    }

    [Fact]
    public async Task Kills_at_the_moment_of_a_restore_cost_nothing()
    {
        using var disk = new TestDisk();
        var witness = new SelfCheckWitness();
        var random = new Random(6);
        await RunAsync(disk, witness, resumes: false, steps: 10);
        for (int cycle = 0; cycle < 20; cycle++)
        {
            await using (Guest guest = await Guest.StartAsync(disk, _program))
            {
                await guest.Events.WaitAsync<LogEvent>(Guest.Deadline);
                await Task.Delay(random.Next(0, 60)); // the moment of the cut, not a wait for anything
                witness.Observe(guest.Events, await guest.CutPowerAsync());
            }
            Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
        }
        await RunAsync(disk, witness, resumes: true, steps: 20);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        _output.WriteLine("attack: kills during a restore: 20 kills");
    }

    private static async Task RunAsync(TestDisk disk, SelfCheckWitness witness, bool resumes, long steps)
    {
        await using Guest guest = await Guest.StartAsync(disk, _program);
        await (resumes ? (Task)guest.ResumedAsync() : guest.ReadyAsync());
        long wanted = witness.Last + steps;
        while (SelfCheckWitness.LastStepIn(guest.Console.Text) < wanted)
            await guest.Console.WaitForAsync("\n", Guest.Deadline);
        witness.Observe(guest.Events, await guest.CutPowerAsync());
        Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
    }
}
