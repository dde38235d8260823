using System.Collections.Generic;

namespace Aurora.Hal.Tests;

/// <summary>Ports that remember what was written and read as told; all others read as ones.</summary>
internal sealed class PortModel : PortSpace
{
    public Dictionary<ushort, uint> Values { get; } = [];

    public List<(ushort Port, int Bits, uint Value)> Writes { get; } = [];

    /// <summary>Bits that a write to the first port sets in the second.</summary>
    public (ushort Written, ushort Target, uint Bits)? Reaction { get; set; }

    public override byte In8(ushort port) => (byte)In32(port);
    public override ushort In16(ushort port) => (ushort)In32(port);
    public override uint In32(ushort port) => Values.GetValueOrDefault(port, uint.MaxValue);
    public override void Out8(ushort port, byte value) => Write(port, 8, value);
    public override void Out16(ushort port, ushort value) => Write(port, 16, value);
    public override void Out32(ushort port, uint value) => Write(port, 32, value);

    private void Write(ushort port, int bits, uint value)
    {
        Writes.Add((port, bits, value));
        if (Reaction is { } reaction && reaction.Written == port)
            Values[reaction.Target] |= reaction.Bits;
    }
}
