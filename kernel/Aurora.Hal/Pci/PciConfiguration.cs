namespace Aurora.Hal;

/// <summary>Access to the configuration space of every function. Offsets are naturally aligned.</summary>
public abstract class PciConfiguration
{
    public const ushort NoVendor = 0xffff;

    /// <summary>The bytes of configuration space a function has: 256 through ports, 4096 through ECAM.</summary>
    public abstract int Bytes { get; }

    /// <summary>The buses that can be addressed.</summary>
    public abstract byte FirstBus { get; }
    public abstract byte LastBus { get; }

    public abstract byte Read8(PciAddress address, int offset);
    public abstract ushort Read16(PciAddress address, int offset);
    public abstract uint Read32(PciAddress address, int offset);
    public abstract void Write16(PciAddress address, int offset, ushort value);
    public abstract void Write32(PciAddress address, int offset, uint value);
}
