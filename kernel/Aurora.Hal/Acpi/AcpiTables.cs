// Finding tables: RSDP → XSDT (64-bit entries) or, when there is none, RSDT (32-bit entries) → tables by signature. Every structure is
// bounds- and checksum-verified before any field of it is believed.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Aurora.Hal;

/// <summary>The root table, verified.</summary>
public readonly unsafe struct AcpiTables
{
    /// <summary>No table of a sane machine is larger; a corrupt length must not make us read for ever.</summary>
    private const uint MaxTableBytes = 16 << 20;

    private readonly PhysicalMemory _memory;
    private readonly ulong _root;
    private readonly uint _rootLength;
    private readonly int _entryBytes;

    private AcpiTables(PhysicalMemory memory, ulong root, uint rootLength, int entryBytes)
    {
        _memory = memory;
        _root = root;
        _rootLength = rootLength;
        _entryBytes = entryBytes;
    }

    /// <summary>Verifies the root pointer and the root table. A zero <paramref name="rootPointer"/> means: search (§5.2.5.1).</summary>
    public static AcpiStatus Open(PhysicalMemory memory, ulong rootPointer, out AcpiTables tables)
    {
        tables = default;
        if (rootPointer == 0)
            rootPointer = FindRootPointer(memory);
        if (rootPointer == 0)
            return AcpiStatus.NoRootPointer;
        AcpiStatus status = ReadRootPointer(memory, rootPointer, out ulong root, out uint signature);
        if (status != AcpiStatus.Ok)
            return status;
        status = ViewTable(memory, root, signature, out ReadOnlySpan<byte> bytes);
        if (status == AcpiStatus.Ok)
            tables = new AcpiTables(memory, root, (uint)bytes.Length, signature == AcpiSignature.Xsdt ? 8 : 4);
        return status;
    }

    /// <summary>The whole table with this signature, verified.</summary>
    public AcpiStatus Find(uint signature, out ReadOnlySpan<byte> table)
    {
        table = default;
        if (!_memory.TryView(_root, _rootLength, out ReadOnlySpan<byte> root))
            return AcpiStatus.TableOutsideMemory;
        for (int offset = AcpiTableHeader.Bytes; offset + _entryBytes <= root.Length; offset += _entryBytes)
        {
            ReadOnlySpan<byte> entry = root[offset..];
            ulong address = _entryBytes == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(entry) : BinaryPrimitives.ReadUInt32LittleEndian(entry);
            if (!_memory.TryView(address, 4, out ReadOnlySpan<byte> name))
                return AcpiStatus.TableOutsideMemory;
            if (BinaryPrimitives.ReadUInt32LittleEndian(name) == signature)
                return ViewTable(_memory, address, signature, out table);
        }
        return AcpiStatus.TableMissing;
    }

    /// <summary>A table named by address rather than by the root table (the DSDT), verified.</summary>
    public AcpiStatus View(ulong address, uint signature, out ReadOnlySpan<byte> table) => ViewTable(_memory, address, signature, out table);

    private static AcpiStatus ReadRootPointer(PhysicalMemory memory, ulong address, out ulong root, out uint signature)
    {
        root = 0;
        signature = AcpiSignature.Rsdt;
        if (!memory.TryView(address, AcpiRootPointer.FirstLength, out ReadOnlySpan<byte> first))
            return AcpiStatus.RootPointerOutsideMemory;
        if (BinaryPrimitives.ReadUInt64LittleEndian(first) != AcpiRootPointer.ExpectedSignature)
            return AcpiStatus.BadRootPointerSignature;
        if (!AcpiChecksum.IsValid(first))
            return AcpiStatus.BadRootPointerChecksum;
        root = BinaryPrimitives.ReadUInt32LittleEndian(first[16..]);
        byte revision = first[15];
        return revision < 2 ? AcpiStatus.Ok : ReadExtendedRootPointer(memory, address, ref root, ref signature);
    }

    private static AcpiStatus ReadExtendedRootPointer(PhysicalMemory memory, ulong address, ref ulong root, ref uint signature)
    {
        if (!memory.TryView(address, (ulong)sizeof(AcpiRootPointer), out ReadOnlySpan<byte> bytes))
            return AcpiStatus.RootPointerOutsideMemory;
        var pointer = MemoryMarshal.Read<AcpiRootPointer>(bytes);
        if (pointer.Length < sizeof(AcpiRootPointer) || pointer.Length > 4096)
            return AcpiStatus.BadRootPointerLength;
        if (!memory.TryView(address, pointer.Length, out bytes))
            return AcpiStatus.RootPointerOutsideMemory;
        if (!AcpiChecksum.IsValid(bytes))
            return AcpiStatus.BadRootPointerChecksum;
        if (pointer.XsdtAddress == 0)
            return AcpiStatus.Ok;
        root = pointer.XsdtAddress;
        signature = AcpiSignature.Xsdt;
        return AcpiStatus.Ok;
    }

    private static AcpiStatus ViewTable(PhysicalMemory memory, ulong address, uint signature, out ReadOnlySpan<byte> table)
    {
        table = default;
        if (!memory.TryView(address, AcpiTableHeader.Bytes, out ReadOnlySpan<byte> bytes))
            return AcpiStatus.TableOutsideMemory;
        var header = MemoryMarshal.Read<AcpiTableHeader>(bytes);
        if (header.Signature != signature)
            return AcpiStatus.BadTableSignature;
        if (header.Length < AcpiTableHeader.Bytes || header.Length > MaxTableBytes)
            return AcpiStatus.BadTableLength;
        if (!memory.TryView(address, header.Length, out bytes))
            return AcpiStatus.TableOutsideMemory;
        if (!AcpiChecksum.IsValid(bytes))
            return AcpiStatus.BadTableChecksum;
        table = bytes;
        return AcpiStatus.Ok;
    }

    /// <summary>§5.2.5.1: the first KiB of the extended BIOS data area, then 0xE0000–0xFFFFF, on 16-byte boundaries.</summary>
    private static ulong FindRootPointer(PhysicalMemory memory)
    {
        const ulong BiosDataSegmentPointer = 0x40e;
        if (memory.TryView(BiosDataSegmentPointer, 2, out ReadOnlySpan<byte> segment))
        {
            ulong found = FindRootPointer(memory, (ulong)BinaryPrimitives.ReadUInt16LittleEndian(segment) << 4, 1024);
            if (found != 0)
                return found;
        }
        return FindRootPointer(memory, 0xe0000, 0x20000);
    }

    private static ulong FindRootPointer(PhysicalMemory memory, ulong start, ulong length)
    {
        if (start == 0 || !memory.TryView(start, length, out ReadOnlySpan<byte> area))
            return 0;
        for (int offset = 0; offset + AcpiRootPointer.FirstLength <= area.Length; offset += 16)
        {
            ReadOnlySpan<byte> candidate = area.Slice(offset, AcpiRootPointer.FirstLength);
            if (BinaryPrimitives.ReadUInt64LittleEndian(candidate) == AcpiRootPointer.ExpectedSignature && AcpiChecksum.IsValid(candidate))
                return start + (ulong)offset;
        }
        return 0;
    }
}
