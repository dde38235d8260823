using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Nvme;

namespace Aurora.Kernel;

/// <summary>The machine as the NVMe driver sees it: direct-mapped memory, the kernel's clock and fibers, MSI-X by posted events.</summary>
internal sealed unsafe class KernelNvmeHost : NvmeHost
{
    private readonly Hardware _hardware;
    private readonly PciDevice _device;
    private readonly MsiX? _interrupts;
    private readonly KernelFibers _fibers;

    public KernelNvmeHost(Hardware hardware, PageAllocator pages, KernelFibers fibers, PciDevice device, MsiX? interrupts)
    {
        _hardware = hardware;
        _fibers = fibers;
        _device = device;
        _interrupts = interrupts;
        Pages = pages;
    }

    /// <summary>The events, as bits, that the device's interrupts post.</summary>
    public ulong EventMask { get; private set; }

    public override PageAllocator Pages { get; }

    public override Clock Clock => _hardware.Clock;

    public override FiberScheduler Fibers => _fibers;

    /// <summary>One processor runs the kernel.</summary>
    public override int CurrentProcessor => 0;

    public override bool CanBlock => _fibers.IsInFiber;

    public override ulong PhysicalOf(void* memory) => DmaAddress.Of(memory);

    /// <summary>Entry 0 belongs to the admin queue, which is polled and stays masked; pair i gets entry i + 1.</summary>
    public override int ConnectInterrupt(int pair)
    {
        int entry = pair + 1;
        if (_interrupts == null || entry >= _interrupts.EntryCount)
            return -1;
        EventMask |= 1UL << _hardware.InterruptSystem.Connect(_interrupts, entry);
        return entry;
    }

    public override void Pause() => Cpu.Pause();

    public override void StopDma()
    {
        ushort command = _device.Read16(PciRegister.Command);
        _device.Write16(PciRegister.Command, (ushort)(command & ~PciCommand.BusMaster));
    }
}
