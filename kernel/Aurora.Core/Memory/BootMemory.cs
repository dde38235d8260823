using Aurora.Base;

namespace Aurora.Core;

/// <summary>
/// Memory before the frame allocator exists: whole zeroed pages from one free range of RAM that the boot page tables show. What was taken
/// is reserved for good.
/// </summary>
internal static unsafe class BootMemory
{
    private static ulong s_start;
    private static ulong s_next;
    private static ulong s_end;

    /// <summary>Chooses the largest free range below 4 GiB.</summary>
    public static void Initialize(in PhysicalMemoryMap map)
    {
        ulong from = 0;
        while (map.NextFree(from, out PhysicalRange range))
        {
            from = range.End;
            if (range.End > KernelPageTables.FourGiB)
                range.End = KernelPageTables.FourGiB;
            if (range.Start < range.End && range.Length > s_end - s_start)
            {
                s_start = s_next = range.Start;
                s_end = range.End;
            }
        }
        Panic.Unless(s_end != s_start, "boot memory: no free memory below 4 GiB"u8);
    }

    /// <summary>Zeroed contiguous pages, by their address in the direct map.</summary>
    public static void* Allocate(ulong pages)
    {
        Panic.Unless(pages <= (s_end - s_next) >> PageSize.Shift, "boot memory: too little memory to boot"u8);
        byte* address = DirectMap.AddressOf(new PhysicalAddress(s_next));
        s_next += pages << PageSize.Shift;
        new System.Span<byte>(address, checked((int)(pages << PageSize.Shift))).Clear();
        return address;
    }

    /// <summary>What was handed out so far; the frame allocator keeps away from it. Nothing may be taken after this.</summary>
    public static PhysicalRange Close()
    {
        s_end = s_next;
        return new PhysicalRange { Start = s_start, End = s_next };
    }
}
