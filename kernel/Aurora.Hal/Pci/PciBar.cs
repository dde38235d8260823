// Base address registers: PCI Express Base Specification 5.0 §7.5.1.2.1. Bit 0 distinguishes I/O from memory; memory BARs have their type in bits
// 2:1 (0 = 32-bit, 2 = 64-bit) and "prefetchable" in bit 3. Writing all ones and reading back gives the size: the lowest writable bit.
namespace Aurora.Hal;

/// <summary>One decoded base address register.</summary>
public readonly struct PciBar
{
    public readonly ulong Address;

    /// <summary>The size in bytes; zero when the register is not implemented.</summary>
    public readonly ulong Length;
    public readonly bool IsIo;
    public readonly bool Is64Bit;

    private PciBar(ulong address, ulong length, bool isIo, bool is64Bit)
    {
        Address = address;
        Length = length;
        IsIo = isIo;
        Is64Bit = is64Bit;
    }

    /// <summary>A memory window that firmware has assigned and that can be mapped.</summary>
    public bool IsUsableMemory => !IsIo && Length != 0 && Address != 0 && (Address & (Length - 1)) == 0 && Address <= ulong.MaxValue - Length;

    /// <summary>True when the register pairs with the next one.</summary>
    public static bool PairsWithNext(uint low) => (low & 7) == 4;

    /// <summary>Decodes the register's value and the value read back after writing all ones; the upper halves are zero for 32-bit BARs.</summary>
    public static PciBar Decode(uint low, uint high, uint lowMask, uint highMask)
    {
        if ((low & 1) != 0)
        {
            // The upper 16 bits of an I/O BAR may read as zero.
            uint ioMask = (lowMask | 0xffff_0000) & ~3u;
            return new PciBar(low & ~3u, lowMask == 0 ? 0 : ~ioMask + 1, true, false);
        }
        bool is64Bit = PairsWithNext(low);
        ulong mask = (lowMask & ~15u) | ((ulong)(is64Bit ? highMask : uint.MaxValue) << 32);
        ulong address = (low & ~15u) | ((ulong)(is64Bit ? high : 0) << 32);
        bool isImplemented = (lowMask & ~15u) != 0 || (is64Bit && highMask != 0);
        return new PciBar(address, isImplemented ? ~mask + 1 : 0, false, is64Bit);
    }
}
