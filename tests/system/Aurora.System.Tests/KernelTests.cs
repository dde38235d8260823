// What the kernel itself does: boots, tests itself, panics, refuses.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class KernelTests
{
    [Fact]
    public async Task A_panic_prints_a_trace_with_method_names_and_the_machine_comes_back()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/selfcheck", "-i", "5");
        await guest.Console.WaitForAsync("check 10 ok", Guest.Deadline);
        await guest.Machine.SendAsync("panic test");
        PanicEvent panic = await guest.Events.WaitAsync<PanicEvent>(Guest.Deadline);
        Assert.NotEqual("", panic.Reason);
        await guest.Events.WaitAsync<ResumedEvent>(Guest.Deadline);
        Assert.Contains(guest.Events.Snapshot(), item => item.Line.StartsWith("  at Aurora.Kernel.MainLoop.Run + 0x", StringComparison.Ordinal));
        await guest.Console.WaitForAsync("check 40 ok", Guest.Deadline);
        string console = await guest.CutPowerAsync();
        long[] starts = [.. ConsoleStream.StartsOf(guest.Events)];
        Assert.Equal(2, starts.Length);
        IReadOnlyList<string>[] readings = [.. RestartedOutput.Readings(starts[0], starts[1], console).Select(FaultsOf)];
        string first = string.Join("\n", readings.FirstOrDefault(["output was lost"]));
        Assert.True(readings.Any(faults => faults.Count == 0), first + "\n" + console);
    }

    [Fact]
    public async Task The_machine_tests_itself()
    {
        await using VirtualMachine machine = await VirtualMachine.StartAsync(
            new MachineConfiguration { Kernel = Products.KernelImage, MemoryMebibytes = 256, KernelCommandLine = "selftest" });
        await machine.Exited.WaitAsync(Guest.Deadline);
        string[] lines = [.. machine.Events.Snapshot().Select(item => item.Line)];
        foreach (string name in new[] { "copies ok", "frames ok", "fibers ok", "done" })
            Assert.True(lines.Any(line => line.EndsWith($"@selftest {name}", StringComparison.Ordinal)), string.Join('\n', lines));
    }

    private static IReadOnlyList<string> FaultsOf(string output)
    {
        var witness = new SelfCheckWitness();
        witness.Observe(output);
        return witness.Faults;
    }

    [Fact]
    public async Task A_disk_without_a_store_is_refused_by_name()
    {
        using var disk = new TestDisk();
        await System.IO.File.WriteAllBytesAsync(disk.Path, new byte[64 << 20]);
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "true");
        RefusedEvent refused = await guest.Events.WaitAsync<RefusedEvent>(Guest.Deadline);
        Assert.NotEqual("", refused.Reason);
    }
}
