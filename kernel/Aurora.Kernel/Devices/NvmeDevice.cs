// Finds an NVMe controller on the PCI bus and makes a block device of it: BAR0 mapped uncached, bus mastering on, one MSI-X entry for
// each queue pair. Interrupts only post events; Serve, called by the main loop, does the work.
using System;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Nvme;

namespace Aurora.Kernel;

/// <summary>The machine's NVMe disk.</summary>
internal sealed class NvmeDevice
{
    private readonly KernelNvmeHost _host;

    private NvmeDevice(KernelNvmeHost host, NvmeController controller)
    {
        _host = host;
        Controller = controller;
    }

    public NvmeController Controller { get; }

    /// <summary>
    /// Brings up the <paramref name="index"/>-th controller (boot only). Null when there is none, or when it cannot be used: then the log
    /// names the state and the reason.
    /// </summary>
    public static NvmeDevice? Open(Hardware hardware, PageAllocator pages, KernelFibers fibers, NvmeOptions options, int index = 0)
    {
        PciDevice? device = hardware.Pci.Find(PciClass.NvmeController, index);
        if (device == null)
            return Refuse("no controller on the PCI bus"u8);
        DeviceRegisters? registers = DeviceRegisters.Map(device, 0);
        if (registers == null)
            return Refuse("the controller's registers have no usable address"u8);
        MsiX? interrupts = MsiX.Open(device);
        var host = new KernelNvmeHost(hardware, pages, fibers, device, interrupts);
        var controller = new NvmeController(new MappedNvmeRegisters(registers), host, options);
        interrupts?.Enable();
        return controller.Start() == NvmeFault.None ? new NvmeDevice(host, controller) : null;
    }

    /// <summary>True when the disk has failed for good; until then the driver recovers by itself and requests merely take longer.</summary>
    public bool HasFailed => Controller.HasFailed;

    /// <summary>True when the main loop must not sleep without looking: requests are outstanding and no interrupt will tell of them.</summary>
    public bool NeedsPolling => Controller.IsPolled && !Controller.IsIdle;

    /// <summary>The monotonic time by which Serve must be called again even if no event is posted.</summary>
    public ulong DeadlineNanoseconds => Controller.NextHealthCheckNanoseconds;

    /// <summary>The main loop's part: completes what the device has finished, and watches over it.</summary>
    public void Serve(ulong events)
    {
        if (Controller.IsPolled || (events & _host.EventMask) != 0)
            Controller.ProcessCompletions();
        ulong deadline = Controller.NextHealthCheckNanoseconds;
        if (deadline == ulong.MaxValue)
            return;
        ulong now = _host.Clock.MonotonicNanoseconds;
        if (now >= deadline)
            Controller.CheckHealth(now);
    }

    private static NvmeDevice? Refuse(ReadOnlySpan<byte> reason)
    {
        var line = new Utf8Writer(stackalloc byte[120]);
        line.Append("nvme: "u8);
        line.Append(reason);
        KernelLog.Line(line.Written);
        return null;
    }
}
