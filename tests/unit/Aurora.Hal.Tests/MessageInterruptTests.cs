using System.Runtime.InteropServices;
using Aurora.Testing;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed unsafe class MessageInterruptTests
{
    private const int Capability = 0x40;

    private readonly PciModel _model = new();
    private readonly PciModel.Function _function;
    private readonly PciDevice _device;

    public MessageInterruptTests()
    {
        HostEnvironment.Install();
        _function = _model.Add(0, 4, 0, PciClass.NvmeController);
        _function.Put16(PciRegister.Status, 0x10);
        _function.Bytes[PciRegister.CapabilityPointer] = Capability;
        _function.Bytes[Capability] = PciCapability.MsiX;
        _device = new PciDevice(_model, new PciAddress(0, 4, 0));
    }

    private void PutTable(ushort entries, uint offsetAndBar)
    {
        _function.Put16(Capability + 2, (ushort)(entries - 1));
        _function.Put32(Capability + 4, offsetAndBar);
        _function.Put32(PciRegister.FirstBar, 0xfebd_0004);
        _function.BarMasks[0] = 0xffff_c000;
        _function.BarMasks[1] = 0xffff_ffff;
    }

    [Fact]
    public void A_table_entry_has_the_layout_of_the_specification()
    {
        Assert.Equal(16, sizeof(MsiXEntry));
        Assert.Equal(4, (int)Marshal.OffsetOf<MsiXEntry>(nameof(MsiXEntry.AddressHigh)));
        Assert.Equal(8, (int)Marshal.OffsetOf<MsiXEntry>(nameof(MsiXEntry.Data)));
        Assert.Equal(12, (int)Marshal.OffsetOf<MsiXEntry>(nameof(MsiXEntry.Control)));
    }

    [Fact]
    public void The_table_is_found_in_its_window()
    {
        PutTable(65, 0x2000);
        Assert.True(MsiX.TryLocate(_device, out int capability, out ulong address, out ulong bytes));
        Assert.Equal(Capability, capability);
        Assert.Equal(0xfebd_2000ul, address);
        Assert.Equal(65ul * 16, bytes);
    }

    [Theory]
    [InlineData(1025, 0x0u)]
    [InlineData(2, 0x3ff0u)]
    [InlineData(1, 0x4000u)]
    [InlineData(1, 0x2u)]
    [InlineData(1, 0x7u)]
    public void A_table_outside_its_window_is_refused(ushort entries, uint offsetAndBar)
    {
        PutTable(entries, offsetAndBar);
        Assert.False(MsiX.TryLocate(_device, out _, out _, out _));
    }

    [Fact]
    public void Entries_start_masked_and_are_connected_one_by_one()
    {
        PutTable(3, 0);
        MsiXEntry* table = stackalloc MsiXEntry[3];
        MsiX msiX = MsiX.Open(_device, Capability, table);
        Assert.Equal(3, msiX.EntryCount);
        msiX.Connect(1, new InterruptMessage(2, 0x51));
        Assert.Equal(MsiXEntry.Masked, table[0].Control);
        Assert.Equal(0xfee0_2000u, table[1].AddressLow);
        Assert.Equal(0x51u, table[1].Data);
        Assert.Equal(0u, table[1].Control);
        msiX.Mask(1);
        Assert.Equal(MsiXEntry.Masked, table[1].Control);
        Assert.Throws<PanicException>(() => msiX.Connect(3, default));
        msiX.Enable();
        Assert.Equal(0x8002, _function.Get16(Capability + 2));
        msiX.Disable();
        Assert.Equal(0x0002, _function.Get16(Capability + 2));
    }

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 12)]
    public void A_plain_message_goes_where_the_address_width_says(bool is64Bit, int dataOffset)
    {
        _function.Bytes[Capability] = PciCapability.Msi;
        _function.Put16(Capability + 2, (ushort)(0x0032 | (is64Bit ? 0x80 : 0)));
        Assert.True(Msi.TryConnect(_device, new InterruptMessage(1, 0x44)));
        Assert.Equal(0xfee0_1000u, _function.Get32(Capability + 4));
        Assert.Equal(0x44, _function.Get16(Capability + dataOffset));
        Assert.Equal(0x0003, _function.Get16(Capability + 2) & 0x7f);
    }

    [Fact]
    public void A_device_without_the_capability_is_told_apart()
        => Assert.False(Msi.TryConnect(_device, new InterruptMessage(1, 0x44)));
}
