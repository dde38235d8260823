// Enhanced configuration access: PCI Express Base Specification 5.0 §7.2.2. Each function has 4096 bytes at bus × 1 MiB + device × 32 KiB +
// function × 4 KiB in a memory window that the MCFG table names.
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>Configuration space through the memory-mapped window of segment group 0.</summary>
public sealed unsafe class EcamPciConfiguration : PciConfiguration
{
    private readonly byte* _window;

    /// <summary>Maps the window (boot only).</summary>
    public EcamPciConfiguration(in EcamSegment segment)
    {
        FirstBus = segment.FirstBus;
        LastBus = segment.LastBus;
        ulong firstByte = (ulong)segment.FirstBus << 20;
        ulong bytes = (ulong)(segment.LastBus - segment.FirstBus + 1) << 20;
        // The address in the table is that of bus 0, mapped or not.
        _window = DeviceMemory.Map(new PhysicalAddress(segment.BaseAddress + firstByte), bytes) - firstByte;
    }

    public override int Bytes => 4096;
    public override byte FirstBus { get; }
    public override byte LastBus { get; }

    public override byte Read8(PciAddress address, int offset) => Mmio.Read8(At(address, offset));
    public override ushort Read16(PciAddress address, int offset) => Mmio.Read16(At(address, offset));
    public override uint Read32(PciAddress address, int offset) => Mmio.Read32(At(address, offset));
    public override void Write16(PciAddress address, int offset, ushort value) => Mmio.Write16(At(address, offset), value);
    public override void Write32(PciAddress address, int offset, uint value) => Mmio.Write32(At(address, offset), value);

    // SAFETY: the bus is within the window (PciBus asks for no other) and the offset within the function's 4096 bytes.
    private byte* At(PciAddress address, int offset) => _window + address.EcamOffset + ((uint)offset & 0xfff);
}
