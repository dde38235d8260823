// FADT: the registers for power-off, reset and the power management timer, and the address of the DSDT. ACPI 6.5 §5.2.9, table 5.9.
// Revision 1 tables end at 116 bytes; fields beyond a table's end count as absent.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Aurora.Hal;

/// <summary>The fields of the FADT that Aurora uses.</summary>
public struct FixedHardware
{
    private const int FirstRevisionBytes = 116;
    private const uint TimerIs32BitFlag = 1 << 8;
    private const uint ResetSupportedFlag = 1 << 10;

    public ulong DsdtAddress;

    /// <summary>Where to write <see cref="AcpiEnableValue"/> to leave legacy mode, or zero when there is no legacy mode.</summary>
    public ushort CommandPort;
    public byte AcpiEnableValue;

    /// <summary>PM1 control registers (§4.8.3.2.1); B is zero on most machines.</summary>
    public ushort ControlPortA;
    public ushort ControlPortB;

    /// <summary>The 3.579545 MHz timer (§4.8.3.3), or zero.</summary>
    public ushort TimerPort;
    public bool TimerIs32Bit;

    /// <summary>The CMOS register that holds the century, or zero.</summary>
    public byte CenturyRegister;

    public bool HasResetRegister;
    public AcpiGenericAddress ResetRegister;
    public byte ResetValue;

    /// <summary>Parses a checksum-verified FADT.</summary>
    public static AcpiStatus Parse(ReadOnlySpan<byte> fadt, out FixedHardware hardware)
    {
        hardware = default;
        if (fadt.Length < FirstRevisionBytes)
            return AcpiStatus.BadTableLength;
        hardware.DsdtAddress = ReadUInt32(fadt, 40);
        hardware.AcpiEnableValue = fadt[52];
        hardware.CenturyRegister = fadt[108];
        uint command = ReadUInt32(fadt, 48), controlA = ReadUInt32(fadt, 64), controlB = ReadUInt32(fadt, 68), timer = ReadUInt32(fadt, 76);
        if ((command | controlA | controlB | timer) > ushort.MaxValue)
            return AcpiStatus.BadEntry;
        hardware.CommandPort = (ushort)command;
        hardware.ControlPortA = (ushort)controlA;
        hardware.ControlPortB = (ushort)controlB;
        hardware.TimerPort = fadt[91] == 4 ? (ushort)timer : (ushort)0;
        uint flags = ReadUInt32(fadt, 112);
        hardware.TimerIs32Bit = (flags & TimerIs32BitFlag) != 0;
        if (fadt.Length >= 129 && (flags & ResetSupportedFlag) != 0)
            hardware.ReadReset(fadt);
        if (fadt.Length >= 148 && BinaryPrimitives.ReadUInt64LittleEndian(fadt[140..]) != 0)
            hardware.DsdtAddress = BinaryPrimitives.ReadUInt64LittleEndian(fadt[140..]);
        return AcpiStatus.Ok;
    }

    /// <summary>§4.8.3.6: an 8-bit register. Only one in port space is used; a reset must not depend on mappings.</summary>
    private void ReadReset(ReadOnlySpan<byte> fadt)
    {
        ResetRegister = MemoryMarshal.Read<AcpiGenericAddress>(fadt[116..]);
        ResetValue = fadt[128];
        bool isPort = ResetRegister.Space == AcpiAddressSpace.SystemIo && ResetRegister.Address <= ushort.MaxValue;
        HasResetRegister = ResetRegister.Address != 0 && isPort;
    }

    private static uint ReadUInt32(ReadOnlySpan<byte> table, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(table[offset..]);
}
