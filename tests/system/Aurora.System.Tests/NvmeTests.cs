// The kernel's NVMe driver on QEMU's controller: the pattern check of bench=nvme-check in several formats, interrupts and polling, and
// errors injected below the controller. The driver's own tests run on the host against a model; these tell that the model is no fiction.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class NvmeTests : IDisposable
{
    private const int Mebibytes = 32;
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aurora-nvme-");

    private string Disk => Path.Combine(_folder.FullName, "disk");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("logical_block_size=512", "512-byte sectors", "interrupts, transfers up to 128 blocks")]
    [InlineData("logical_block_size=4096,physical_block_size=4096", "4096-byte sectors", "interrupts, transfers up to 128 blocks")]
    [InlineData("mdts=5", "512-byte sectors", "interrupts, transfers up to 32 blocks")]
    [InlineData("mdts=0,max_ioqpairs=1,msix_qsize=1", "512-byte sectors", "polled, transfers up to 256 blocks")]
    public async Task What_is_written_is_read_back_in_every_format(string properties, string format, string limits)
    {
        CreateDisk();
        string log = await RunAsync(Machine() with { Disk = Disk, NvmeProperties = "serial=scratch," + properties });
        Assert.Contains("@stat bench=nvme check=ok", log, StringComparison.Ordinal);
        Assert.Contains(format, log, StringComparison.Ordinal);
        Assert.True(log.Contains(limits, StringComparison.Ordinal), log);
        Assert.Contains("nvme: shut down", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_was_not_named_is_not_touched()
    {
        CreateDisk();
        string log = await RunAsync(Machine() with { Disk = Disk });
        Assert.Contains("error=the disk is not the one that may be overwritten", log, StringComparison.Ordinal);
        Assert.All(File.ReadAllBytes(Disk), value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task A_write_that_fails_below_the_controller_is_reported_by_name()
    {
        CreateDisk();
        string rules = Path.Combine(_folder.FullName, "rules");
        File.WriteAllText(rules, "[inject-error]\nevent = \"pwritev\"\nerrno = \"5\"\n");
        string log = await RunAsync(Machine() with
        {
            ExtraArguments =
            [
                "-drive", $"driver=blkdebug,config={rules},image.driver=file,image.filename={Disk},if=none,id=faulty",
                "-device", "nvme,drive=faulty,serial=scratch",
            ],
        });
        Assert.Contains("nvme: write of block 0+1 failed: write fault (0x280)", log, StringComparison.Ordinal);
        Assert.Contains("@stat bench=nvme error=check failed", log, StringComparison.Ordinal);
    }

    private static MachineConfiguration Machine() => new()
    {
        Kernel = Products.KernelImage,
        MemoryMebibytes = 128,
        Boot = new BootConfiguration { Extra = new Dictionary<string, string> { ["bench"] = "nvme-check", ["destroy"] = "scratch" } },
    };

    private void CreateDisk()
    {
        using FileStream disk = File.Create(Disk);
        disk.SetLength(Mebibytes << 20);
    }

    /// <summary>Runs the machine until it powers off and returns what it logged.</summary>
    private static async Task<string> RunAsync(MachineConfiguration configuration)
    {
        await using VirtualMachine machine = await VirtualMachine.StartAsync(configuration);
        await machine.Exited.WaitAsync(_deadline);
        return string.Join('\n', machine.Events.Snapshot().Select(item => item.Line));
    }
}
