using Aurora.Core;

namespace Aurora.Hal;

/// <summary>The port space of the machine itself.</summary>
public sealed class MachinePorts : PortSpace
{
    public override byte In8(ushort port) => PortIo.Read8(port);
    public override ushort In16(ushort port) => PortIo.Read16(port);
    public override uint In32(ushort port) => PortIo.Read32(port);
    public override void Out8(ushort port, byte value) => PortIo.Write8(port, value);
    public override void Out16(ushort port, ushort value) => PortIo.Write16(port, value);
    public override void Out32(ushort port, uint value) => PortIo.Write32(port, value);
}
