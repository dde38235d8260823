// Finding devices: every function of bus 0, and of each bus behind a bridge, as firmware numbered them. Each bus is visited once, so a
// bridge that names a bus already seen (a loop, or a bridge that was never configured) cannot make the walk run for ever.
using System;

namespace Aurora.Hal;

/// <summary>The PCI functions present at boot.</summary>
public sealed class PciBus
{
    private const int MaxDevices = 128;
    private const int DevicesPerBus = 32;
    private const byte BridgeHeader = 1;
    private const byte MultiFunctionFlag = 0x80;

    private readonly PciConfiguration _configuration;
    private readonly PciDevice[] _devices = new PciDevice[MaxDevices];
    private readonly bool[] _isBusVisited = new bool[256];
    private int _count;

    /// <summary>Walks the buses. Allocates: boot only.</summary>
    public PciBus(PciConfiguration configuration)
    {
        _configuration = configuration;
        ScanBus(configuration.FirstBus);
    }

    public ReadOnlySpan<PciDevice> Devices => _devices.AsSpan(0, _count);

    /// <summary>Functions left out because there were more than the table holds.</summary>
    public int IgnoredCount { get; private set; }

    /// <summary>The <paramref name="index"/>-th device of a class, or null.</summary>
    public PciDevice? Find(uint classCode, int index = 0)
    {
        foreach (PciDevice device in Devices)
        {
            if (device.ClassCode == classCode && index-- == 0)
                return device;
        }
        return null;
    }

    private void ScanBus(int bus)
    {
        if (bus < _configuration.FirstBus || bus > _configuration.LastBus || _isBusVisited[bus])
            return;
        _isBusVisited[bus] = true;
        for (int device = 0; device < DevicesPerBus; device++)
        {
            if (!ScanFunction(new PciAddress(bus, device, 0)))
                continue;
            if ((_configuration.Read8(new PciAddress(bus, device, 0), PciRegister.HeaderType) & MultiFunctionFlag) == 0)
                continue;
            for (int function = 1; function < 8; function++)
                ScanFunction(new PciAddress(bus, device, function));
        }
    }

    private bool ScanFunction(PciAddress address)
    {
        if (_configuration.Read16(address, PciRegister.VendorId) == PciConfiguration.NoVendor)
            return false;
        if (_count == MaxDevices)
        {
            IgnoredCount++;
            return true;
        }
        var device = new PciDevice(_configuration, address);
        _devices[_count++] = device;
        if (device.HeaderType == BridgeHeader)
            ScanBus(device.Read8(PciRegister.SecondaryBus));
        return true;
    }
}
