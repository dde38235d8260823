// The kernel's page tables: the final ones, built once at boot. Every mapping is either writable or executable, never both; the pages of
// the image's text and constants are read only in the direct map too. User address spaces share the upper 256 top-level entries, so
// those must all exist before the first user table is made: the device and stack windows get their second-level tables here.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>Builds and extends the kernel's half of the address space.</summary>
public static unsafe class KernelPageTables
{
    internal const ulong FourGiB = 1UL << 32;

    private const ulong LargePage = 1UL << 7;
    private const ulong Global = 1UL << 8;
    private const ulong WriteThrough = 1UL << 3;
    private const ulong CacheDisable = 1UL << 4;
    private const ulong TwoMiB = 1UL << 21;
    private const ulong OneGiB = 1UL << 30;

    private const ulong Kernel = PageEntry.Present | PageEntry.Accessed | PageEntry.Dirty | Global;
    private const ulong KernelTable = PageEntry.Present | PageEntry.Writable | PageEntry.Accessed;
    private const ulong ReadWrite = Kernel | PageEntry.Writable | PageEntry.NoExecute;
    private const ulong ReadOnly = Kernel | PageEntry.NoExecute;
    private const ulong Execute = Kernel;
    private const ulong Device = ReadWrite | WriteThrough | CacheDisable;

    private static ulong* s_root;
    private static PageAllocator? s_pages;
    private static ulong s_nextDeviceAddress = KernelLayout.DeviceWindow;

    /// <summary>The frame of the kernel's own top-level table, whose upper half every address space copies.</summary>
    public static FrameNumber Root => DirectMap.PhysicalOf(s_root).Frame;

    /// <summary>Builds the tables and switches to them; the identity map and the boot tables are gone afterwards.</summary>
    internal static void Build(in PhysicalMemoryMap map)
    {
        s_root = (ulong*)BootMemory.Allocate(1);
        DirectMap.LowEnd = RoundUp(map.LowEnd, TwoMiB);
        MapDirect(0, DirectMap.LowEnd);
        if (map.RamEnd > FourGiB)
            MapDirect(FourGiB, RoundUp(map.RamEnd, TwoMiB));
        DirectMap.End = new PhysicalAddress(map.RamEnd > FourGiB ? RoundUp(map.RamEnd, TwoMiB) : DirectMap.LowEnd);
        MapImage();
        NextTable(s_root, SlotOf(KernelLayout.DeviceWindow, 3));
        NextTable(s_root, SlotOf(KernelLayout.StackWindow, 3));
        Cpu.WriteCr3(Root.Address.Value);
    }

    /// <summary>Makes the kernel visible in a new top-level table.</summary>
    public static void CopyKernelHalf(ulong* root)
    {
        for (int slot = KernelLayout.FirstKernelSlot; slot < KernelLayout.SlotCount; slot++)
            root[slot] = s_root[slot];
    }

    /// <summary>From now on tables come from the frame allocator.</summary>
    internal static void UsePages(PageAllocator pages) => s_pages = pages;

    /// <summary>Maps device registers uncached and returns their address. Boot only; never unmapped.</summary>
    internal static void* MapDevice(PhysicalAddress physical, ulong bytes)
    {
        ulong first = physical.Value & ~PageSize.OffsetMask;
        ulong length = RoundUp(physical.Value + bytes, PageSize.Bytes) - first;
        // A large window (the PCI configuration space is 256 MiB) lies as its physical address does, so that large pages can map it.
        ulong address = length < TwoMiB ? s_nextDeviceAddress : RoundUp(s_nextDeviceAddress, TwoMiB) + (first & (TwoMiB - 1));
        Panic.Unless(length <= KernelLayout.DeviceWindowEnd - address, "page tables: device window exhausted"u8);
        // A page stays unmapped after each device, so that an overrun faults.
        s_nextDeviceAddress = address + length + PageSize.Bytes;
        MapRange(address, first, length, Device, false);
        return (void*)(address + (physical.Value & PageSize.OffsetMask));
    }

    /// <summary>Maps one page of a kernel stack.</summary>
    internal static void MapStackPage(ulong address, FrameNumber frame) => MapRange(address, frame.Address.Value, PageSize.Bytes, ReadWrite, false);

