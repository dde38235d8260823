using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>A device's register window (a memory BAR), mapped uncached. Offsets beyond it are a broken invariant of the driver.</summary>
public sealed unsafe class DeviceRegisters
{
    private readonly byte* _window;

    private DeviceRegisters(byte* window, ulong lengthBytes)
    {
        _window = window;
        LengthBytes = lengthBytes;
    }

    public ulong LengthBytes { get; }

    /// <summary>Enables the device and maps base address register <paramref name="bar"/>; null when it is not usable memory (boot only).</summary>
    public static DeviceRegisters? Map(PciDevice device, int bar)
    {
        PciBar window = device.ReadBar(bar);
        if (!window.IsUsableMemory)
            return null;
        device.EnableMemoryAndBusMaster();
        return new DeviceRegisters(DeviceMemory.Map(new PhysicalAddress(window.Address), window.Length), window.Length);
    }

    public uint Read32(uint offset) => Mmio.Read32(At(offset, sizeof(uint)));
    public ulong Read64(uint offset) => Mmio.Read64(At(offset, sizeof(ulong)));
    public void Write32(uint offset, uint value) => Mmio.Write32(At(offset, sizeof(uint)), value);
    public void Write64(uint offset, ulong value) => Mmio.Write64(At(offset, sizeof(ulong)), value);

    private byte* At(uint offset, uint width)
    {
        Panic.Unless(offset + (ulong)width <= LengthBytes, "device: register outside the window"u8);
        return _window + offset;
    }
}
