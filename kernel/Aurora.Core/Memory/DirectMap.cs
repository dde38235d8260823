using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Translates between physical addresses and where the kernel sees them.</summary>
public static unsafe class DirectMap
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* AddressOf(PhysicalAddress physical) => (byte*)(KernelLayout.DirectMap + physical.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhysicalAddress PhysicalOf(void* address) => new((ulong)address - KernelLayout.DirectMap);

    /// <summary>One past the highest physical address the map covers. The boot page tables show 4 GiB.</summary>
    public static PhysicalAddress End { get; internal set; } = new(KernelPageTables.FourGiB);

    /// <summary>True when the map shows a range; anything else must be mapped through <see cref="DeviceMemory"/>.</summary>
    public static bool Covers(ulong physical, ulong bytes)
    {
        if (bytes > ulong.MaxValue - physical)
            return false;
        ulong end = physical + bytes;
        return end <= LowEnd || (physical >= KernelPageTables.FourGiB && end <= End.Value);
    }

    internal static ulong LowEnd { get; set; } = KernelPageTables.FourGiB;
}
