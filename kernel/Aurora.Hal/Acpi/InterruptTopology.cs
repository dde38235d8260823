// MADT: which processors and I/O APICs exist and how ISA interrupts are wired to them. ACPI 6.5 §5.2.12. After the header (36 bytes)
// come the local APIC address (4), flags (4) and variable-length entries that begin with a type and a length byte.
using System;
using System.Buffers.Binary;

namespace Aurora.Hal;

/// <summary>One I/O APIC (§5.2.12.3).</summary>
public struct IoApicDescription
{
    public uint Address;
    public uint FirstInterrupt;
    public byte Id;
}

/// <summary>How one ISA interrupt is wired: global interrupt number, polarity and trigger mode.</summary>
public struct InterruptRoute
{
    public uint GlobalInterrupt;
    public bool IsActiveLow;
    public bool IsLevelTriggered;
}

/// <summary>The MADT, parsed and verified.</summary>
public sealed class InterruptTopology
{
    public const int MaxProcessors = 256;
    public const int MaxIoApics = 8;
    private const int IsaInterrupts = 16;
    private const int EntriesOffset = 44;

    private readonly uint[] _processors = new uint[MaxProcessors];
    private readonly IoApicDescription[] _ioApics = new IoApicDescription[MaxIoApics];
    private readonly InterruptRoute[] _isa = new InterruptRoute[IsaInterrupts];
    private int _processorCount;
    private int _ioApicCount;

    private InterruptTopology()
    {
        // Without an override, ISA interrupt n is global interrupt n, edge-triggered and active high (§5.2.12.5).
        for (uint i = 0; i < IsaInterrupts; i++)
            _isa[i].GlobalInterrupt = i;
    }

    public ulong LocalApicAddress { get; private set; }

    /// <summary>The machine also has two 8259 controllers, which must be masked (PCAT_COMPAT).</summary>
    public bool HasLegacyControllers { get; private set; }

    /// <summary>Local APIC ids of the enabled processors.</summary>
    public ReadOnlySpan<uint> Processors => _processors.AsSpan(0, _processorCount);
    public ReadOnlySpan<IoApicDescription> IoApics => _ioApics.AsSpan(0, _ioApicCount);

    public InterruptRoute RouteOfIsa(int interrupt) => _isa[interrupt];

    /// <summary>Parses a checksum-verified MADT.</summary>
    public static AcpiStatus Parse(ReadOnlySpan<byte> madt, out InterruptTopology? topology)
    {
        topology = null;
        if (madt.Length < EntriesOffset)
            return AcpiStatus.BadTableLength;
        var result = new InterruptTopology
        {
            LocalApicAddress = BinaryPrimitives.ReadUInt32LittleEndian(madt[36..]),
            HasLegacyControllers = (madt[40] & 1) != 0,
        };
        ReadOnlySpan<byte> rest = madt[EntriesOffset..];
        while (!rest.IsEmpty)
        {
            if (rest.Length < 2 || rest[1] < 2 || rest[1] > rest.Length)
                return AcpiStatus.BadEntry;
            AcpiStatus status = result.Add(rest[..rest[1]]);
            if (status != AcpiStatus.Ok)
                return status;
            rest = rest[rest[1]..];
        }
        if (result._processorCount == 0 || result._ioApicCount == 0)
            return AcpiStatus.BadEntry;
        topology = result;
        return AcpiStatus.Ok;
    }

    private AcpiStatus Add(ReadOnlySpan<byte> entry) => (entry[0], entry.Length) switch
    {
        (0, >= 8) => AddProcessor(entry[3], BinaryPrimitives.ReadUInt32LittleEndian(entry[4..])),
        (1, >= 12) => AddIoApic(entry),
        (2, >= 10) => AddOverride(entry),
        (5, >= 12) => SetLocalApicAddress(BinaryPrimitives.ReadUInt64LittleEndian(entry[4..])),
        (9, >= 16) => AddProcessor(BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[8..])),
        (0 or 1 or 2 or 5 or 9, _) => AcpiStatus.BadEntry,
        _ => AcpiStatus.Ok, // NMI wiring and types of other architectures.
    };

    /// <summary>§5.2.12.2 and §5.2.12.12; flag bit 0 is "enabled".</summary>
    private AcpiStatus AddProcessor(uint id, uint flags)
    {
        if ((flags & 1) == 0)
            return AcpiStatus.Ok;
        if (_processorCount == MaxProcessors)
            return AcpiStatus.TooManyEntries;
        _processors[_processorCount++] = id;
        return AcpiStatus.Ok;
    }

    private AcpiStatus AddIoApic(ReadOnlySpan<byte> entry)
    {
        if (_ioApicCount == MaxIoApics)
            return AcpiStatus.TooManyEntries;
        _ioApics[_ioApicCount++] = new IoApicDescription
        {
            Id = entry[2],
            Address = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
            FirstInterrupt = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]),
        };
        return AcpiStatus.Ok;
    }

    /// <summary>§5.2.12.5: polarity in flag bits 1:0 (3 = active low), trigger mode in bits 3:2 (3 = level); 0 conforms to the bus.</summary>
    private AcpiStatus AddOverride(ReadOnlySpan<byte> entry)
    {
        byte bus = entry[2], source = entry[3];
        if (bus != 0 || source >= IsaInterrupts)
            return AcpiStatus.BadEntry;
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
        _isa[source] = new InterruptRoute
        {
            GlobalInterrupt = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
            IsActiveLow = (flags & 3) == 3,
            IsLevelTriggered = ((flags >> 2) & 3) == 3,
        };
        return AcpiStatus.Ok;
    }

    private AcpiStatus SetLocalApicAddress(ulong address)
    {
        LocalApicAddress = address;
        return AcpiStatus.Ok;
    }
}
