// Many processes that each have many kernel objects: what they change together, and above all their end, must be committed in parts, whatever the
// size of a commit. Nothing may stand still for good: lines and the exit status come out, through a power cut.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class CrowdTests(ITestOutputHelper output)
{
    private const string Crowd = "/usr/lib/aurora/crowd";

    [Theory]
    [InlineData("maps", "60", "3000")]
    [InlineData("mixed", "12", "600")]
    public async Task A_crowd_comes_back_and_ends(string kind, string processes, string each)
    {
        string[] program = [Crowd, kind, processes, each, "15"];
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 256, program))
        {
            await first.Console.WaitForAsync("tick 5", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 256, program);
        await second.ResumedAsync();
        (int? status, string text) = await second.FinishAsync(Guest.LongDeadline);
        Assert.Equal(0, status);
        Assert.EndsWith("crowd ok\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("@refused", second.Events.Tail(), StringComparison.Ordinal);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        output.WriteLine("attack: much that ends at once: 1 crowds");
    }
}
