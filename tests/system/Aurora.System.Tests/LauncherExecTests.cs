// Programs that are run in a machine from the host (aurora exec), by the command line as a user has it, with a power cut between.
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class LauncherExecTests
{
    [Fact]
    public async Task Programs_are_run_from_the_host_in_every_group_and_after_a_power_cut_again()
    {
        using var disk = new TestDisk();
        string text = string.Concat(Enumerable.Range(0, 4000).Select(number => $"{number}\n"));
        Assert.Equal((125, "", $"aurora: exec: no machine runs with {disk.Path} (start it with: aurora shell --disk {disk.Path})\n"),
            await Tool.RunAsync("exec", disk.Path, "--", "true"));
        await using (Guest guest = await StartAsync(disk))
        {
            Assert.Equal((0, "a\n", ""), await Tool.RunAsync("exec", disk.Path, "--", "sls", "run", "-d", "--name", "a", "--", "sh", "-c",
                "i=0; while :; do i=$((i+1)); echo $i; usleep 100000; done"));
            Assert.Equal((0, "b\n", ""), await Tool.RunAsync("exec", disk.Path, "--", "sls", "fork", "a", "b"));
            Assert.Equal((7, "of a /tmp y\n", "err\n"), await Tool.RunAsync("exec", disk.Path, "--group", "a", "-w", "/tmp", "-e", "X=x",
                "-e", "X=y", "--", "sh", "-c", "echo of a $(pwd) $X; echo err >&2; exit 7"));
            Assert.Equal((0, text, ""), await Tool.RunWithInputAsync(text, "exec", disk.Path, "--", "tee", "/tmp/f"));
            Assert.Equal((127, "", "aurora: exec: nothere: there is no such program in the group\n"),
                await Tool.RunAsync("exec", disk.Path, "--", "nothere"));
            Assert.Equal((125, "", "aurora: exec: c: there is no such group; 'sls ps' lists them\n"),
                await Tool.RunAsync("exec", disk.Path, "--group", "c", "--", "true"));
            await TraceAsync(disk.Path);
            await guest.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using Guest again = await StartAsync(disk);
        Assert.Equal((0, text, ""), await Tool.RunAsync("exec", disk.Path, "--", "cat", "/tmp/f"));
        Assert.Equal((0, "host\na\nb\n", ""), await Tool.RunAsync("exec", disk.Path, "--", "sls", "ps", "-q"));
        Assert.Equal((0, "of b\n", ""), await Tool.RunAsync("exec", disk.Path, "--group", "b", "--", "echo", "of b"));
    }

    // What the groups' checkpoints do shows in a trace, and where their time goes in the statistics.
    private static async Task TraceAsync(string disk)
    {
        string file = disk + ".json";
        Assert.Equal((0, "", ""), await Tool.RunAsync("trace", disk, "--seconds", "1", "-o", file));
        using JsonDocument trace = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        JsonElement[] events = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray()];
        string[] names = [.. events.Select(item => item.GetProperty("name").GetString()!).Distinct()];
        string[] phases = ["quiesce", "freeze", "capture", "resume", "sum", "write", "flush", "commit turn", "log append", "apply"];
        Assert.All(phases, phase => Assert.Contains(phase, names));
        Assert.Contains(events, item => item.GetProperty("name").GetString() == "freeze" && item.GetProperty("pid").GetInt32() == 1);
        (int status, string text, _) = await Tool.RunAsync("exec", disk, "--", "sls", "stat", "-v");
        Assert.Equal(0, status);
        Assert.All((string[])["  quiesce", "  resume", "  flush"], line => Assert.Contains(line, text, System.StringComparison.Ordinal));
    }

    private static async Task<Guest> StartAsync(TestDisk disk)
        => await Guest.StartAsync(
            new MachineConfiguration { Kernel = Products.KernelImage, Disk = disk.Path, MemoryMebibytes = 256, AcceptsPrograms = true },
            "/bin/busybox", "sh", "-c", "while :; do sleep 1; done");
}
