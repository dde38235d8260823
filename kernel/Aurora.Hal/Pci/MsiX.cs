// MSI-X: PCI Express Base Specification 5.0 §7.7.2 (capability) and §6.1.4.3 (operation). The capability names a table in one of the device's memory
// windows with 16 bytes an entry: message address (8), message data (4), vector control (4, bit 0 = masked). An entry is changed only
// while masked. After enabling, the device raises an interrupt by writing an entry's data to its address.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>One entry of an MSI-X table (§7.7.2.5 to 7.7.2.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MsiXEntry
{
    public const uint Masked = 1;

    public uint AddressLow;
    public uint AddressHigh;
    public uint Data;
    public uint Control;
}

/// <summary>The MSI-X interrupts of one device.</summary>
public sealed unsafe class MsiX
{
    private const int ControlOffset = 2;
    private const int TableOffset = 4;
    private const ushort TableSizeMask = 0x7ff;
    private const ushort FunctionMask = 1 << 14;
    private const ushort EnableFlag = 1 << 15;

    private readonly PciDevice _device;
    private readonly int _capability;
    private readonly MsiXEntry* _table;

    private MsiX(PciDevice device, int capability, MsiXEntry* table)
    {
        _device = device;
        _capability = capability;
        _table = table;
        EntryCount = (device.Read16(capability + ControlOffset) & TableSizeMask) + 1;
    }

    public int EntryCount { get; }

    /// <summary>Finds the capability, maps the table and masks every entry; null when the device has no usable one (boot only).</summary>
    public static MsiX? Open(PciDevice device)
    {
        if (!TryLocate(device, out int capability, out ulong address, out ulong bytes))
            return null;
        // Without memory decoding the table does not exist.
        device.EnableMemoryAndBusMaster();
        return Open(device, capability, DeviceMemory.Map(new PhysicalAddress(address), bytes));
    }

    /// <summary>Takes over a table that is mapped already.</summary>
    internal static MsiX Open(PciDevice device, int capability, void* table)
    {
        var result = new MsiX(device, capability, (MsiXEntry*)table);
        for (int i = 0; i < result.EntryCount; i++)
            result.Mask(i);
        return result;
    }

    /// <summary>Where the table is; false when there is no capability or its table does not fit its window.</summary>
    internal static bool TryLocate(PciDevice device, out int capability, out ulong address, out ulong bytes)
    {
        const uint BarIndexMask = 7;
        address = bytes = 0;
        capability = device.FindCapability(PciCapability.MsiX);
        if (capability == 0)
            return false;
        uint table = device.Read32(capability + TableOffset);
        PciBar bar = device.ReadBar((int)(table & BarIndexMask));
        uint offset = table & ~BarIndexMask;
        bytes = (ulong)((device.Read16(capability + ControlOffset) & TableSizeMask) + 1) * (ulong)sizeof(MsiXEntry);
        address = bar.Address + offset;
        return bar.IsUsableMemory && offset <= bar.Length && bytes <= bar.Length - offset;
    }

    /// <summary>Sets what entry <paramref name="index"/> writes, and unmasks it.</summary>
    public void Connect(int index, in InterruptMessage message)
    {
        Panic.Unless((uint)index < (uint)EntryCount, "msi-x: no such entry"u8);
        MsiXEntry* entry = &_table[index];
        Mask(index);
        Mmio.Write32(&entry->AddressLow, message.Address);
        Mmio.Write32(&entry->AddressHigh, 0);
        Mmio.Write32(&entry->Data, message.Data);
        Unmask(index);
    }

    /// <summary>Keeps an entry from raising interrupts; one that becomes due meanwhile is raised when it is unmasked.</summary>
    public void Mask(int index) => Mmio.Write32(&_table[index].Control, Mmio.Read32(&_table[index].Control) | MsiXEntry.Masked);

    public void Unmask(int index) => Mmio.Write32(&_table[index].Control, Mmio.Read32(&_table[index].Control) & ~MsiXEntry.Masked);

    /// <summary>Lets the device send messages instead of asserting its pin.</summary>
    public void Enable()
    {
        ushort control = _device.Read16(_capability + ControlOffset);
        _device.Write16(_capability + ControlOffset, (ushort)((control | EnableFlag) & ~FunctionMask));
    }

    public void Disable()
    {
        ushort control = _device.Read16(_capability + ControlOffset);
        _device.Write16(_capability + ControlOffset, (ushort)(control & ~EnableFlag));
    }
}
