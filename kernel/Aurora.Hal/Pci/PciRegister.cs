// Configuration space, common header: PCI Express Base Specification 5.0 §7.5.1.1; type 0 §7.5.1.2; type 1 §7.5.1.3.
namespace Aurora.Hal;

/// <summary>Byte offsets in configuration space.</summary>
public static class PciRegister
{
    public const int VendorId = 0x00;
    public const int DeviceId = 0x02;
    public const int Command = 0x04;
    public const int Status = 0x06;

    /// <summary>Revision in the low byte; class, subclass and programming interface in the upper three.</summary>
    public const int RevisionAndClass = 0x08;
    public const int HeaderType = 0x0e;
    public const int FirstBar = 0x10;

    /// <summary>Type 1: the bus behind the bridge.</summary>
    public const int SecondaryBus = 0x19;
    public const int CapabilityPointer = 0x34;
}

/// <summary>Bits of the command register (§7.5.1.1.3).</summary>
public static class PciCommand
{
    public const ushort IoSpace = 1 << 0;
    public const ushort MemorySpace = 1 << 1;
    public const ushort BusMaster = 1 << 2;
    public const ushort InterruptDisable = 1 << 10;
}

/// <summary>Capability ids (PCI Code and ID Assignment Specification §2).</summary>
public static class PciCapability
{
    public const byte Msi = 0x05;
    public const byte MsiX = 0x11;
}

/// <summary>Class codes: class, subclass, programming interface.</summary>
public static class PciClass
{
    public const uint NvmeController = 0x01_08_02;
}
