using System;
using System.Buffers.Binary;
using System.Linq;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class AcpiTableTests
{
    private static byte[] Table(params byte[][] parts) => [.. new byte[AcpiTableHeader.Bytes], .. parts.SelectMany(p => p)];

    private static byte[] Madt(params byte[][] entries) => Table([[0, 0, 0xe0, 0xfe, 1, 0, 0, 0], .. entries]);

    private static byte[] Processor(byte id, byte flags) => [0, 8, id, id, flags, 0, 0, 0];
    private static readonly byte[] IoApic = [1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0];

    private static byte[] Override(byte source, byte target, byte flags) => [2, 10, 0, source, target, 0, 0, 0, flags, 0];

    [Fact]
    public void A_madt_as_qemu_writes_it()
    {
        byte[] madt = Madt(Processor(0, 1), Processor(1, 1), Processor(2, 0), IoApic, Override(0, 2, 0), Override(9, 9, 0xd), [4, 6, 0xff, 0, 0, 1]);
        Assert.Equal(AcpiStatus.Ok, InterruptTopology.Parse(madt, out InterruptTopology? topology));
        Assert.Equal([0u, 1u], topology!.Processors);
        Assert.Equal(0xfee00000ul, topology.LocalApicAddress);
        Assert.True(topology.HasLegacyControllers);
        Assert.Equal(0xfec00000u, topology.IoApics[0].Address);
        Assert.Equal(2u, topology.RouteOfIsa(0).GlobalInterrupt);
        Assert.Equal(4u, topology.RouteOfIsa(4).GlobalInterrupt);
        Assert.False(topology.RouteOfIsa(4).IsLevelTriggered);
        Assert.True(topology.RouteOfIsa(9).IsLevelTriggered);
        Assert.False(topology.RouteOfIsa(9).IsActiveLow);
    }

    [Fact]
    public void Wide_processor_ids_and_a_moved_local_apic()
    {
        byte[] madt = Madt([9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], IoApic, [5, 12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        Assert.Equal(AcpiStatus.Ok, InterruptTopology.Parse(madt, out InterruptTopology? topology));
        Assert.Equal([256u], topology!.Processors);
        Assert.Equal(0x1_0000_0000ul, topology.LocalApicAddress);
    }

    [Fact]
    public void Malformed_madts_are_refused()
    {
        Assert.Equal(AcpiStatus.BadTableLength, InterruptTopology.Parse(new byte[40], out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(Processor(0, 1)), out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(IoApic), out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(Processor(0, 1), IoApic, [7, 0]), out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(Processor(0, 1), IoApic, [0]), out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(Processor(0, 1), IoApic, [2, 10, 0]), out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(Processor(0, 1), IoApic, [1, 4, 0, 0]), out _));
        Assert.Equal(AcpiStatus.BadEntry, InterruptTopology.Parse(Madt(Processor(0, 1), IoApic, Override(16, 1, 0)), out _));
        byte[][] tooMany = [.. Enumerable.Repeat(Processor(0, 1), 257), IoApic];
        Assert.Equal(AcpiStatus.TooManyEntries, InterruptTopology.Parse(Madt(tooMany), out _));
    }

    [Property]
    public bool Any_madt_body_is_parsed_or_refused(byte[] body)
    {
        AcpiStatus status = InterruptTopology.Parse(Table(body), out InterruptTopology? topology);
        return (status == AcpiStatus.Ok) == (topology != null);
    }

    [Fact]
    public void An_mcfg_names_the_window_of_segment_zero()
    {
        byte[] other = [0, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0, 0, 0, 0];
        byte[] first = [0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0];
        Assert.Equal(AcpiStatus.Ok, EcamSegment.Parse(Table(new byte[8], other, first), out EcamSegment segment));
        Assert.Equal(0xb0000000ul, segment.BaseAddress);
        Assert.Equal(255, segment.LastBus);
        Assert.Equal(AcpiStatus.TableMissing, EcamSegment.Parse(Table(new byte[8], other), out _));
        Assert.Equal(AcpiStatus.BadTableLength, EcamSegment.Parse(Table(new byte[8], first[..15]), out _));
        first[0] = 1;
        Assert.Equal(AcpiStatus.BadEntry, EcamSegment.Parse(Table(new byte[8], first), out _));
    }

    [Fact]
    public void A_fadt_of_the_first_revision_has_no_reset_register()
    {
        byte[] fadt = Fadt(116);
        Assert.Equal(AcpiStatus.Ok, FixedHardware.Parse(fadt, out FixedHardware hardware));
        Assert.Equal(0x7fe0040ul, hardware.DsdtAddress);
        Assert.Equal(0x604, hardware.ControlPortA);
        Assert.Equal(0x608, hardware.TimerPort);
        Assert.Equal(0xb2, hardware.CommandPort);
        Assert.Equal(0x32, hardware.CenturyRegister);
        Assert.False(hardware.HasResetRegister);
        Assert.Equal(AcpiStatus.BadTableLength, FixedHardware.Parse(fadt.AsSpan(0, 115), out _));
        BinaryPrimitives.WriteUInt32LittleEndian(fadt.AsSpan(64), 0x10000);
        Assert.Equal(AcpiStatus.BadEntry, FixedHardware.Parse(fadt, out _));
    }

    [Fact]
    public void A_later_fadt_has_a_reset_register_and_a_wide_dsdt_address()
    {
        byte[] fadt = Fadt(244);
        fadt[113] = 4;
        fadt[116] = (byte)AcpiAddressSpace.SystemIo;
        BinaryPrimitives.WriteUInt64LittleEndian(fadt.AsSpan(120), 0xcf9);
        fadt[128] = 0x0f;
        BinaryPrimitives.WriteUInt64LittleEndian(fadt.AsSpan(140), 0x1_0000_0000);
        Assert.Equal(AcpiStatus.Ok, FixedHardware.Parse(fadt, out FixedHardware hardware));
        Assert.True(hardware.HasResetRegister);
        Assert.Equal(0xcf9ul, hardware.ResetRegister.Address);
        Assert.Equal(0x0f, hardware.ResetValue);
        Assert.Equal(0x1_0000_0000ul, hardware.DsdtAddress);
    }

    private static byte[] Fadt(int length)
    {
        byte[] fadt = new byte[length];
        BinaryPrimitives.WriteUInt32LittleEndian(fadt.AsSpan(40), 0x7fe0040);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt.AsSpan(48), 0xb2);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt.AsSpan(64), 0x604);
        BinaryPrimitives.WriteUInt32LittleEndian(fadt.AsSpan(76), 0x608);
        fadt[91] = 4;
        fadt[108] = 0x32;
        return fadt;
    }

    [Theory]
    [InlineData("\u0008_S5_\u0012\u0006\u0004\0\0\0\0", 0, 0)]
    [InlineData("junk\u0008\\_S5_\u0012\u0007\u0004\u000a\u0005\u000a\u0006\0\0", 5, 6)]
    [InlineData("_S5_\u0012\u0006\u0004\u0008_S5_\u0012\u0006\u0002\u0001\0", 1, 0)]
    public void The_power_off_package_is_read_from_the_dsdt(string aml, byte typeA, byte typeB)
    {
        Assert.Equal(AcpiStatus.Ok, SleepState.FindPowerOff(Dsdt(aml), out SleepState state));
        Assert.Equal(typeA, state.TypeA);
        Assert.Equal(typeB, state.TypeB);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0008_S5_")]
    [InlineData("\u0008_S5_\u0012")]
    [InlineData("\u0008_S5_\u0012\u0006\u0004")]
    [InlineData("\u0008_S5_\u0012\u0006\u0004\u000a")]
    [InlineData("\u0008_S5_\u0012\u0006\u0004\u000a\u0008\0")]
    [InlineData("\u0008_S5_\u0012\u0006\u0001\0\0")]
    [InlineData("\u0010_S5_\u0012\u0006\u0004\0\0\0\0")]
    [InlineData("\u0008_S5_\u0014\u0006\u0004\0\0\0\0")]
    public void Anything_but_a_plain_package_is_refused(string aml)
        => Assert.Equal(AcpiStatus.NoSleepState, SleepState.FindPowerOff(Dsdt(aml), out _));

    private static byte[] Dsdt(string aml) => Table([.. aml.Select(c => (byte)c)]);
}
