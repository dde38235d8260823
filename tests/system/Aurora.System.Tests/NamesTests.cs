// Names that are read when somebody asks for them: after a power cut nothing of a large directory is in memory.
using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class NamesTests(ITestOutputHelper output)
{
    private const string Script = """
        mkdir -p /d/sub/sub; i=0
        while [ $i -lt 20000 ]; do : > /d/f$i; i=$((i+1)); done
        echo inside > /d/sub/sub/file; ln /d/f7 /d/sub/twin; cd /d/sub/sub
        sls checkpoint > /dev/null; echo made; sleep 8
        pwd; cat file; ls /d | wc -l
        [ -e /d/f12345 ] && [ ! -e /d/f20000 ] && echo looked
        mv /d/f0 /d/g0 && mv /d/f1 /d/sub/f1 && [ ! -e /d/f1 ] && [ -e ../f1 ] && echo moved
        mv /d/sub /d/sub/sub 2>/dev/null || echo refused
        mkdir /e && mv /d/sub /e/sub && pwd -P && cat ../../sub/sub/file
        rm /d/f7 && stat -c %h /e/sub/twin
        rmdir /d 2>/dev/null || echo full
        find /d -name 'f199*' | wc -l
        cd / && rm -r /d /e && [ ! -e /d ] && echo removed
        """;

    [Fact]
    public async Task Names_in_a_large_directory_are_found_listed_moved_and_removed_after_a_power_cut()
    {
        using var disk = new TestDisk();
        string[] program = ["/bin/busybox", "sh", "-c", Script];
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), 256, program))
        {
            await first.Console.WaitForAsync("made", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), 256, program);
        await second.ResumedAsync();
        (int? status, string text) = await second.FinishAsync(Guest.LongDeadline);
        string[] lines = text.Trim().Split('\n');
        Assert.Equal(
            ["/d/sub/sub", "inside", "20001", "looked", "moved", "refused", "/e/sub/sub", "inside", "1", "full", "111", "removed"],
            lines.SkipWhile(line => line == "made"));
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    /// <summary>`aurora soak names` sets how many files there are, and how much memory.</summary>
    [Fact]
    public async Task A_directory_that_does_not_fit_the_memory_is_made_listed_changed_and_removed_through_a_power_cut()
    {
        int files = Setting("AURORA_NAMES_FILES", 60_000);
        int memory = Setting("AURORA_NAMES_MEMORY", 64);
        TimeSpan deadline = Guest.LongDeadline * Math.Max(1, files / 60_000);
        using var disk = new TestDisk((1L << 30) * Math.Max(1, files / 100_000));
        string[] program = ["/usr/lib/aurora/pressure", "tree", "/tree", $"{files}"];
        var watch = Stopwatch.StartNew();
        string before;
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memory, program))
        {
            await first.Console.WaitForAsync("made", deadline);
            Say($"made {files} files in {watch.Elapsed.TotalSeconds:0} s");
            await Task.Delay(new Random(files).Next(500, 3000)); // the moment of the cut, in the first listing or soon behind it
            await first.CutPowerAsync();
            before = first.Console.Text;
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        watch.Restart();
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), memory, program);
        await second.ResumedAsync();
        // What has been shown is durable, and need not be shown again.
        string[] stages = ["listed", "renamed", "half removed", "tree ok"];
        foreach (string stage in stages.Where(stage => !before.Contains(stage, StringComparison.Ordinal)))
        {
            await second.Console.WaitForAsync(new Regex($"{stage}|FAIL"), deadline);
            Say($"{stage} after {watch.Elapsed.TotalSeconds:0} s");
        }
        (int? status, string text) = await second.FinishAsync(deadline);
        Assert.DoesNotContain("FAIL", text, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    private void Say(string line) => output.WriteLine("names: " + line);

    private static int Setting(string name, int usual)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : usual;
}
