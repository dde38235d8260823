using System.Collections.Generic;

namespace Aurora.Hal.Tests;

/// <summary>Configuration spaces of a few functions, with writable bits as hardware has them.</summary>
internal sealed class PciModel : PciConfiguration
{
    internal sealed class Function
    {
        public readonly byte[] Bytes = new byte[256];

        /// <summary>Bits of each base address register that can be written.</summary>
        public readonly uint[] BarMasks = new uint[6];

        /// <summary>True when a base address changed while the function decoded memory: what sizing must not do.</summary>
        public bool WasSizedWhileDecoding;

        public void Put16(int offset, ushort value) => (Bytes[offset], Bytes[offset + 1]) = ((byte)value, (byte)(value >> 8));

        public void Put32(int offset, uint value)
        {
            Put16(offset, (ushort)value);
            Put16(offset + 2, (ushort)(value >> 16));
        }

        public ushort Get16(int offset) => (ushort)(Bytes[offset] | (Bytes[offset + 1] << 8));
        public uint Get32(int offset) => Get16(offset) | ((uint)Get16(offset + 2) << 16);
    }

    private readonly Dictionary<(byte Bus, byte DeviceFunction), Function> _functions = [];

    public int ReadCount { get; private set; }
    public override int Bytes => 256;
    public override byte FirstBus => 0;
    public override byte LastBus => 255;

    public Function Add(int bus, int device, int function, uint classCode, byte headerType = 0)
    {
        var added = new Function();
        added.Put32(PciRegister.VendorId, 0x0010_1b36);
        added.Put32(PciRegister.RevisionAndClass, classCode << 8);
        added.Bytes[PciRegister.HeaderType] = headerType;
        var address = new PciAddress(bus, device, function);
        _functions[(address.Bus, address.DeviceFunction)] = added;
        return added;
    }

    public override byte Read8(PciAddress address, int offset)
    {
        ReadCount++;
        return _functions.TryGetValue((address.Bus, address.DeviceFunction), out Function? function) ? function.Bytes[offset] : (byte)0xff;
    }

    public override ushort Read16(PciAddress address, int offset) => (ushort)(Read8(address, offset) | (Read8(address, offset + 1) << 8));

    public override uint Read32(PciAddress address, int offset) => Read16(address, offset) | ((uint)Read16(address, offset + 2) << 16);

    public override void Write16(PciAddress address, int offset, ushort value)
        => _functions[(address.Bus, address.DeviceFunction)].Put16(offset, value);

    public override void Write32(PciAddress address, int offset, uint value)
    {
        Function function = _functions[(address.Bus, address.DeviceFunction)];
        int bar = (offset - PciRegister.FirstBar) / 4;
        if (bar is >= 0 and < 6 && (function.Bytes[PciRegister.HeaderType] & 0x7f) == 0)
        {
            function.WasSizedWhileDecoding |= (function.Get16(PciRegister.Command) & 3) != 0;
            value = (value & function.BarMasks[bar]) | (function.Get32(offset) & ~function.BarMasks[bar] & 15);
        }
        function.Put32(offset, value);
    }
}
