// MSI: PCI Express Base Specification 5.0 §7.7.1. For devices without MSI-X: one message, kept in configuration space. Message control is at offset 2,
// the address at 4; the data follow at 8, or at 12 when the address has an upper half (control bit 7).
namespace Aurora.Hal;

/// <summary>The single message-signalled interrupt of a device without MSI-X.</summary>
public static class Msi
{
    private const int ControlOffset = 2;
    private const int AddressOffset = 4;
    private const ushort EnableFlag = 1;
    private const ushort MultipleEnableMask = 7 << 4;
    private const ushort Is64BitFlag = 1 << 7;

    /// <summary>Points the device's one message at a vector and enables it; false when the device has no such capability.</summary>
    public static bool TryConnect(PciDevice device, in InterruptMessage message)
    {
        int capability = device.FindCapability(PciCapability.Msi);
        if (capability == 0)
            return false;
        ushort control = device.Read16(capability + ControlOffset);
        int data = capability + AddressOffset + 4;
        device.Write32(capability + AddressOffset, message.Address);
        if ((control & Is64BitFlag) != 0)
        {
            device.Write32(data, 0);
            data += 4;
        }
        device.Write16(data, (ushort)message.Data);
        device.Write16(capability + ControlOffset, (ushort)((control & ~MultipleEnableMask) | EnableFlag));
        return true;
    }
}
