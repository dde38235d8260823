using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed class StatusTests
{
    [Theory]
    [InlineData(0x000, BlockStatus.Ok)]
    [InlineData(0x001, BlockStatus.Unsupported)]
    [InlineData(0x002, BlockStatus.DeviceError)]
    [InlineData(0x006, BlockStatus.DeviceError)]
    [InlineData(0x080, BlockStatus.OutOfRange)]
    [InlineData(0x081, BlockStatus.DeviceError)]
    [InlineData(0x182, BlockStatus.DeviceError)]
    [InlineData(0x280, BlockStatus.MediaError)]
    [InlineData(0x281, BlockStatus.MediaError)]
    [InlineData(0x287, BlockStatus.MediaError)]
    [InlineData(0x303, BlockStatus.DeviceError)]
    [InlineData(0x7C1, BlockStatus.DeviceError)]
    public void Statuses_mean_what_the_block_device_says(int number, BlockStatus expected)
    {
        Assert.Equal(expected, new NvmeStatus((ushort)number).ToBlockStatus());
        Assert.Equal(expected, new NvmeStatus((ushort)(number | 0x7800)).ToBlockStatus());
    }

    [Theory]
    [InlineData(0x000, "success")]
    [InlineData(0x004, "data transfer error")]
    [InlineData(0x013, "invalid PRP offset")]
    [InlineData(0x080, "LBA out of range")]
    [InlineData(0x081, "capacity exceeded")]
    [InlineData(0x082, "namespace not ready")]
    [InlineData(0x101, "invalid queue identifier")]
    [InlineData(0x108, "invalid interrupt vector")]
    [InlineData(0x182, "attempted write to read-only range")]
    [InlineData(0x280, "write fault")]
    [InlineData(0x281, "unrecovered read error")]
    [InlineData(0x285, "compare failure")]
    [InlineData(0x303, "asymmetric access transition")]
    [InlineData(0x07F, "unnamed generic status")]
    [InlineData(0x7C1, "vendor specific status")]
    [InlineData(0x5FF, "reserved status type")]
    public void Statuses_have_names(int number, string name)
        => Assert.Equal(name, Encoding.UTF8.GetString(StatusNames.NameOf(new NvmeStatus((ushort)number))));

    [Fact]
    public void No_two_status_codes_share_a_name()
    {
        var seen = new Dictionary<string, int>();
        for (int number = 0; number < 0x800; number++)
        {
            string name = Encoding.UTF8.GetString(StatusNames.NameOf(new NvmeStatus((ushort)number)));
            Assert.NotEmpty(name);
            bool isTable = name.StartsWith("unnamed", StringComparison.Ordinal) || name.EndsWith("status", StringComparison.Ordinal) || name == "reserved status type";
            if (!isTable)
                Assert.True(seen.TryAdd(name, number), $"{name} names {number:x}");
        }
        Assert.True(seen.Count > 100);
    }

    [Fact]
    public void An_error_shows_its_name_and_its_number()
    {
        var writer = new Utf8Writer(stackalloc byte[64]);
        StatusNames.Append(ref writer, new NvmeStatus(StatusCodeType.MediaAndDataIntegrity, 0x80));
        Assert.Equal("write fault (0x280)", Encoding.UTF8.GetString(writer.Written));
    }

    [Fact]
    public void Every_state_and_fault_has_a_name()
    {
        foreach (NvmeState state in Enum.GetValues<NvmeState>())
            Assert.NotEqual("unknown", Encoding.UTF8.GetString(NvmeStateNames.NameOf(state)));
        foreach (NvmeFault fault in Enum.GetValues<NvmeFault>())
            Assert.NotEqual("unknown fault", Encoding.UTF8.GetString(NvmeFaultNames.NameOf(fault)));
    }
}
