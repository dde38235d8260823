namespace Aurora.Hal;

/// <summary>Bus, device and function of a PCI function in segment group 0.</summary>
public readonly struct PciAddress
{
    public readonly byte Bus;

    /// <summary>Device number in bits 7:3, function number in bits 2:0.</summary>
    public readonly byte DeviceFunction;

    public PciAddress(int bus, int device, int function)
    {
        Bus = (byte)bus;
        DeviceFunction = (byte)((device << 3) | function);
    }

    public int Device => DeviceFunction >> 3;
    public int Function => DeviceFunction & 7;

    /// <summary>Offset of the function's configuration space in an ECAM window that begins at bus 0 (PCIe 5.0 §7.2.2).</summary>
    public ulong EcamOffset => ((ulong)Bus << 20) | ((ulong)DeviceFunction << 12);

    /// <summary>The CONFIG_ADDRESS value that selects a double word (PCI 3.0 §3.2.2.3.2): enable bit, bus, device, function, offset.</summary>
    public uint PortSelector(int offset) => 0x8000_0000u | ((uint)Bus << 16) | ((uint)DeviceFunction << 8) | ((uint)offset & 0xfc);
}
