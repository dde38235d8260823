using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>
/// Physical memory through the direct map. Until the final page tables exist the boot tables show the first 4 GiB; afterwards the map shows
/// RAM and the firmware tables beside it.
/// </summary>
public sealed unsafe class DirectPhysicalMemory : PhysicalMemory
{
    private const ulong BootMapBytes = 1UL << 32;

    public override byte* View(ulong address, ulong length)
    {
        bool isCovered = DirectMap.End.Value == 0
            ? address <= BootMapBytes && length <= BootMapBytes - address
            : DirectMap.Covers(address, length);
        return isCovered ? DirectMap.AddressOf(new PhysicalAddress(address)) : null;
    }
}
