using System;

namespace Aurora.Hal;

/// <summary>One PCI function found by <see cref="PciBus"/>: identity, command register, base addresses and capabilities.</summary>
public sealed class PciDevice
{
    public const int BarCount = 6;
    private const ushort HasCapabilities = 1 << 4;

    private readonly PciConfiguration _configuration;

    public PciDevice(PciConfiguration configuration, PciAddress address)
    {
        _configuration = configuration;
        Address = address;
        VendorId = configuration.Read16(address, PciRegister.VendorId);
        DeviceId = configuration.Read16(address, PciRegister.DeviceId);
        ClassCode = configuration.Read32(address, PciRegister.RevisionAndClass) >> 8;
        HeaderType = (byte)(configuration.Read8(address, PciRegister.HeaderType) & 0x7f);
    }

    public PciAddress Address { get; }
    public ushort VendorId { get; }
    public ushort DeviceId { get; }

    /// <summary>Class, subclass and programming interface: see <see cref="PciClass"/>.</summary>
    public uint ClassCode { get; }

    /// <summary>0: an endpoint with six base addresses; 1: a bridge.</summary>
    public byte HeaderType { get; }

    public byte Read8(int offset) => _configuration.Read8(Address, offset);
    public ushort Read16(int offset) => _configuration.Read16(Address, offset);
    public uint Read32(int offset) => _configuration.Read32(Address, offset);
    public void Write16(int offset, ushort value) => _configuration.Write16(Address, offset, value);
    public void Write32(int offset, uint value) => _configuration.Write32(Address, offset, value);

    /// <summary>Lets the device answer memory accesses and start its own; legacy pin interrupts stay off.</summary>
    public void EnableMemoryAndBusMaster()
    {
        ushort command = Read16(PciRegister.Command);
        Write16(PciRegister.Command, (ushort)(command | PciCommand.MemorySpace | PciCommand.BusMaster | PciCommand.InterruptDisable));
    }

    /// <summary>Decodes and sizes base address register <paramref name="index"/>. The device must be idle: decoding is off meanwhile.</summary>
    public PciBar ReadBar(int index)
    {
        if (HeaderType != 0 || (uint)index >= BarCount)
            return default;
        int offset = PciRegister.FirstBar + (index * 4);
        ushort command = Read16(PciRegister.Command);
        Write16(PciRegister.Command, (ushort)(command & ~(PciCommand.IoSpace | PciCommand.MemorySpace)));
        uint low = Read32(offset), lowMask = Probe(offset, low), high = 0, highMask = 0;
        if (PciBar.PairsWithNext(low) && index + 1 < BarCount)
        {
            high = Read32(offset + 4);
            highMask = Probe(offset + 4, high);
        }
        Write16(PciRegister.Command, command);
        return PciBar.Decode(low, high, lowMask, highMask);
    }

    /// <summary>The offset of the first capability with this id, or zero (§7.5.1.1.11). A list that loops ends after as many steps as it has room for.</summary>
    public int FindCapability(byte id)
    {
        const int FirstOffset = 0x40, MaxCapabilities = (256 - FirstOffset) / 4;
        if ((Read16(PciRegister.Status) & HasCapabilities) == 0)
            return 0;
        int offset = Read8(PciRegister.CapabilityPointer) & ~3;
        for (int steps = 0; offset >= FirstOffset && steps < MaxCapabilities; steps++)
        {
            ushort header = Read16(offset);
            if ((byte)header == id)
                return offset;
            offset = (header >> 8) & ~3;
        }
        return 0;
    }

    private uint Probe(int offset, uint value)
    {
        Write32(offset, uint.MaxValue);
        uint mask = Read32(offset);
        Write32(offset, value);
        return mask;
    }
}
