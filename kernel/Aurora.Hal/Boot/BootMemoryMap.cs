using System;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>Tells Core's memory map what the boot loader said about memory.</summary>
public static class BootMemoryMap
{
    /// <summary>Below it lie the real-mode area and its holes, which the direct map shows in any case.</summary>
    private const ulong FirstMegabyte = 1 << 20;

    /// <summary>
    /// Adds RAM, makes the direct map reach the firmware's tables, and reserves the configuration module and the command line. ACPI tables lie in ranges of
    /// their own kind or, under QEMU, in a reserved range that begins where RAM ends; reserved ranges elsewhere are device windows.
    /// </summary>
    public static void AddTo(ref PhysicalMemoryMap map, in BootInformation information)
    {
        ReadOnlySpan<MemoryRange> ranges = information.MemoryMap;
        foreach (ref readonly MemoryRange range in ranges)
        {
            if (range.Kind == MemoryKind.Ram)
                map.AddRam(range.Start, range.End);
            else if (range.Kind is MemoryKind.AcpiReclaimable or MemoryKind.AcpiNonVolatile || FollowsRam(ranges, range.Start))
                map.AddFirmware(range.End);
        }
        if (information.ModuleRange.Length != 0)
            map.Reserve(information.ModuleRange.Start, information.ModuleRange.End);
        if (information.CommandLineRange.Length != 0)
            map.Reserve(information.CommandLineRange.Start, information.CommandLineRange.End);
    }

    private static bool FollowsRam(ReadOnlySpan<MemoryRange> ranges, ulong address)
    {
        foreach (ref readonly MemoryRange range in ranges)
        {
            if (range.Kind == MemoryKind.Ram && range.End == address && address >= FirstMegabyte)
                return true;
        }
        return false;
    }
}
