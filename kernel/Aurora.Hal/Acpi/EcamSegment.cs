// MCFG: where the configuration space of each PCI segment group is mapped. PCI Firmware Specification 3.3 §4.1.2: header (36 bytes),
// 8 reserved bytes, then 16-byte entries: base address (8), segment (2), first bus (1), last bus (1), reserved (4).
using System;
using System.Buffers.Binary;

namespace Aurora.Hal;

/// <summary>One memory-mapped configuration window: 1 MiB per bus, starting with bus zero at <see cref="BaseAddress"/>.</summary>
public struct EcamSegment
{
    private const int EntriesOffset = 44;
    private const int EntryBytes = 16;

    public ulong BaseAddress;
    public ushort Segment;
    public byte FirstBus;
    public byte LastBus;

    /// <summary>The window of segment group 0, the only one a PC needs.</summary>
    public static AcpiStatus Parse(ReadOnlySpan<byte> mcfg, out EcamSegment segment)
    {
        segment = default;
        if (mcfg.Length < EntriesOffset || (mcfg.Length - EntriesOffset) % EntryBytes != 0)
            return AcpiStatus.BadTableLength;
        for (ReadOnlySpan<byte> rest = mcfg[EntriesOffset..]; !rest.IsEmpty; rest = rest[EntryBytes..])
        {
            segment.BaseAddress = BinaryPrimitives.ReadUInt64LittleEndian(rest);
            segment.Segment = BinaryPrimitives.ReadUInt16LittleEndian(rest[8..]);
            segment.FirstBus = rest[10];
            segment.LastBus = rest[11];
            if (segment.Segment != 0)
                continue;
            bool isSane = segment.LastBus >= segment.FirstBus && segment.BaseAddress != 0 && (segment.BaseAddress & 0xf_ffff) == 0;
            return isSane ? AcpiStatus.Ok : AcpiStatus.BadEntry;
        }
        return AcpiStatus.TableMissing;
    }
}
