// The device measured by the kernel's own driver before any session, on a scratch disk.
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>Measures the device by itself.</summary>
internal static class RawDevice
{
    private const string DiskSerial = "aurora";
    private const long ScratchBytes = 1L << 30;
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(5);

    /// <summary>Boots a machine that measures its disk, which is made in a folder and deleted.</summary>
    public static async Task<DeviceReport> MeasureAsync(MachineConfiguration machine, string folder, CancellationToken cancellation)
    {
        string scratch = Path.Combine(folder, "scratch.img");
        await WriteThroughAsync(scratch, cancellation);
        var keys = new Dictionary<string, string> { ["bench"] = "nvme", ["destroy"] = DiskSerial };
        await using VirtualMachine running = await VirtualMachine.StartAsync(
            machine with { Disk = scratch, Boot = machine.Boot with { Extra = keys } }, cancellation);
        var console = new ConsoleTranscript(running);
        await running.Exited.WaitAsync(_deadline, cancellation);
        await console.Completed;
        File.Delete(scratch);
        return new DeviceReport(running.Events.Snapshot());
    }

    // Blocks that exist already: no measured write waits for the host's file system to find room.
    private static async Task WriteThroughAsync(string path, CancellationToken cancellation)
    {
        byte[] zeroes = new byte[4 << 20];
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        for (long written = 0; written < ScratchBytes; written += zeroes.Length)
            await file.WriteAsync(zeroes, cancellation);
    }
}
