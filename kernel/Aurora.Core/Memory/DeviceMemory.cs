using Aurora.Base;

namespace Aurora.Core;

/// <summary>Gives drivers access to device registers.</summary>
public static unsafe class DeviceMemory
{
    /// <summary>
    /// Maps <paramref name="bytes"/> of registers at a physical address, uncached, and returns where they appear; access them through
    /// <see cref="Mmio"/>. Boot only; the mapping is permanent.
    /// </summary>
    public static byte* Map(PhysicalAddress physical, ulong bytes) => (byte*)KernelPageTables.MapDevice(physical, bytes);
}
