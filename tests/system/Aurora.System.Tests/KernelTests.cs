// What the kernel itself does: boots, panics, refuses.
using System;
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
        await using Guest guest = await Guest.StartAsync(disk, Guest.With("panic", "test"), "/usr/lib/aurora/selfcheck", "-i", "5");
        PanicEvent panic = await guest.Events.WaitAsync<PanicEvent>(Guest.Deadline);
        Assert.NotEqual("", panic.Reason);
        await guest.Events.WaitAsync<ResumedEvent>(Guest.Deadline);
        Assert.Contains(guest.Events.Snapshot().OfType<TraceEvent>(), trace => trace.Text.Contains("Aurora", StringComparison.Ordinal));
        await guest.Console.WaitForAsync("check 20 ok", Guest.Deadline);
        var witness = new SelfCheckWitness();
        witness.Observe(await guest.CutPowerAsync());
        Assert.Empty(witness.Faults);
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
