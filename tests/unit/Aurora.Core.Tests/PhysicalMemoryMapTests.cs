using System.Collections.Generic;
using Aurora.Core;
using Xunit;

namespace Aurora.Core.Tests;

public sealed class PhysicalMemoryMapTests
{
    [Fact]
    public void Free_ranges_are_RAM_minus_reservations_in_whole_pages()
    {
        var map = default(PhysicalMemoryMap);
        map.AddRam(0, 0x9fc00);
        map.AddRam(0x100000, 0x10000000);
        map.AddRam(0x100000000, 0x120000000);
        map.Reserve(0, 0x100000);
        map.Reserve(0x100000, 0x400123);
        map.Reserve(0x8000800, 0x8001000);
        Assert.Equal(
            [(0x401000UL, 0x8000000UL), (0x8001000UL, 0x10000000UL), (0x100000000UL, 0x120000000UL)],
            FreeRanges(map));
        Assert.Equal(0x120000000UL, map.RamEnd);
        Assert.Equal(0x10000000UL, map.LowEnd);
    }

    [Fact]
    public void Overlapping_reservations_and_unordered_RAM_are_fine()
    {
        var map = default(PhysicalMemoryMap);
        map.AddRam(0x200000, 0x300000);
        map.AddRam(0x1000, 0x9000);
        map.Reserve(0x2000, 0x5000);
        map.Reserve(0x1000, 0x4000);
        map.Reserve(0x2ff001, 0x400000);
        Assert.Equal([(0x5000UL, 0x9000UL), (0x200000UL, 0x2ff000UL)], FreeRanges(map));
    }

    [Fact]
    public void Fully_reserved_memory_has_no_free_range()
    {
        var map = default(PhysicalMemoryMap);
        map.AddRam(0x1000, 0x3000);
        map.Reserve(0, 0x10000);
        Assert.Empty(FreeRanges(map));
    }

    private static List<(ulong Start, ulong End)> FreeRanges(in PhysicalMemoryMap map)
    {
        var ranges = new List<(ulong, ulong)>();
        ulong from = 0;
        while (map.NextFree(from, out PhysicalRange range))
        {
            ranges.Add((range.Start, range.End));
            from = range.End;
        }
        return ranges;
    }
}
