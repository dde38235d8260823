// Copies in large numbers: each takes little more than what it touches, and all of them are there again after a power cut.
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class CopiesTests
{
    // In 320 MiB there is room for the memory of fewer than twenty.
    private const int Copies = 300;
    private const int MemoryMebibytes = 320;

    private const string Script = """
        sls run -d --name image -- sh -c 'echo mine > /mine; exec bench idle 16' > /dev/null; sleep 1
        i=0; while [ $i -lt 300 ]; do sls fork image > /dev/null || exit 1; i=$((i+1)); done
        echo begun; sleep 3
        while sls ps | grep -q starting; do sleep 0.2; done
        sls ps | grep -c ' ok '; sls kill g7 && sls rm g7 && sls fork g9 last > /dev/null && sls ps -q | wc -l
        """;

    [Fact]
    public async Task Hundreds_of_idle_copies_fit_where_their_memory_would_not_and_come_back()
    {
        using var disk = new TestDisk();
        string[] program = ["/bin/busybox", "sh", "-c", Script];
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), MemoryMebibytes, program))
        {
            await first.Console.WaitForAsync("begun", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), MemoryMebibytes, program);
        await second.ResumedAsync();
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        string[] lines = [.. output.Trim().Split('\n').Select(line => line.Trim()).SkipWhile(line => line == "begun")];
        Assert.Equal([$"{Copies + 2}", $"{Copies + 2}"], lines);
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        using var mine = new MemoryStream();
        DiskImage.Cat(disk.Path, "/mine", mine, group: "g9");
        Assert.Equal("mine\n"u8, mine.ToArray());
        Assert.Throws<ImageException>(() => DiskImage.List(disk.Path, "/mine", recursive: false));
        Assert.NotEmpty(DiskImage.History(disk.Path, "g9"));
    }
}
