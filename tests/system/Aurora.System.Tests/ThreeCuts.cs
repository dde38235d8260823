// A program that lasts, with the power cut at three random moments while it does, and what it says at the end.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

/// <summary>A program under three power cuts.</summary>
internal static class ThreeCuts
{
    private const int Cuts = 3;
    private const int ShortestMs = 100;
    private const int LongestMs = 1000;

    /// <summary>
    /// Cuts the power after the program has printed <paramref name="begun"/>, and twice after it has gone on; checks the image each time.
    /// Returns its exit status and all that its lives printed.
    /// </summary>
    public static async Task<(int? Status, string Output)> RunAsync(int memoryMebibytes, string begun, params string[] program)
    {
        using var disk = new TestDisk();
        var random = new Random(program[0].Length);
        string output = "";
        for (int cut = 0; cut < Cuts; cut++)
        {
            await using Guest guest = await StartAsync(disk, memoryMebibytes, program);
            await (cut == 0 ? (Task)guest.Console.WaitForAsync(begun, Guest.LongDeadline) : guest.ResumedAsync());
            await Task.Delay(random.Next(ShortestMs, LongestMs)); // the moment of the cut, not a wait for anything
            output += await guest.CutPowerAsync();
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        await using Guest last = await StartAsync(disk, memoryMebibytes, program);
        await last.ResumedAsync();
        (int? status, string text) = await last.FinishAsync(Guest.LongDeadline);
        Assert.DoesNotContain("@refused", last.Events.Tail(), StringComparison.Ordinal);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        return (status, output + text);
    }

    private static Task<Guest> StartAsync(TestDisk disk, int memoryMebibytes, string[] program)
        => Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes, program);
}
