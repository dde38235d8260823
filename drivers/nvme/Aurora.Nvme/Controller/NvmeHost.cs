using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The machine as the driver sees it: memory a device can reach, time, fibers, and interrupts.</summary>
public abstract unsafe class NvmeHost
{
    /// <summary>Supplies memory that is physically contiguous and reachable by the device.</summary>
    public abstract PageAllocator Pages { get; }

    public abstract Clock Clock { get; }

    public abstract FiberScheduler Fibers { get; }

    /// <summary>The index of the processor that runs this; requests go to its queue pair.</summary>
    public abstract int CurrentProcessor { get; }

    /// <summary>True when the caller runs on a fiber and the main loop processes completions, so that Wait may block. False during boot.</summary>
    public abstract bool CanBlock { get; }

    /// <summary>The bus address at which the device finds this memory, which came from a <see cref="PageAllocator"/>.</summary>
    public abstract ulong PhysicalOf(void* memory);

    /// <summary>
    /// Routes one interrupt vector of the device to <see cref="NvmeController.OnInterrupt"/> with this queue pair's index. Returns the
    /// MSI-X table index to give to the device, or −1 when there is none: the queue pair is then polled.
    /// </summary>
    public abstract int ConnectInterrupt(int pair);

    /// <summary>A short rest between two polls.</summary>
    public abstract void Pause();

    /// <summary>Cuts the device off from memory (PCI bus master enable off): the last resort when it does not stop by itself.</summary>
    public abstract void StopDma();
}
