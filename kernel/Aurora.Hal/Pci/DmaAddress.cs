using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>
/// Where a device finds memory, and back. Memory from the page allocator lies in the direct map, physically contiguous; without an IOMMU bus
/// addresses are physical addresses.
/// </summary>
public static unsafe class DmaAddress
{
    /// <summary>The bus address of direct-map memory; any other memory is a broken invariant.</summary>
    public static ulong Of(void* memory)
    {
        ulong physical = DirectMap.PhysicalOf(memory).Value;
        Panic.Unless((ulong)memory >= KernelLayout.DirectMap && DirectMap.Covers(physical, 1), "dma: memory outside the direct map"u8);
        return physical;
    }

    /// <summary>The memory at a bus address that <see cref="Of"/> gave out.</summary>
    public static void* MemoryAt(ulong busAddress)
    {
        Panic.Unless(DirectMap.Covers(busAddress, 1), "dma: bus address outside the direct map"u8);
        return DirectMap.AddressOf(new PhysicalAddress(busAddress));
    }
}
