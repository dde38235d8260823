// Powering off means writing the S5 sleep type into the PM1 control registers (ACPI 6.5 §4.8.3.2.1, §7.4.2), and only the DSDT knows the value:
// it is the package \_S5, in AML (§20.2):
//
//   NameOp 08, optional root prefix 5C, "_S5_", PackageOp 12, PkgLength (1–4 bytes), element count, elements
//
// An AML interpreter is not needed: the name is unique, and its elements are constants: ZeroOp 00, OneOp 01, or BytePrefix 0A + byte.
// Anything else is refused rather than guessed.
using System;

namespace Aurora.Hal;

/// <summary>The sleep types that switch the machine off.</summary>
public struct SleepState
{
    /// <summary>SLP_TYP for PM1a and PM1b, three bits each.</summary>
    public byte TypeA;
    public byte TypeB;

    /// <summary>Finds \_S5 in a checksum-verified DSDT.</summary>
    public static AcpiStatus FindPowerOff(ReadOnlySpan<byte> dsdt, out SleepState state)
    {
        ReadOnlySpan<byte> aml = dsdt.Length > AcpiTableHeader.Bytes ? dsdt[AcpiTableHeader.Bytes..] : default;
        while (true)
        {
            int at = aml.IndexOf("_S5_"u8);
            if (at < 0)
            {
                state = default;
                return AcpiStatus.NoSleepState;
            }
            if (IsNamed(aml[..at]) && TryReadPackage(aml[(at + 4)..], out state))
                return AcpiStatus.Ok;
            aml = aml[(at + 4)..];
        }
    }

    private static bool IsNamed(ReadOnlySpan<byte> before)
    {
        const byte NameOp = 0x08, RootPrefix = 0x5c;
        if (before.EndsWith([RootPrefix]))
            before = before[..^1];
        return before.EndsWith([NameOp]);
    }

    private static bool TryReadPackage(ReadOnlySpan<byte> aml, out SleepState state)
    {
        const byte PackageOp = 0x12;
        state = default;
        if (aml.Length < 2 || aml[0] != PackageOp)
            return false;
        // §20.2.4: the top two bits of the first length byte count the bytes that follow it.
        int lengthBytes = 1 + (aml[1] >> 6);
        if (aml.Length < 1 + lengthBytes + 1)
            return false;
        byte elements = aml[1 + lengthBytes];
        aml = aml[(1 + lengthBytes + 1)..];
        return elements >= 2 && TryReadConstant(ref aml, out state.TypeA) && TryReadConstant(ref aml, out state.TypeB);
    }

    private static bool TryReadConstant(ref ReadOnlySpan<byte> aml, out byte value)
    {
        const byte BytePrefix = 0x0a;
        value = 0;
        if (aml.IsEmpty)
            return false;
        if (aml[0] is 0 or 1)
        {
            value = aml[0];
            aml = aml[1..];
            return true;
        }
        if (aml[0] != BytePrefix || aml.Length < 2 || aml[1] > 7)
            return false;
        value = aml[1];
        aml = aml[2..];
        return true;
    }
}
