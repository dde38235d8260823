using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Which driver serves a character device. Filled at boot: the memory devices by itself, terminals by whoever owns them.</summary>
public sealed class DeviceTable
{
    private const int MaxDevices = 64;

    private readonly ulong[] _numbers = new ulong[MaxDevices];
    private readonly FileOperations[] _drivers = new FileOperations[MaxDevices];
    private int _count;
    private FileOperations? _pseudo;

    internal DeviceTable(RandomSource source, Transfers transfers)
    {
        var random = new RandomDevice(source, new RandomControl(source, transfers));
        Register(DeviceNumber.Null, new NullDevice());
        Register(DeviceNumber.Zero, new ZeroDevice(isFull: false));
        Register(DeviceNumber.Full, new ZeroDevice(isFull: true));
        Register(DeviceNumber.Random, random);
        Register(DeviceNumber.Urandom, random);
    }

    /// <summary>Makes a driver serve a device number; at boot.</summary>
    public void Register(ulong device, FileOperations driver)
    {
        Panic.Unless(_count < MaxDevices && Find(device) is null, "devices: too many, or one number twice"u8);
        _numbers[_count] = device;
        _drivers[_count++] = driver;
    }

    /// <summary>Makes a driver serve all pseudo-terminals; at boot.</summary>
    public void RegisterPseudoTerminals(FileOperations driver)
    {
        Panic.Unless(_pseudo is null, "devices: two drivers of pseudo-terminals"u8);
        _pseudo = driver;
    }

    /// <summary>The driver of a device, or null (ENXIO).</summary>
    public FileOperations? Find(ulong device)
    {
        for (int i = 0; i < _count; i++)
            if (_numbers[i] == device)
                return _drivers[i];
        return DeviceNumber.Major(device) == DeviceNumber.PseudoTerminals ? _pseudo : null;
    }
}
