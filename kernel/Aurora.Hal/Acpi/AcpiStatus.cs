using System;

namespace Aurora.Hal;

/// <summary>Why an ACPI table was refused.</summary>
public enum AcpiStatus : byte
{
    Ok,
    NoRootPointer,
    RootPointerOutsideMemory,
    BadRootPointerSignature,
    BadRootPointerChecksum,
    BadRootPointerLength,
    TableOutsideMemory,
    BadTableSignature,
    BadTableLength,
    BadTableChecksum,
    TableMissing,
    BadEntry,
    TooManyEntries,
    NoSleepState,
}

/// <summary>Names an <see cref="AcpiStatus"/> for the log.</summary>
public static class AcpiStatusName
{
    public static ReadOnlySpan<byte> Of(AcpiStatus status) => status switch
    {
        AcpiStatus.Ok => "ok"u8,
        AcpiStatus.NoRootPointer => "no root pointer"u8,
        AcpiStatus.RootPointerOutsideMemory => "the root pointer is outside memory"u8,
        AcpiStatus.BadRootPointerSignature => "the root pointer has a bad signature"u8,
        AcpiStatus.BadRootPointerChecksum => "the root pointer has a bad checksum"u8,
        AcpiStatus.BadRootPointerLength => "the root pointer has a bad length"u8,
        AcpiStatus.TableOutsideMemory => "a table is outside memory"u8,
        AcpiStatus.BadTableSignature => "a table has a bad signature"u8,
        AcpiStatus.BadTableLength => "a table has a bad length"u8,
        AcpiStatus.BadTableChecksum => "a table has a bad checksum"u8,
        AcpiStatus.TableMissing => "the table is missing"u8,
        AcpiStatus.BadEntry => "a table has a malformed entry"u8,
        AcpiStatus.TooManyEntries => "a table has too many entries"u8,
        AcpiStatus.NoSleepState => "the DSDT has no plain \\_S5 package"u8,
        _ => "unknown"u8,
    };
}
