// The fixed parts of the ACPI tables we read. ACPI Specification 6.5, chapter 5.2; all fields little-endian, nothing aligned.
using System;
using System.Runtime.InteropServices;

namespace Aurora.Hal;

/// <summary>RSDP, §5.2.5.3. Revision 0 ends after <see cref="RsdtAddress"/> (20 bytes).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public unsafe struct AcpiRootPointer
{
    public const int FirstLength = 20;

    /// <summary>"RSD PTR " read as a little-endian number.</summary>
    public const ulong ExpectedSignature = 0x2052_5450_2044_5352;

    public ulong Signature;
    public byte Checksum;
    public fixed byte OemId[6];
    public byte Revision;
    public uint RsdtAddress;
    public uint Length;
    public ulong XsdtAddress;
    public byte ExtendedChecksum;
    public fixed byte Reserved[3];
}

/// <summary>DESCRIPTION_HEADER, §5.2.6.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public unsafe struct AcpiTableHeader
{
    public const int Bytes = 36;

    public uint Signature;

    /// <summary>The whole table in bytes, this header included.</summary>
    public uint Length;
    public byte Revision;
    public byte Checksum;
    public fixed byte OemId[6];
    public ulong OemTableId;
    public uint OemRevision;
    public uint CreatorId;
    public uint CreatorRevision;
}

/// <summary>Generic Address Structure, §5.2.3.2.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct AcpiGenericAddress
{
    public AcpiAddressSpace Space;
    public byte BitWidth;
    public byte BitOffset;
    public byte AccessSize;
    public ulong Address;
}

/// <summary>Address Space ID of a <see cref="AcpiGenericAddress"/>, table 5.1.</summary>
public enum AcpiAddressSpace : byte
{
    SystemMemory = 0,
    SystemIo = 1,
    PciConfiguration = 2,
}

/// <summary>Table signatures as little-endian numbers, table 5.5.</summary>
public static class AcpiSignature
{
    public const uint Rsdt = 0x5444_5352;
    public const uint Xsdt = 0x5444_5358;
    public const uint Madt = 0x4349_5041;
    public const uint Fadt = 0x5043_4146;
    public const uint Mcfg = 0x4746_434d;
    public const uint Dsdt = 0x5444_5344;
}

/// <summary>The one checksum of ACPI: all bytes of a structure add up to zero (§5.2.6).</summary>
public static class AcpiChecksum
{
    public static bool IsValid(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
            sum += value;
        return sum == 0;
    }
}
