// What physical memory there is and what of it is taken, as boot learns it. Ranges are in bytes. RAM is added first, then everything
// that must survive (image, boot modules); the frame allocator gets the rest.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>A range of physical bytes.</summary>
public struct PhysicalRange
{
    public ulong Start;
    public ulong End;

    public readonly ulong Length => End - Start;
}

/// <summary>The RAM and the reservations in it; filled by the boot code, read by the page tables and the frame allocator.</summary>
public struct PhysicalMemoryMap
{
    private const int Capacity = 64;

    [InlineArray(Capacity)]
    private struct Ranges
    {
        private PhysicalRange _first;
    }

    private Ranges _ram;
    private Ranges _reserved;

    public int RamCount { get; private set; }
    public int ReservedCount { get; private set; }

    /// <summary>One past the highest byte below 4 GiB that the direct map must show (RAM and firmware tables).</summary>
    public ulong LowEnd { get; private set; }

    /// <summary>One past the highest byte of RAM.</summary>
    public ulong RamEnd { get; private set; }

    /// <summary>The sum of the ranges.</summary>
    public ulong RamBytes { get; private set; }

    public readonly PhysicalRange Ram(int index) => _ram[index];
    public readonly PhysicalRange Reserved(int index) => _reserved[index];

    /// <summary>Adds usable memory.</summary>
    public void AddRam(ulong start, ulong end)
    {
        Panic.Unless(RamCount < Capacity, "memory map: too many ranges"u8);
        _ram[RamCount++] = new PhysicalRange { Start = start, End = end };
        AddFirmware(end);
        RamBytes += end - start;
        if (end > RamEnd)
            RamEnd = end;
    }

    /// <summary>Makes the direct map reach to <paramref name="end"/> when that is below 4 GiB: firmware tables beside the RAM.</summary>
    public void AddFirmware(ulong end)
    {
        if (end <= KernelPageTables.FourGiB && end > LowEnd)
            LowEnd = end;
    }

    /// <summary>Keeps a range from ever being allocated.</summary>
    public void Reserve(ulong start, ulong end)
    {
        Panic.Unless(ReservedCount < Capacity, "memory map: too many reservations"u8);
        _reserved[ReservedCount++] = new PhysicalRange { Start = start, End = end };
    }

    /// <summary>
    /// The next part of RAM, at or after <paramref name="from"/>, that no reservation touches, in whole pages. False at the end.
    /// </summary>
    public readonly bool NextFree(ulong from, out PhysicalRange range)
    {
        range = default;
        for (;;)
        {
            if (!RamAt(from, out PhysicalRange ram))
                return false;
            ulong start = from > ram.Start ? from : ram.Start;
            start = (start + PageSize.OffsetMask) & ~PageSize.OffsetMask;
            ulong end = ram.End & ~PageSize.OffsetMask;
            if (start >= end)
            {
                from = ram.End;
                continue;
            }
            ulong blockedUntil = FirstConflict(start, ref end);
            if (blockedUntil != 0)
            {
                from = blockedUntil;
                continue;
            }
            range = new PhysicalRange { Start = start, End = end };
            return true;
        }
    }

    /// <summary>The lowest RAM range that ends after <paramref name="from"/>.</summary>
    private readonly bool RamAt(ulong from, out PhysicalRange range)
    {
        range = new PhysicalRange { Start = ulong.MaxValue, End = ulong.MaxValue };
        bool found = false;
        for (int i = 0; i < RamCount; i++)
        {
            PhysicalRange candidate = _ram[i];
            if (candidate.End > from && candidate.Start < range.Start)
            {
                range = candidate;
                found = true;
            }
        }
        return found;
    }

    /// <summary>Where a reservation that covers <paramref name="start"/> ends, or zero; cuts <paramref name="end"/> at the next one.</summary>
    private readonly ulong FirstConflict(ulong start, ref ulong end)
    {
        for (int i = 0; i < ReservedCount; i++)
        {
            PhysicalRange taken = _reserved[i];
            if (taken.End <= start || taken.Start >= end)
                continue;
            if (taken.Start < start + PageSize.Bytes)
                return taken.End;
            end = taken.Start & ~PageSize.OffsetMask;
        }
        return 0;
    }
}
