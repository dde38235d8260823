using System;

namespace Aurora.Hal.Tests;

/// <summary>A battery-backed clock whose update flag and fields a test controls.</summary>
internal sealed class CmosModel : PortSpace
{
    private int _selected;

    public byte[] Registers { get; } = new byte[128];

    /// <summary>Called before each read of a register.</summary>
    public Action<int>? OnRead { get; set; }

    public override byte In8(ushort port)
    {
        Xunit.Assert.Equal(0x71, port);
        OnRead?.Invoke(_selected);
        return Registers[_selected];
    }

    public override void Out8(ushort port, byte value)
    {
        if (port == 0x71)
        {
            Registers[_selected] = value;
            return;
        }
        Xunit.Assert.Equal(0x70, port);
        _selected = value;
    }

    public override ushort In16(ushort port) => 0;
    public override uint In32(ushort port) => 0;
    public override void Out16(ushort port, ushort value) => Xunit.Assert.Fail("wrong width");
    public override void Out32(ushort port, uint value) => Xunit.Assert.Fail("wrong width");
}
