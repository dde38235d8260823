// Names that are read when somebody asks for them: after a power cut nothing of a large directory is in memory.
using System;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class NamesTests
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
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        string[] lines = output.Trim().Split('\n');
        Assert.Equal(
            ["/d/sub/sub", "inside", "20001", "looked", "moved", "refused", "/e/sub/sub", "inside", "1", "full", "111", "removed"],
            lines.SkipWhile(line => line == "made"));
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }
}
