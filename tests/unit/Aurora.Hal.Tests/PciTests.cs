using Xunit;

namespace Aurora.Hal.Tests;

public sealed class PciTests
{
    private const byte Bridge = 1;
    private const byte MultiFunction = 0x80;

    private readonly PciModel _model = new();

    [Fact]
    public void Addresses_are_encoded_as_both_mechanisms_want_them()
    {
        var address = new PciAddress(2, 31, 5);
        Assert.Equal(0x2fd000ul, address.EcamOffset);
        Assert.Equal(0x8002fd10u, address.PortSelector(0x13));
        Assert.Equal(31, address.Device);
        Assert.Equal(5, address.Function);
    }

    [Fact]
    public void Functions_and_buses_behind_bridges_are_found()
    {
        _model.Add(0, 0, 0, 0x060000);
        _model.Add(0, 31, 0, 0x060100, MultiFunction);
        _model.Add(0, 31, 2, 0x010601);
        _model.Add(0, 3, 0, 0x060400, Bridge).Bytes[PciRegister.SecondaryBus] = 1;
        _model.Add(1, 0, 0, PciClass.NvmeController);
        _model.Add(0, 5, 1, 0x020000);
        var bus = new PciBus(_model);
        Assert.Equal(5, bus.Devices.Length);
        Assert.NotNull(bus.Find(0x010601));
        Assert.Equal(1, bus.Find(PciClass.NvmeController)!.Address.Bus);
        Assert.Null(bus.Find(PciClass.NvmeController, 1));
        Assert.Null(bus.Find(0x020000));
    }

    [Fact]
    public void Bridges_that_form_a_loop_end()
    {
        _model.Add(0, 1, 0, 0x060400, Bridge).Bytes[PciRegister.SecondaryBus] = 1;
        _model.Add(1, 1, 0, 0x060400, Bridge).Bytes[PciRegister.SecondaryBus] = 0;
        _model.Add(1, 2, 0, 0x060400, Bridge).Bytes[PciRegister.SecondaryBus] = 1;
        Assert.Equal(3, new PciBus(_model).Devices.Length);
    }

    [Fact]
    public void A_64_bit_memory_window_is_sized_without_decoding_and_restored()
    {
        PciModel.Function function = _model.Add(0, 4, 0, PciClass.NvmeController);
        function.Put16(PciRegister.Command, 0x103);
        function.Put32(PciRegister.FirstBar, 0xfebd_0004);
        function.Put32(PciRegister.FirstBar + 4, 0x8);
        function.BarMasks[0] = 0xffff_c000;
        function.BarMasks[1] = 0xffff_ffff;
        var device = new PciDevice(_model, new PciAddress(0, 4, 0));
        PciBar bar = device.ReadBar(0);
        Assert.Equal(0x8_febd_0000ul, bar.Address);
        Assert.Equal(0x4000ul, bar.Length);
        Assert.True(bar.Is64Bit);
        Assert.True(bar.IsUsableMemory);
        Assert.False(function.WasSizedWhileDecoding);
        Assert.Equal(0x103, function.Get16(PciRegister.Command));
        Assert.Equal(0xfebd_0004u, function.Get32(PciRegister.FirstBar));
        Assert.Equal(8u, function.Get32(PciRegister.FirstBar + 4));
    }

    [Fact]
    public void Other_kinds_of_base_address_are_told_apart()
    {
        PciBar io = PciBar.Decode(0xc041, 0, 0xffe1, 0);
        Assert.True(io.IsIo);
        Assert.Equal(0xc040ul, io.Address);
        Assert.Equal(0x20ul, io.Length);
        Assert.False(io.IsUsableMemory);
        PciBar narrow = PciBar.Decode(0xfebd4000, 0, 0xfffff000, 0);
        Assert.Equal(0x1000ul, narrow.Length);
        Assert.True(narrow.IsUsableMemory);
        Assert.False(PciBar.Decode(0, 0, 0, 0).IsUsableMemory);
        Assert.False(PciBar.Decode(0, 0, 0xfffff000, 0).IsUsableMemory);
        Assert.False(PciBar.Decode(0x1000, 0, 0xffff0000, 0).IsUsableMemory);
        Assert.Equal(0x2_0000_0000ul, PciBar.Decode(4, 4, 4, 0xffff_fffe).Length);
    }

    [Fact]
    public void Bridges_have_no_base_addresses_for_us()
    {
        _model.Add(0, 1, 0, 0x060400, Bridge).Bytes[PciRegister.SecondaryBus] = 1;
        Assert.Equal(0ul, new PciDevice(_model, new PciAddress(0, 1, 0)).ReadBar(0).Length);
    }

    [Fact]
    public void Capabilities_are_found_and_a_looping_list_ends()
    {
        PciModel.Function function = _model.Add(0, 4, 0, PciClass.NvmeController);
        var device = new PciDevice(_model, new PciAddress(0, 4, 0));
        function.Bytes[PciRegister.CapabilityPointer] = 0x40;
        function.Put16(0x40, 0x8010);
        function.Put16(0x80, 0x6011);
        function.Put16(0x60, 0x4001);
        Assert.Equal(0, device.FindCapability(PciCapability.MsiX));
        function.Put16(PciRegister.Status, 0x10);
        Assert.Equal(0x80, device.FindCapability(PciCapability.MsiX));
        Assert.Equal(0, device.FindCapability(PciCapability.Msi));
        function.Bytes[PciRegister.CapabilityPointer] = 0x10;
        Assert.Equal(0, device.FindCapability(PciCapability.MsiX));
    }

    [Fact]
    public void Enabling_keeps_other_command_bits()
    {
        PciModel.Function function = _model.Add(0, 4, 0, PciClass.NvmeController);
        function.Put16(PciRegister.Command, 0x100);
        new PciDevice(_model, new PciAddress(0, 4, 0)).EnableMemoryAndBusMaster();
        Assert.Equal(0x506, function.Get16(PciRegister.Command));
    }
}