    /// <summary>True when a page of the stack window is mapped.</summary>
    internal static bool IsMapped(ulong address)
    {
        ulong* table = s_root;
        for (int level = 3; level >= 0; level--)
        {
            ulong entry = table[SlotOf(address, level)];
            if ((entry & PageEntry.Present) == 0)
                return false;
            table = (ulong*)DirectMap.AddressOf(PageEntry.FrameOf(entry).Address);
        }
        return true;
    }

    private static void MapDirect(ulong start, ulong end)
    {
        PhysicalRange image = KernelImage.PhysicalRange;
        ulong split = RoundUp(image.End, TwoMiB);
        bool gigabytes = CpuFeatures.HasGigabytePages;
        if (start > image.Start)
        {
            MapRange(KernelLayout.DirectMap + start, start, end - start, ReadWrite, gigabytes);
            return;
        }
        ulong readOnlyStart = KernelImage.Current->TextStart - KernelLayout.ImageBase;
        ulong readOnlyEnd = KernelImage.Current->ReadOnlyEnd - KernelLayout.ImageBase;
        MapRange(KernelLayout.DirectMap, 0, readOnlyStart, ReadWrite, false);
        MapRange(KernelLayout.DirectMap + readOnlyStart, readOnlyStart, readOnlyEnd - readOnlyStart, ReadOnly, false);
        MapRange(KernelLayout.DirectMap + readOnlyEnd, readOnlyEnd, split - readOnlyEnd, ReadWrite, false);
        if (split < end)
            MapRange(KernelLayout.DirectMap + split, split, end - split, ReadWrite, gigabytes);
    }

    private static void MapImage()
    {
        KernelImage* image = KernelImage.Current;
        MapImagePart(image->TextStart, image->TextEnd, Execute);
        MapImagePart(image->TextEnd, image->ReadOnlyEnd, ReadOnly);
        MapImagePart(image->ReadOnlyEnd, image->DataEnd, ReadWrite);
        MapImagePart(image->DataEnd, image->ImageEnd, ReadOnly);
    }

    private static void MapImagePart(ulong start, ulong end, ulong rights)
        => MapRange(start, start - KernelLayout.ImageBase, end - start, rights, false);

    /// <summary>Maps a range with the largest pages its alignment allows (2 MiB only when <paramref name="gigabytes"/> is false).</summary>
    private static void MapRange(ulong address, ulong physical, ulong length, ulong rights, bool gigabytes)
    {
        ulong end = address + length;
        while (address != end)
        {
            ulong left = end - address;
            ulong both = address | physical;
            ulong size = PageSize.Bytes;
            ulong* table = NextTable(s_root, SlotOf(address, 3));
            if (gigabytes && (both & (OneGiB - 1)) == 0 && left >= OneGiB)
            {
                size = OneGiB;
                table[SlotOf(address, 2)] = physical | rights | LargePage;
            }
            else if ((both & (TwoMiB - 1)) == 0 && left >= TwoMiB)
            {
                size = TwoMiB;
                NextTable(table, SlotOf(address, 2))[SlotOf(address, 1)] = physical | rights | LargePage;
            }
            else
            {
                NextTable(NextTable(table, SlotOf(address, 2)), SlotOf(address, 1))[SlotOf(address, 0)] = physical | rights;
            }
            address += size;
            physical += size;
        }
    }

    private static int SlotOf(ulong address, int level) => (int)(address >> (PageSize.Shift + (9 * level))) & 511;

    private static ulong* NextTable(ulong* table, int slot)
    {
        ulong entry = table[slot];
        if ((entry & PageEntry.Present) != 0)
        {
            Panic.Unless((entry & LargePage) == 0, "page tables: mapped inside a large page"u8);
            return (ulong*)DirectMap.AddressOf(PageEntry.FrameOf(entry).Address);
        }
        void* page = s_pages == null ? BootMemory.Allocate(1) : s_pages.Allocate(1);
        Panic.Unless(page != null, "page tables: out of memory"u8);
        table[slot] = DirectMap.PhysicalOf(page).Value | KernelTable;
        return (ulong*)page;
    }

    private static ulong RoundUp(ulong value, ulong unit) => (value + unit - 1) & ~(unit - 1);
}
