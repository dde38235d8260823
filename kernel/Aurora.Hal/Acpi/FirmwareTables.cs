using System;
using Aurora.Base;

namespace Aurora.Hal;

/// <summary>What the HAL needs of the ACPI tables, read once. A table that is bad is named in the log; only the MADT is indispensable.</summary>
public struct FirmwareTables
{
    public InterruptTopology? Topology { readonly get; private set; }

    /// <summary>Meaningful when <see cref="HasEcam"/>.</summary>
    public EcamSegment Ecam { readonly get; private set; }
    public bool HasEcam { readonly get; private set; }

    /// <summary>All zeros when there is no usable FADT.</summary>
    public FixedHardware Fixed { readonly get; private set; }

    /// <summary>Meaningful when <see cref="HasPowerOff"/>.</summary>
    public SleepState PowerOff { readonly get; private set; }
    public bool HasPowerOff { readonly get; private set; }

    /// <summary>Reads the tables; anything but Ok means the machine cannot be used.</summary>
    public static AcpiStatus Read(PhysicalMemory memory, ulong rootPointer, out FirmwareTables firmware)
    {
        firmware = default;
        AcpiStatus status = AcpiTables.Open(memory, rootPointer, out AcpiTables tables);
        if (status != AcpiStatus.Ok)
            return Report("root table"u8, status);
        InterruptTopology? topology = null;
        status = tables.Find(AcpiSignature.Madt, out ReadOnlySpan<byte> madt);
        if (status == AcpiStatus.Ok)
            status = InterruptTopology.Parse(madt, out topology);
        if (status != AcpiStatus.Ok)
            return Report("MADT"u8, status);
        firmware.Topology = topology;
        firmware.ReadEcam(tables);
        firmware.ReadFixed(tables);
        return AcpiStatus.Ok;
    }

    /// <summary>A machine without PCI Express has no MCFG: nothing to report.</summary>
    private void ReadEcam(in AcpiTables tables)
    {
        AcpiStatus status = tables.Find(AcpiSignature.Mcfg, out ReadOnlySpan<byte> mcfg);
        if (status == AcpiStatus.TableMissing)
            return;
        EcamSegment segment = default;
        if (status == AcpiStatus.Ok)
            status = EcamSegment.Parse(mcfg, out segment);
        Ecam = segment;
        HasEcam = status == AcpiStatus.Ok;
        if (!HasEcam)
            Report("MCFG"u8, status);
    }

    private void ReadFixed(in AcpiTables tables)
    {
        FixedHardware hardware = default;
        AcpiStatus status = tables.Find(AcpiSignature.Fadt, out ReadOnlySpan<byte> fadt);
        if (status == AcpiStatus.Ok)
            status = FixedHardware.Parse(fadt, out hardware);
        if (status != AcpiStatus.Ok)
        {
            Report("FADT"u8, status);
            return;
        }
        Fixed = hardware;
        SleepState powerOff = default;
        status = tables.View(hardware.DsdtAddress, AcpiSignature.Dsdt, out ReadOnlySpan<byte> dsdt);
        if (status == AcpiStatus.Ok)
            status = SleepState.FindPowerOff(dsdt, out powerOff);
        PowerOff = powerOff;
        HasPowerOff = status == AcpiStatus.Ok;
        if (!HasPowerOff)
            Report("DSDT"u8, status);
    }

    private static AcpiStatus Report(ReadOnlySpan<byte> table, AcpiStatus status)
    {
        Span<byte> buffer = stackalloc byte[128];
        var line = new Utf8Writer(buffer);
        line.Append("acpi: "u8);
        line.Append(table);
        line.Append(" refused: "u8);
        line.Append(AcpiStatusName.Of(status));
        KernelLog.Line(line.Written);
        return status;
    }
}
