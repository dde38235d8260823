using Aurora.Core;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class BootMemoryMapTests
{
    [Fact]
    public void Firmware_tables_beside_ram_are_reachable_and_device_windows_are_not()
    {
        var memory = new MemoryImage(0, 8192);
        PvhMemoryMapEntry[] entries =
        [
            new() { Address = 0, Length = 0x9fc00, Kind = MemoryKind.Ram },
            new() { Address = 0x9fc00, Length = 0x400, Kind = MemoryKind.Reserved },
            new() { Address = 0x100000, Length = 0xfee0000, Kind = MemoryKind.Ram },
            new() { Address = 0xffe0000, Length = 0x20000, Kind = MemoryKind.Reserved },
            new() { Address = 0xb0000000, Length = 0x10000000, Kind = MemoryKind.Reserved },
            new() { Address = 0x100000000, Length = 0x40000000, Kind = MemoryKind.Ram },
        ];
        for (int i = 0; i < entries.Length; i++)
            memory.Put(0x100 + (24ul * (ulong)i), entries[i]);
        memory.Put(0x300, new PvhModule { Address = 0x1000, Length = 0x20 });
        memory.Put(0, new PvhStartInfo
        {
            Magic = PvhStartInfo.ExpectedMagic,
            Version = 1,
            ModuleCount = 1,
            ModuleList = 0x300,
            CommandLine = 0x400,
            MemoryMap = 0x100,
            MemoryMapCount = (uint)entries.Length,
        });
        Assert.Equal(BootStatus.Ok, BootInformation.Parse(memory, 0, out BootInformation information));
        var map = default(PhysicalMemoryMap);
        BootMemoryMap.AddTo(ref map, information);
        Assert.Equal(3, map.RamCount);
        Assert.Equal(0x10000000ul, map.LowEnd);
        Assert.Equal(0x140000000ul, map.RamEnd);
        Assert.Equal(2, map.ReservedCount);
        Assert.Equal(0x1000ul, map.Reserved(0).Start);
        Assert.Equal(0x1020ul, map.Reserved(0).End);
        Assert.Equal(0x401ul, map.Reserved(1).End);
    }
}
