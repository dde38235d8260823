// Configuration mechanism #1 (PCI Local Bus Specification 3.0 §3.2.2.3.2): select a double word through port 0xCF8, transfer through
// 0xCFC. The pair is not atomic; it is used at boot and under the kernel lock only.
namespace Aurora.Hal;

/// <summary>Configuration space through I/O ports, for machines without an MCFG table.</summary>
public sealed class PortPciConfiguration(PortSpace ports) : PciConfiguration
{
    private const ushort AddressPort = 0xcf8;
    private const ushort DataPort = 0xcfc;

    public override int Bytes => 256;
    public override byte FirstBus => 0;
    public override byte LastBus => 255;

    public override byte Read8(PciAddress address, int offset)
    {
        ports.Out32(AddressPort, address.PortSelector(offset));
        return ports.In8((ushort)(DataPort + (offset & 3)));
    }

    public override ushort Read16(PciAddress address, int offset)
    {
        ports.Out32(AddressPort, address.PortSelector(offset));
        return ports.In16((ushort)(DataPort + (offset & 2)));
    }

    public override uint Read32(PciAddress address, int offset)
    {
        ports.Out32(AddressPort, address.PortSelector(offset));
        return ports.In32(DataPort);
    }

    public override void Write16(PciAddress address, int offset, ushort value)
    {
        ports.Out32(AddressPort, address.PortSelector(offset));
        ports.Out16((ushort)(DataPort + (offset & 2)), value);
    }

    public override void Write32(PciAddress address, int offset, uint value)
    {
        ports.Out32(AddressPort, address.PortSelector(offset));
        ports.Out32(DataPort, value);
    }
}
