// I/O APIC: Intel 82093AA datasheet §3. Two windows: the register index at offset 0, its data at 0x10. Redirection entry n is registers
// 0x10 + 2n (low half) and 0x11 + 2n (high half).
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>One I/O APIC: routes interrupt lines to vectors.</summary>
public sealed unsafe class IoApic
{
    private const int SelectOffset = 0x00;
    private const int DataOffset = 0x10;
    private const int WindowBytes = 0x20;
    private const byte VersionRegister = 1;
    private const byte FirstEntryRegister = 0x10;

    private readonly byte* _window;

    /// <summary>Maps the registers and masks every line (boot only).</summary>
    public IoApic(in IoApicDescription description)
    {
        _window = DeviceMemory.Map(new PhysicalAddress(description.Address), WindowBytes);
        FirstInterrupt = description.FirstInterrupt;
        EntryCount = (Read(VersionRegister) >> 16 & 0xff) + 1;
        for (uint i = 0; i < EntryCount; i++)
            WriteEntry(i, IoApicEntry.Masked);
    }

    /// <summary>The global interrupt number of line 0.</summary>
    public uint FirstInterrupt { get; }
    public uint EntryCount { get; }

    public bool Serves(uint globalInterrupt) => globalInterrupt >= FirstInterrupt && globalInterrupt - FirstInterrupt < EntryCount;

    /// <summary>Delivers a line as <paramref name="vector"/> to one processor.</summary>
    public void Route(in InterruptRoute route, byte vector, byte localApicId)
        => WriteEntry(route.GlobalInterrupt - FirstInterrupt, IoApicEntry.Encode(vector, localApicId, route));

    public void Mask(uint globalInterrupt) => WriteEntry(globalInterrupt - FirstInterrupt, IoApicEntry.Masked);

    private void WriteEntry(uint index, ulong entry)
    {
        byte register = (byte)(FirstEntryRegister + (2 * index));
        // Masked while the halves disagree.
        Write(register, (uint)IoApicEntry.Masked);
        Write((byte)(register + 1), (uint)(entry >> 32));
        Write(register, (uint)entry);
    }

    private uint Read(byte register)
    {
        Mmio.Write32(_window + SelectOffset, register);
        return Mmio.Read32(_window + DataOffset);
    }

    private void Write(byte register, uint value)
    {
        Mmio.Write32(_window + SelectOffset, register);
        Mmio.Write32(_window + DataOffset, value);
    }
}
