using Xunit;

namespace Aurora.Hal.Tests;

public sealed class BootInformationTests
{
    private const ulong Base = 0x9000;
    private const ulong Map = Base + 0x100;
    private const ulong Modules = Base + 0x200;
    private const ulong CommandLine = Base + 0x300;
    private const ulong Module = Base + 0x400;

    private readonly MemoryImage _memory = new(Base, 4096);
    private PvhStartInfo _info = new()
    {
        Magic = PvhStartInfo.ExpectedMagic,
        Version = 1,
        ModuleCount = 1,
        ModuleList = Modules,
        CommandLine = CommandLine,
        RootPointer = 0xf5a40,
        MemoryMap = Map,
        MemoryMapCount = 3,
    };

    public BootInformationTests()
    {
        _memory.Put(Map, new PvhMemoryMapEntry { Address = 0, Length = 0x9fc00, Kind = MemoryKind.Ram });
        _memory.Put(Map + 24, new PvhMemoryMapEntry { Address = 0xf0000, Length = 0x10000, Kind = MemoryKind.Reserved });
        _memory.Put(Map + 48, new PvhMemoryMapEntry { Address = 0x100000, Length = 0xff00000, Kind = MemoryKind.Ram });
        _memory.Put(Modules, new PvhModule { Address = Module, Length = 12 });
        _memory.PutBytes(Module, "arg=/bin/sh\0"u8);
        _memory.PutBytes(CommandLine, "quiet\0"u8);
    }

    private BootStatus Parse(out BootInformation information)
    {
        _memory.Put(Base, _info);
        return BootInformation.Parse(_memory, Base, out information);
    }

    private BootStatus Parse() => Parse(out _);

    [Fact]
    public void Everything_the_loader_gave_is_there()
    {
        Assert.Equal(BootStatus.Ok, Parse(out BootInformation information));
        Assert.Equal(3, information.MemoryMap.Length);
        Assert.Equal(MemoryKind.Reserved, information.MemoryMap[1].Kind);
        Assert.Equal(0x10000000ul, information.EndOfRam);
        Assert.Equal(0xf5a40ul, information.RootPointer);
        Assert.Equal("quiet"u8, information.CommandLine);
        Assert.Equal("arg=/bin/sh\0"u8, information.ConfigurationBytes);
        Assert.Equal(Module, information.ModuleRange.Start);
        Assert.Equal(12ul, information.ModuleRange.Length);
    }

    [Fact]
    public void No_module_and_no_command_line_are_fine()
    {
        _info.ModuleCount = 0;
        _info.CommandLine = 0;
        Assert.Equal(BootStatus.Ok, Parse(out BootInformation information));
        Assert.True(information.CommandLine.IsEmpty);
        Assert.True(information.ConfigurationBytes.IsEmpty);
    }

    [Fact]
    public void A_start_info_of_another_protocol_or_version_is_refused()
    {
        Assert.Equal(BootStatus.StartInfoOutsideMemory, BootInformation.Parse(_memory, Base + 4090, out _));
        _info.Version = 0;
        Assert.Equal(BootStatus.UnsupportedVersion, Parse());
        _info.Magic = 0;
        Assert.Equal(BootStatus.BadMagic, Parse());
    }

    [Fact]
    public void A_bad_memory_map_is_refused()
    {
        _memory.Put(Map, new PvhMemoryMapEntry { Address = ulong.MaxValue, Length = 2, Kind = MemoryKind.Ram });
        Assert.Equal(BootStatus.BadMemoryRange, Parse());
        _info.MemoryMapCount = 65;
        Assert.Equal(BootStatus.MemoryMapTooLong, Parse());
        _info.MemoryMapCount = 3;
        _info.MemoryMap = ulong.MaxValue - 1;
        Assert.Equal(BootStatus.MemoryMapOutsideMemory, Parse());
        _info.MemoryMap = Map + 24;
        _info.MemoryMapCount = 1;
        Assert.Equal(BootStatus.NoMemory, Parse());
    }

    [Theory]
    [InlineData(Base + 4000, 200, BootStatus.ModuleOutsideMemory)]
    [InlineData(ulong.MaxValue, 2, BootStatus.ModuleOutsideMemory)]
    [InlineData(Module, BootInformation.MaxModuleBytes + 1, BootStatus.ModuleTooLarge)]
    [InlineData(Module, 0, BootStatus.Ok)]
    public void The_module_must_lie_in_memory(ulong address, ulong length, BootStatus expected)
    {
        _memory.Put(Modules, new PvhModule { Address = address, Length = length });
        Assert.Equal(expected, Parse());
    }

    [Fact]
    public void A_command_line_must_end_within_memory()
    {
        _info.CommandLine = Base + 4090;
        _memory.At(_info.CommandLine).Fill((byte)'x');
        Assert.Equal(BootStatus.CommandLineOutsideMemory, Parse());
        _memory.At(_info.CommandLine)[5] = 0;
        Assert.Equal(BootStatus.Ok, Parse(out BootInformation information));
        Assert.Equal("xxxxx"u8, information.CommandLine);
    }
}
